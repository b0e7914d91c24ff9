"""Which settings of a resource moved, in words short enough for a line. Pure.

A value is shown where it is short and nothing about it looks like a secret; of environment variables, user data and the
like, never. Items of a list are told apart by their names, so that a list in another order moved nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.rendered_values import is_computed, references, render
from rajee_deploy.text.secret_looks import may_be_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_LONGEST = 40
_NOTHING = object()  # a setting that is not there
_IDENTITIES = ("Name", "Key", "Id", "Sid", "PolicyName", "ContainerPort", "ContainerName", "DeviceName", "SourceVolume")
_VALUES = ("Value", "ValueFrom")  # of an item with a name: the name says enough
_PRIVATE = ("Environment", "EnvironmentVariables", "Variables", "UserData", "GenerateSecretString")
_IMAGES = ("Image", "ImageUri")
_DIGITS = re.compile(r"([0-9a-f]{12})[0-9a-f]{20,}", re.ASCII)
_REFERENCE = re.compile(r"\$\{[^}]*\}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A setting that moved: where it is, and what it was and is. None where it was or is not there; "" where it is not
    shown. `follows`: it refers to this resource, which is made anew."""

    path: str
    before: str | None = ""
    after: str | None = ""
    follows: str = ""

    @property
    def text(self) -> str:
        """In words."""
        if self.follows:
            return f"{self.path} (the new {self.follows})"
        match self.before, self.after:
            case "", "":
                return self.path
            case None, "":
                return f"{self.path} added"
            case "", None:
                return f"{self.path} removed"
            case before, after:
                return f"{self.path} {before or 'none'} → {after or 'none'}"


def same(before: Any, after: Any) -> bool:
    """Whether CloudFormation takes both for the same. It has all scalars as texts, and gives back `?` for each
    character beyond ASCII."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(each, after[key]) for key, each in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    if isinstance(before, dict | list) or isinstance(after, dict | list):
        return False
    return before is after or (_NOTHING not in (before, after) and _scalar(before) == _scalar(after))


def _scalar(value: Any) -> str:
    return _BEYOND_ASCII.sub("?", str(value).lower() if isinstance(value, bool) else str(value))


def property_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[str, str], hide: Callable[[str], str]
) -> tuple[PropertyChange, ...]:
    """What moved between the properties of a resource as it is and as it is to be. `names` are what people call the
    resources, `hide` takes out values that nobody may see."""
    return tuple(_change(path, old, new, names, hide) for path, old, new in _moved((), dict(before), dict(after)))


def _moved(path: tuple[str, ...], before: Any, after: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and not is_computed(before) and not is_computed(after):
        for key in {**before, **after}:
            yield from _moved((*path, key), before.get(key, _NOTHING), after.get(key, _NOTHING))
        return
    if isinstance(before, list) and isinstance(after, list):
        olds, news = _by_name(before), _by_name(after)
        if olds is not None and news is not None:
            for key in {**olds, **news}:
                yield from _moved((*path, key), olds.get(key, _NOTHING), news.get(key, _NOTHING))
            return
        if len(before) == len(after) and all(isinstance(each, dict) for each in (*before, *after)):
            for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
                yield from _moved((*path, str(number)), old, new)
            return
    yield path, before, after


def _by_name(items: Sequence[Any]) -> dict[str, Any] | None:
    """The items by what tells them apart; None where nothing does."""
    for identity in _IDENTITIES:
        names = [each.get(identity) for each in items if isinstance(each, dict)]
        if len(names) == len(items) == len({str(name) for name in names}) and None not in names:
            shown = {render(name, {}): each for name, each in zip(names, items, strict=True)}
            return shown if len(shown) == len(items) else None
    return None


def _change(
    path: tuple[str, ...], before: Any, after: Any, names: Mapping[str, str], hide: Callable[[str], str]
) -> PropertyChange:
    where, both = hide(_words(path)), (before, after)
    hidden = PropertyChange(where, None if before is _NOTHING else "", None if after is _NOTHING else "")
    if any(part in _PRIVATE for part in path) or any(map(_has_parts, both)):
        return hidden
    texts = [None if each is _NOTHING else render(each, names) for each in both]
    shown = _images(texts) if path[-1] in _IMAGES else texts
    if any(each and may_be_secret(path[-1], _REFERENCE.sub("", _short(each))) for each in shown):
        return hidden
    short = [None if each is None else hide(_short(each)) or '""' for each in shown]
    if texts[0] == texts[1]:  # references to what has another logical id now, and the same name
        return PropertyChange(
            where, follows=hide(next((names[each] for each in references(after) if each in names), ""))
        )
    return hidden if any(each and len(each) > _LONGEST for each in short) else PropertyChange(where, short[0], short[1])


def _has_parts(value: Any) -> bool:
    """Whether something inside of it has a name of its own, which may be a secret's."""
    if isinstance(value, list):
        return any(map(_has_parts, value))
    return isinstance(value, dict) and not is_computed(value)


def _short(text: str) -> str:
    return _DIGITS.sub(r"\1", " ".join(text.split()))


def _words(path: tuple[str, ...]) -> str:
    """Where a setting is. Of a task definition by its container."""
    parts = path[:-1] if len(path) > 1 and path[-1] in _VALUES else path
    match parts:
        case "Code", "ImageUri":
            return "image"
        case "ContainerDefinitions", container:
            return container
        case "ContainerDefinitions", container, setting, *rest:
            return " ".join((f"{container}:", setting[:1].lower() + setting[1:], *rest))
        case _:
            return ".".join(parts)


def _images(shown: Sequence[str | None]) -> list[str | None]:
    """References of images without what both have: an image that stays in its repository has another tag."""
    if any(each is None for each in shown):
        return list(shown)
    before, after = (each or "" for each in shown)
    repository = before.rpartition(":")[0]
    if repository and after.startswith(f"{repository}:"):
        return [each.removeprefix(f"{repository}:") for each in (before, after)]
    return [each.rpartition("/")[2] for each in (before, after)]
