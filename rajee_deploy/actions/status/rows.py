"""The rows of `status`: what each holds, how a line says it, and how the document does. Pure; `look` fills them.

A row: of a stack, since when it is so, by which revision, and whether it is what this checkout makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.revision import short_commit
from rajee_deploy.plan.input_changes import in_words, unknown_here

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def _image(image: DeployedImage) -> str:
    doubt = f"; {image.doubt}" if image.doubt and image.matches is not None else ""
    return _of_checkout(image) + doubt + (f"; {image.repository} does not have it any more" if image.is_gone else "")


def _of_checkout(image: DeployedImage) -> str:
    match image.matches:
        case True:
            return f"{image.deployed}, as this checkout makes it"
        case False:
            return f"{image.deployed}; this checkout makes {image.here}"
        case None:
            return f"{image.deployed or 'none'}; whether it is this checkout's is not known: {image.doubt}"


def _image_document(image: DeployedImage) -> dict[str, Any]:
    return {
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


def _parameter(parameter: DeployedParameter) -> str:
    shown = parameter.deployed or "hidden"
    match parameter.matches:
        case True:
            return f"{shown}, as it is set here"
        case False:
            here = f"{parameter.variable} has another value" if parameter.variable else f"here it is {parameter.here}"
            return f"{shown}; {here}"
        case None:
            return f"{shown}; whether {parameter.variable or 'the setting'} has the same value is not known here"


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
    def kind(self) -> str:
        """What it is, in one word."""
        return "function" if self.controller == LAMBDA else "service"


LAMBDA = "LAMBDA"


def _service(service: RunningService) -> str:
    if service.kind == "function":
        return "; ".join(filter(None, (", ".join(service.images), service.drift)))
    moving = "" if service.is_stable else ", not stable"
    by = "" if service.controller == "ECS" else f", rolled out by {service.controller}"
    images = f": {', '.join(service.images)}" if service.images else ""
    drift = f"; {service.drift}" if service.drift else ""
    return f"{service.running}/{service.desired} running{moving}{by}{images}{drift}"


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


def _infrastructure(stack: DeployedStack) -> str:
    match stack.infrastructure_matches:
        case True if stack.is_proven:
            known = "that was deployed from different inputs" if stack.infrastructure else "the stack records no inputs"
            return f"this checkout makes the same as what is deployed, though {known}"
        case True:
            return "its inputs are those of this checkout"
        case False if stack.input_changes:
            return f"changed here since it was deployed: {in_words(stack.input_changes)}"
        case False:
            return f"its inputs changed here since it was deployed; {unknown_here(stack.revision)}"
        case None:
            why = "this checkout's inputs are not known" if stack.infrastructure else "the stack records no inputs"
            return f"whether it changed is not known here ({why}): rajee-deploy plan says"


def _infrastructure_document(stack: DeployedStack) -> dict[str, Any]:
    changes = stack.input_changes
    return {
        "deployed": stack.infrastructure or None,
        "here": stack.infrastructure_here or None,
        "matches": stack.infrastructure_matches,
        "proven": stack.is_proven,
        "changed_inputs": None if changes is None else [{"name": one.what, "change": one.how} for one in changes],
    }


def _stack_lines(stack: DeployedStack) -> Iterator[str]:
    if not stack.status:
        yield f"{stack.stack}: not deployed"
        for doubt in stack.doubts:
            yield _row("!", doubt)
        return
    since = f" since {stack.since.replace('T', ' ').replace('+00:00', ' UTC')}" if stack.since else ""
    reason = f" ({stack.reason})" if stack.reason else ""
    yield f"{stack.stack}: {stack.status}{since}{reason}"
    if stack.revision:
        dirty = ", with changes that were not committed" if stack.is_dirty else ""
        subject = f" {stack.subject}" if stack.subject else ""
        yield _row("revision", f"{short_commit(stack.revision)}{subject}{dirty}")
    else:
        yield _row("revision", "none is recorded")
    for image in stack.images:
        yield _row(f"image {image.name}", _image(image))
    for parameter in stack.parameters:
        yield _row(f"parameter {parameter.name}", _parameter(parameter))
    yield _row("infrastructure", _infrastructure(stack))
    for service in stack.services:
        yield _row(f"{service.kind} {service.name}", _service(service))
    for doubt in stack.doubts:
        yield _row("!", doubt)


def _row(name: str, text: str) -> str:
    return f"  {name:<16} {text}"


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
        "images": {image.name: _image_document(image) for image in stack.images},
        "parameters": {one.name: _parameter_document(one) for one in stack.parameters},
        "infrastructure": _infrastructure_document(stack),
        "services": [_service_document(one) for one in stack.services],
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


def lines(status: Status) -> Iterator[str]:
    """A line for each stack, with what is in it below."""
    environment = f", environment {status.environment}" if status.environment else ""
    yield f"account {status.account}, region {status.region}{environment}"
    for stack in status.stacks:
        yield from _stack_lines(stack)


def document(status: Status) -> dict[str, Any]:
    """`rajee-deploy.status/1`. `matches` is null where nobody can tell."""
    return {
        "schema": "rajee-deploy.status/1",
        "account": status.account,
        "region": status.region,
        "environment": status.environment,
        "stacks": {stack.stack: _stack_document(stack) for stack in status.stacks},
    }
