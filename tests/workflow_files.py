"""The workflows that there are: the files of .github/, and what docs/ci.md shows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from codes import ROOM

TOP = ROOM.parent
PAGE = TOP / "docs" / "ci.md"
OWN = "own"  # this repository's deploy workflow


@cache
def text_of(name: str) -> str:
    """`own`, or a name of the page."""
    if name == OWN:
        return (TOP / ".github" / "workflows" / "deploy.yml").read_text()
    (found,) = re.findall(rf"<!-- workflow:{name} -->\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


@cache
def workflow(name: str) -> Any:
    return yaml.load(text_of(name), yaml.BaseLoader)  # noqa: S506 -- it makes strings alone


def step(name: str, job: str, key: str, value: str) -> dict[str, Any]:
    """The one step of a job that has this value."""
    (found,) = (each for each in workflow(name)["jobs"][job]["steps"] if each.get(key) == value)
    return dict(found)


def commands(value: Any) -> list[str]:
    """All shell lines of a workflow, wherever they stand."""
    match value:
        case dict():
            own = [
                line
                for key in ("run", "commands", "script", "before_script", "after_script")
                for part in ([value[key]] if isinstance(value.get(key), str) else value.get(key, ()))
                for line in part.splitlines()
            ]
            return own + [line for key, each in value.items() if key != "with" for line in commands(each)]
        case list():
            return [line for each in value for line in commands(each)]
        case _:
            return []
