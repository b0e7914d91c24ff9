"""The rows of `status`: what each holds, and how the document says it. Pure; `look` fills them, `screen` shows them.

A row: of a stack, since when it is so, by which revision, and whether it is what this checkout makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.rollout.image_address import split_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.plan.input_changes import InputChange


# -- images ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeployedImage:
    """An image of a stack: what it records (a tag or a digest; "" for nothing) and in which parameter, the tag that
    this checkout makes, and whether they are the same image; None where `doubt` says why nobody can tell.

    Of one that the app declares itself (`parameter` is "") also what it ran before ("" where none is recorded), the
    digest that the registry has under the tag, and whether the registry lost it (None where nobody looked, or could).
    """

    name: str
    parameter: str
    deployed: str
    here: str
    matches: bool | None
    doubt: str = ""
    repository: str = ""
    former: str = ""
    digest: str = ""
    is_gone: bool | None = None

    def runners(self, services: Iterable[RunningService]) -> list[RunningService]:
        """The services that run it."""
        return [one for one in services if any(self._is(address) for address in one.images)]

    def _is(self, address: str) -> bool:
        repository, tag, digest = split_address(address)
        return (
            repository == split_address(self.repository)[0] and self.deployed in (tag, digest) and bool(self.deployed)
        )


def _image_document(image: DeployedImage, stack: DeployedStack) -> dict[str, Any]:
    tasks = kept_tasks(image, stack)
    return {
        "tasks": {"running": tasks[0], "desired": tasks[1]} if tasks is not None else None,
        "parameter": image.parameter or None,
        "deployed": image.deployed or None,
        "here": image.here or None,
        "matches": image.matches,
        "doubt": image.doubt or None,
        "repository": image.repository or None,
        "former": image.former or None,
        "digest": image.digest or None,
        "gone": image.is_gone,
    }


# -- parameters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeployedParameter:
    """A parameter of the app's own that the settings give a value: both values ("" for one that nobody shows), and
    whether they are the same; None where that is not known here. `variable` is where ours comes from."""

    name: str
    deployed: str
    here: str
    matches: bool | None
    variable: str = ""


def _parameter_document(parameter: DeployedParameter) -> dict[str, Any]:
    return {
        "deployed": parameter.deployed or None,
        "here": parameter.here or None,
        "matches": parameter.matches,
    }


# -- services ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunningService:
    """An ECS service of a stack: tasks that run and are wanted, the images of its task definition, who rolls it out
    (ECS, CODE_DEPLOY or EXTERNAL), and in words what it does that its stack does not say ("" for nothing). A Lambda
    function made of an image is one that LAMBDA rolls out."""

    name: str
    running: int
    desired: int
    images: tuple[str, ...]
    is_stable: bool
    controller: str = "ECS"
    drift: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say of it but how many tasks run."""
        return self.controller == "ECS" and self.is_stable and not self.drift and len(self.images) == 1

    @property
    def kind(self) -> str:
        """What it is, in one word."""
        return "function" if self.controller == LAMBDA else "service"


LAMBDA = "LAMBDA"


def _service_document(service: RunningService) -> dict[str, Any]:
    return {
        "name": service.name,
        "kind": service.kind,
        "running": service.running,
        "desired": service.desired,
        "images": list(service.images),
        "stable": service.is_stable,
        "controller": service.controller,
        "drift": service.drift or None,
    }


# -- stacks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack. `status` is CloudFormation's, "" where there is no such stack; `since` is ISO 8601 in UTC. `revision` is
    the commit ("" where none is recorded) and `subject` its message's first line, where git knows it. `infrastructure`
    is the recorded infra hash, compared with that of this checkout. `doubts` are what could not be asked or believed.
    """

    stack: str
    status: str
    since: str = ""
    reason: str = ""
    revision: str = ""
    is_dirty: bool = False
    subject: str = ""
    images: tuple[DeployedImage, ...] = ()
    infrastructure: str = ""
    infrastructure_here: str = ""
    infrastructure_matches: bool | None = None
    # Whether it is known that this checkout makes what is deployed, though it records other inputs; and what moved
    # since, None where this machine does not know what that record was made of.
    is_proven: bool = False
    input_changes: tuple[InputChange, ...] | None = None
    services: tuple[RunningService, ...] = ()
    doubts: tuple[str, ...] = ()
    parameters: tuple[DeployedParameter, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def matches(self) -> bool | None:
        """Whether all of it is what this checkout makes; None where nobody can tell."""
        every = (
            self.infrastructure_matches,
            *(image.matches for image in self.images),
            *(parameter.matches for parameter in self.parameters),
        )
        return False if False in every else None if None in every else True


def kept_tasks(image: DeployedImage, stack: DeployedStack) -> tuple[int, int] | None:
    """How many tasks run an image, of how many that are wanted; None where no service of ECS is known to run it."""
    running = [one for one in image.runners(stack.services) if one.kind == "service"]
    return (sum(one.running for one in running), sum(one.desired for one in running)) if running else None


def _infrastructure_document(stack: DeployedStack) -> dict[str, Any]:
    changes = stack.input_changes
    return {
        "deployed": stack.infrastructure or None,
        "here": stack.infrastructure_here or None,
        "matches": stack.infrastructure_matches,
        "proven": stack.is_proven,
        "changed_inputs": None if changes is None else [{"name": one.what, "change": one.how} for one in changes],
    }


def _stack_document(stack: DeployedStack) -> dict[str, Any]:
    if not stack.status:
        return {"present": False, "doubts": list(stack.doubts)}
    revision = {"commit": stack.revision, "dirty": stack.is_dirty, "subject": stack.subject or None}
    return {
        "present": True,
        "status": stack.status,
        "reason": stack.reason,
        "since": stack.since or None,
        "revision": revision if stack.revision else None,
        "images": {image.name: _image_document(image, stack) for image in stack.images},
        "parameters": {one.name: _parameter_document(one) for one in stack.parameters},
        "infrastructure": _infrastructure_document(stack),
        "services": [_service_document(one) for one in stack.services],
        "outputs": dict(stack.outputs),
        "doubts": list(stack.doubts),
    }


# -- all of it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Status:
    """All stacks of the settings, and where they were looked for."""

    account: str
    region: str
    environment: str
    stacks: tuple[DeployedStack, ...]


def document(status: Status) -> dict[str, Any]:
    """`rajee-deploy.status/1`. `matches` is null where nobody can tell."""
    return {
        "schema": "rajee-deploy.status/1",
        "account": status.account,
        "region": status.region,
        "environment": status.environment,
        "stacks": {stack.stack: _stack_document(stack) for stack in status.stacks},
    }
