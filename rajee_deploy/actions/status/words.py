"""A status in lines for people, and as a document. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.model.revision import short_commit
from rajee_deploy.plan.input_changes import in_words, unknown_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.actions.status import DeployedImage, DeployedParameter, DeployedStack, RunningService, Status


def lines(status: Status) -> Iterator[str]:
    """A line for each stack, with what is in it below."""
    environment = f", environment {status.environment}" if status.environment else ""
    yield f"account {status.account}, region {status.region}{environment}"
    for stack in status.stacks:
        yield from _stack(stack)


def document(status: Status) -> dict[str, Any]:
    """`rajee-deploy.status/1`. `matches` is null where nobody can tell."""
    return {
        "schema": "rajee-deploy.status/1",
        "account": status.account,
        "region": status.region,
        "environment": status.environment,
        "stacks": {stack.stack: _document(stack) for stack in status.stacks},
    }


def _document(stack: DeployedStack) -> dict[str, Any]:
    if not stack.status:
        return {"present": False, "doubts": list(stack.doubts)}
    revision = {"commit": stack.revision, "dirty": stack.is_dirty, "subject": stack.subject or None}
    return {
        "present": True,
        "status": stack.status,
        "reason": stack.reason,
        "since": stack.since or None,
        "revision": revision if stack.revision else None,
        "images": {
            image.name: {
                "parameter": image.parameter,
                "deployed": image.deployed or None,
                "here": image.here or None,
                "matches": image.matches,
                "doubt": image.doubt or None,
            }
            for image in stack.images
        },
        "parameters": {
            one.name: {"deployed": one.deployed or None, "here": one.here or None, "matches": one.matches}
            for one in stack.parameters
        },
        "infrastructure": {
            "deployed": stack.infrastructure or None,
            "here": stack.infrastructure_here or None,
            "matches": stack.infrastructure_matches,
            "proven": stack.is_proven,
            "changed_inputs": None
            if stack.input_changes is None
            else [{"name": one.what, "change": one.how} for one in stack.input_changes],
        },
        "services": [
            {
                "name": one.name,
                "running": one.running,
                "desired": one.desired,
                "images": list(one.images),
                "stable": one.is_stable,
                "controller": one.controller,
                "drift": one.drift or None,
            }
            for one in stack.services
        ],
        "doubts": list(stack.doubts),
    }


def _stack(stack: DeployedStack) -> Iterator[str]:
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
        yield _row(f"service {service.name}", _service(service))
    for doubt in stack.doubts:
        yield _row("!", doubt)


def _row(name: str, text: str) -> str:
    return f"  {name:<16} {text}"


def _image(image: DeployedImage) -> str:
    match image.matches:
        case True:
            return f"{image.deployed}, as this checkout makes it"
        case False:
            return f"{image.deployed}; this checkout makes {image.here}"
        case None:
            return f"{image.deployed or 'none'}; whether it is this checkout's is not known: {image.doubt}"


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


def _service(service: RunningService) -> str:
    moving = "" if service.is_stable else ", not stable"
    by = "" if service.controller == "ECS" else f", rolled out by {service.controller}"
    images = f": {', '.join(service.images)}" if service.images else ""
    drift = f"; {service.drift}" if service.drift else ""
    return f"{service.running}/{service.desired} running{moving}{by}{images}{drift}"
