"""Looks at build contexts through a stat cache, and which files a look opens."""

from __future__ import annotations

import os
import sys
import time

from rajee_deploy.context import ContextRules, Modes, Roots, look_up
from rajee_deploy.context.stamps import RACY_NS
from rajee_deploy.errors import DeployError
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId

REST_NS = 25_000_000  # longer than a tick of the kernel's clock
TREE = {"a": "A", "d/x": "X", "d/e/y": "Y", "l": ("d/x",), "skip/z": "Z", "run.sh": "#!"}


def ask(path: str = "/", **selector):
    return ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), path, Selector(path, **selector))


def ahead() -> int:
    """A clock that is ahead, so that what rested for some milliseconds is believed, and not after two seconds only."""
    return time.time_ns() + RACY_NS - REST_NS


def digests(root, reads, rules=ContextRules(), modes=Modes.GIT, cache=None, clock=ahead):  # noqa: B008
    """What look_up answers, errors included."""
    with Roots(cache, clock) as roots:
        try:
            return [str(use.digest) for use in look_up(root, reads, rules, modes, roots).uses]
        except DeployError as error:
            return error.code


def rest() -> None:
    """Wait until what was written before is believed under the clock that is ahead."""
    time.sleep(REST_NS / 1e9)


def opened(call):
    """The paths that `call` opens, as Python's audit hooks tell."""
    seen: list[str] = []
    _HOOKS.append(seen)
    try:
        call()
    finally:
        _HOOKS.remove(seen)
    return seen


_HOOKS: list[list[str]] = []


def _audit(event, args):
    if _HOOKS and event in {"open", "os.scandir", "os.listdir"}:
        for seen in _HOOKS:
            seen.append(f"{event}:{os.fsdecode(args[0]) if isinstance(args[0], (str, bytes)) else args[0]}")


sys.addaudithook(_audit)
