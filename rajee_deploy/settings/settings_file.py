"""One settings file: where it lies, how a mistake in it is told, and the checks that every table goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.settings.keys import is_taken, list_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.settings.keys import Key

_EVERY_KEY = "docs/settings.md shows each key and what it takes"


class SettingsFile:
    """The file that tables were read from. `looks`: whether the paths that are named must be there; those of another
    environment may be made for that one alone."""

    def __init__(self, path: Path, prefix: str, *, looks: bool = True) -> None:
        self.path = path
        self.prefix = prefix
        self.looks = looks

    def fail(self, key: str, problem: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(
            "bad-settings", f"{self.prefix}{key}: {problem}", where=str(self.path), hint=hint or _EVERY_KEY
        )

    def check(self, table: Any, keys: Mapping[str, Key], at: str) -> None:
        """Every key known, every value of its type."""
        if not isinstance(table, dict):
            outer, _, name = at.rstrip(".").rpartition(".")
            hint = f"each of {outer} has a table with a name of yours: [{outer}.NAME], its {name} below"
            raise self.fail(at.rstrip("."), "must be a table", hint if outer else "")
        for key, value in table.items():
            if key not in keys:
                import difflib

                near = difflib.get_close_matches(key, keys, 1) or [name for name in keys if name.startswith(key)]
                known = f"did you mean {near[0]!r}?" if near else "known keys: " + ", ".join(sorted(keys))
                raise self.fail(at + key, "unknown key", known)
            if not is_taken(value, keys[key]):
                raise self.fail(at + key, f"must be {keys[key].takes}")
            problem = list_problem(key, value)
            if problem:
                raise self.fail(at + key, problem)

    def one_of(self, key: str, value: str, known: Sequence[str]) -> str:
        if value not in known:
            raise self.fail(key, f"{value!r} is none of {', '.join(known)}")
        return value

    @property
    def root(self) -> Path:
        return self.path.parent


def overlay(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `table`: tables are merged key by key, everything else is replaced."""
    merged = dict(table)
    for key, value in over.items():
        merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
    return merged


def known_names(names: Any) -> str:
    return "known: " + (", ".join(names) or "none")
