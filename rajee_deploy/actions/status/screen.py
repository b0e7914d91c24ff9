"""`status` as a screen: a row for each stack, and below it what is in it. Pure; `rows` has the values.

A mark says how a thing stands to this checkout: = the same, ~ another, ? nobody can tell; ! is a doubt.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from rajee_deploy.actions.status.rows import kept_tasks
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.model.revision import checkout_text
from rajee_deploy.plan.input_changes import in_words, unknown_here
from rajee_deploy.plan.shown_outputs import shown_outputs
from rajee_deploy.text.moments import day_and_time
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rajee_deploy.actions.status.rows import (
        DeployedImage,
        DeployedParameter,
        DeployedStack,
        RunningService,
        Status,
    )

_MARKS = {True: "=", False: "~", None: "?"}
_NO_MARK = " "  # its text stands where those with one do
_PLAN = "rajee-deploy plan says"
# A physical name as the CDK has CloudFormation make it: the stack's name, the logical id with its hash, a random end.
_PHYSICAL = re.compile(r"(.+?)(?:[0-9A-F]{8})?-[0-9A-Za-z]{12,13}")


def result(status: Status) -> str:
    """In one sentence, how what is deployed stands to this checkout."""
    there = [stack for stack in status.stacks if stack.status]
    absent, differing = len(status.stacks) - len(there), [stack for stack in there if stack.matches is False]
    unknown = [stack for stack in there if stack.matches is None]
    parts = []
    if differing:
        parts.append(f"{_count(len(differing), 'stack')} {'differs' if len(differing) == 1 else 'differ'} from it")
    if absent:
        parts.append(f"{_count(absent, 'stack')} {'is' if absent == 1 else 'are'} not deployed")
    if unknown and not parts:
        return f"Of {_count(len(unknown), 'stack')} it is not known whether this checkout makes the same."
    if unknown:
        parts.append(f"of {_count(len(unknown), 'stack')} that is not known")
    if parts:
        return f"Not all is as this checkout makes it: {', '.join(parts)}."
    return "What is deployed is what this checkout makes." if there else "Nothing is deployed."


def rows(status: Status, now: datetime, *, whole: bool = False) -> list[Row]:
    """All stacks. Digests are short unless all is wanted."""
    cut = str if whole else short
    return [_stack(stack, now, cut, whole=whole) for stack in status.stacks]


def _stack(stack: DeployedStack, now: datetime, cut: Callable[[str], str], *, whole: bool) -> Row:
    doubts = tuple(Detail("!", cut(doubt)) for doubt in stack.doubts)
    if not stack.status:
        return Row(name=stack.stack, text="not deployed", details=doubts)
    details = (
        *(Detail("!", stack.reason) for _ in [0] if stack.reason),
        *(_image(image, stack, cut) for image in stack.images),
        *(_parameter(each, cut) for each in stack.parameters),
        _infrastructure(stack),
        *(each for one in stack.services for each in _service(one, stack, cut, whole=whole)),
        *(Detail(_NO_MARK, name, value) for name, value in shown_outputs(stack.outputs, whole=whole)),
        *doubts,
    )
    since = _since(stack.since, now)
    return Row(
        name=stack.stack, text=f"{stack.status}  {since}{_revision(stack, whole=whole)}".rstrip(), details=details
    )


def _since(moment: str, now: datetime) -> str:
    try:
        return f"{day_and_time(datetime.fromisoformat(moment), now)}, "
    except ValueError:
        return ""


def _revision(stack: DeployedStack, *, whole: bool) -> str:
    if not stack.revision:
        return "no revision is recorded"
    commit = stack.revision if whole else checkout_text("", stack.revision)
    subject = f'"{stack.subject}"' if stack.subject else ""  # else it reads like what is wrong with the stack
    return " ".join(filter(None, (commit, subject, "with uncommitted changes" if stack.is_dirty else "")))


def _image(image: DeployedImage, stack: DeployedStack, cut: Callable[[str], str]) -> Detail:
    tasks = kept_tasks(image, stack)
    on = f" on {tasks[0]} of {_count(tasks[1], 'task')}" if tasks is not None else ""
    gone = f"; {image.repository} does not have it any more" if image.is_gone else ""
    doubt = f"; {image.doubt}" if image.doubt and image.matches is not None else ""
    text = cut(f"{image.deployed or 'none'}{on}{gone}{doubt}")
    match image.matches:
        case None:
            return Detail("?", image.name, f"{text}; this checkout: unknown, {cut(image.doubt)}")
        case True:
            return Detail("=", image.name, text, "this checkout: same")
        case False:
            return Detail("~", image.name, text, f"this checkout: {cut(image.here)}")


def _parameter(parameter: DeployedParameter, cut: Callable[[str], str]) -> Detail:
    shown = cut(parameter.deployed) or "hidden"
    name = f"parameter {parameter.name}"
    match parameter.matches:
        case None:
            why = f"whether {parameter.variable or 'the setting'} has the same value is not known here"
            return Detail("?", name, f"{shown}; {why}")
        case True:
            return Detail("=", name, shown, "this checkout: same")
        case False:
            here = f"another, by {parameter.variable}" if parameter.variable else cut(parameter.here)
            return Detail("~", name, shown, f"this checkout: {here}")


def _infrastructure(stack: DeployedStack) -> Detail:
    mark, name = _MARKS[stack.infrastructure_matches], "infrastructure"
    match stack.infrastructure_matches:
        case True if stack.is_proven:
            known = "deployed from other inputs" if stack.infrastructure else "the stack records no inputs"
            return Detail(mark, name, f"this checkout: same, though {known}")
        case True:
            return Detail(mark, name, "this checkout: same")
        case False:
            changes = in_words(stack.input_changes) if stack.input_changes else unknown_here(stack.revision)
            return Detail(mark, name, f"this checkout: differs ({changes})")
        case None:
            why = "this checkout's inputs are not known" if stack.infrastructure else "the stack records no inputs"
            return Detail(mark, name, f"this checkout: unknown, since {why}; {_PLAN}")


def _service(
    service: RunningService, stack: DeployedStack, cut: Callable[[str], str], *, whole: bool
) -> Iterator[Detail]:
    """What its images' lines do not say already."""
    if not whole and any(service in image.runners(stack.services) for image in stack.images) and service.is_plain:
        return
    name = service.name if whole else _short_name(service.name, stack.stack)
    images = ", ".join(cut(image if whole else image.rpartition("/")[2]) for image in service.images)
    is_function = service.kind == "function"
    parts = (
        "" if is_function else f"{service.running} of {_count(service.desired, 'task')}",
        f"Lambda runs {images}" if is_function and images else images,
        "" if service.is_stable or is_function else "not stable",
        "" if service.controller == "ECS" or is_function else f"rolled out by {service.controller}",
        cut(service.drift),
    )
    yield Detail("!" if service.drift else _NO_MARK, name, "; ".join(filter(None, parts)))


def _short_name(name: str, stack: str) -> str:
    """A service's name without what CloudFormation put around it."""
    found = _PHYSICAL.fullmatch(name.removeprefix(f"{stack}-")) if name.startswith(f"{stack}-") else None
    return found[1] if found else name


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
