"""What a run tells the program that follows it (`--events FILE`): which events there are, and what each holds.

Documented in docs/json.md, and by report/event.schema.json. It must never decide anything, nor end a run: who
does not listen any more is let go.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy import __version__
from rajee_deploy.console.documents import error_document
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError, Exit
from rajee_deploy.report.events import Events
from rajee_deploy.report.history import outcome_of
from rajee_deploy.system.given_files import STDOUT, descriptor_of, open_given, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.rollout import ResourceEvent, Service
    from rajee_deploy.warned import Warned

_STDOUT = "-"


@dataclass(slots=True)
class Ending:
    """How a run that ended well ended, and its document, as far as it has got."""

    outcome: str = "done"
    document: dict[str, Any] | None = None


def is_stdout(path: str | None) -> bool:
    """Whether events go to where a verb's result would go."""
    return path is not None and (path == _STDOUT or descriptor_of(Path(path)) == STDOUT)


def open_events(path: str | None, *, prints_document: bool) -> Events:
    """The stream that was asked for. ConfigurationErrors `bad-flag`, `bad-events-file`."""
    if path is None:
        return Events()
    if is_stdout(path):
        if prints_document:
            raise ConfigurationError(
                "bad-flag",
                "--events - and --json cannot both have stdout",
                hint="leave --json out: the last event holds the same document; or write the events to a file",
            )
        return Events(_to_stdout)
    try:
        file = open_given(Path(path))
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a name that no file has
        raise ConfigurationError(
            "bad-events-file",
            f"--events {path} cannot be written",
            where=os.path.abspath(path),  # noqa: PTH100 -- as it was written: no link is followed
            cause=getattr(error, "strerror", None) or str(error),
            hint="nothing was deployed; name a file in a directory that you may write to, a pipe that is read, or -",
        ) from error
    return Events(lambda line: write_whole(file, line.encode()))


def _to_stdout(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


@contextmanager
def tell_of(events: Events, verb: str, environment: str | None) -> Iterator[Ending]:
    """The first event of a run and its last, whichever way it ends."""
    events.tell("run-began", verb=verb, version=__version__, environment=environment)
    ending = Ending()
    try:
        yield ending
    except BaseException as error:  # whatever it is: the run was one
        outcome, *_ = outcome_of(error)
        events.tell("error", error=_error(error))
        events.tell("run-ended", outcome=outcome, exit_code=_code(error), document=None)
        raise
    events.tell("run-ended", outcome=ending.outcome, exit_code=int(Exit.OK), document=ending.document)


def _error(error: BaseException) -> dict[str, Any]:
    match error:
        case DeployError():
            return error_document(error)
        case KeyboardInterrupt():
            return _plain_error("interrupted", "interrupted")
        case OSError() | MemoryError():
            return _plain_error("machine", "the operating system refused")
        case _:  # its words may hold anything
            return _plain_error("bug", f"a bug in rajee-deploy ({type(error).__name__})")


def _plain_error(code: str, problem: str) -> dict[str, Any]:
    return {"schema": "rajee-deploy.error/1", "code": code, "problem": problem, "where": "", "cause": "", "hint": ""}


def _code(error: BaseException) -> int:
    match error:
        case DeployError(exit_code=code):
            return int(code)
        case KeyboardInterrupt():
            return int(Exit.INTERRUPTED)
        case OSError() | MemoryError():
            return int(Exit.FAILED)
        case _:
            return int(Exit.BUG)


def warn_of_loss(run: CurrentRun, events: Events, path: str | None) -> None:
    """Say that not all that happened was written, where the reader is not the cause."""
    if events.problem:
        run.console.warn("", f"--events {path} could not be written to its end: {events.problem}", "events-lost")


def follow(run: CurrentRun, events: Events) -> None:
    """From now on this run's phases and warnings are told."""
    run.events = events
    if not events.is_asked_for:
        return
    run.timings.on_begin = lambda name: events.tell("phase-began", phase=name)
    run.timings.on_end = lambda name, seconds: events.tell("phase-ended", phase=name, took=round(seconds, 3))
    run.console.on_warning = partial(_tell_warning, events)


def _tell_warning(events: Events, warning: Warned) -> None:
    events.tell("warning", subject=warning.subject, code=warning.code, message=warning.message)


def tell_resource(run: CurrentRun, stack: str, event: ResourceEvent) -> None:
    """What CloudFormation says of a resource, as it says it."""
    run.events.tell(
        "resource",
        stack=stack,
        resource=event.resource,
        type=event.type,
        status=event.status,
        reason=event.reason,
    )


def tell_service(run: CurrentRun, stack: str, service: Service) -> None:
    """How a service stands."""
    targets = service.targets
    run.events.tell(
        "service",
        stack=stack,
        service=service.name,
        deployments=[
            {
                "status": one.status,
                "state": one.state,
                "desired": one.desired,
                "running": one.running,
                "pending": one.pending,
                "failed": one.failed,
            }
            for one in service.deployments
        ],
        targets=None
        if targets is None
        else {
            "healthy": targets.healthy,
            "starting": targets.starting,
            "unhealthy": targets.unhealthy,
            "draining": targets.draining,
        },
    )
