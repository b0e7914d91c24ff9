"""The one way from a text that somebody else wrote to a value: JSON and TOML, whole or a ValueError, and nothing else.

Python's parsers raise RecursionError for what is nested deeply, take NaN, Infinity and 1e400 for numbers, make texts
of half characters that cannot be written anywhere, and keep numbers whose digits nobody can count; and the time of
tomllib grows with the square of a name's parts. So nothing else here calls them (a test looks for it), and whoever
walks through what this gives may recurse. It knows no schema. Pure.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DEEP = 100  # arrays and objects in one another
_MOST_DIGITS = 40
_MOST_PARTS = 16  # of a name in TOML
_MOST_TOML = 1 << 20  # characters; its parser is slow
_MOST_VALUES = 3_000_000  # in JSON: each takes up to 200 bytes
# Comments and texts of TOML: a text without an end goes on to where no other could begin, so that the search is linear.
_TEXT = re.compile(
    r"""(?s)\"{3}(?:\\.?|[^\\])*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)"""
    r"""|"(?:\\[^\n]?|[^"\\\n])*+(?:"|(?=\n)|\Z)|'[^'\n]*+(?:'|(?=\n)|\Z)|\#[^\n]*"""
)
_HALF = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_NAME = re.compile(
    rf"(?:^|[\[{{,])[ \t]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_PARTS}}}", re.ASCII | re.MULTILINE
)


class MalformedError(ValueError):
    """The text is not what it has to be."""


def parse_json(
    text: str | bytes, *, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None, errors: str = "strict"
) -> Any:
    """The value of a JSON text (UTF-8 where it is bytes). ValueError for all that is none.

    `pairs` makes the objects, as json's object_pairs_hook. `errors` is how the texts in it will be encoded: "strict",
    "surrogateescape" where they are names of files, or "surrogatepass" where whoever asked takes care of halves of
    characters.
    """
    whole = (text.decode("utf-8") if isinstance(text, bytes) else text).removeprefix("\ufeff")
    if len(whole) > _MOST_VALUES and sum(map(whole.count, ",[{")) > _MOST_VALUES:
        raise MalformedError("it has too many values")
    try:
        value = json.loads(
            whole, object_pairs_hook=pairs, parse_constant=_constant, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise MalformedError("it is nested too deeply") from None
    _check_depth(value, whole)
    if errors != "surrogatepass" and (_HALF.search(whole) or not _is_writable(whole)):
        _check_characters(value, errors)
    return value


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """The table of a TOML text (UTF-8 where it is bytes). ValueError for all that is none."""
    import tomllib

    whole = (text.decode("utf-8") if isinstance(text, bytes) else text).removeprefix("\ufeff")
    if len(whole) > _MOST_TOML:
        raise MalformedError("it is too long")
    if _LONG_NAME.search(_TEXT.sub(lambda text: "" if text[0].startswith("#") else '""', whole)):
        raise MalformedError(f"a name has more than {_MOST_PARTS} parts")
    try:
        value = tomllib.loads(whole)
    except RecursionError:
        raise MalformedError("it is nested too deeply") from None
    _check_depth(value, whole)
    return value


def _constant(name: str) -> Any:
    raise MalformedError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedError(f"the number {text[:20]} is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise MalformedError(f"the number {text[:20]}… is too long")
    return int(text)


def _check_depth(value: Any, text: str) -> None:
    if text.count("[") + text.count("{") + text.count(".") <= MOST_DEEP:
        return
    level = [value]
    for _ in range(MOST_DEEP):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list)))
        level = [one for values in inner for one in values if isinstance(one, (dict, list))]
        if not level:
            return
    raise MalformedError("it is nested too deeply")


def _is_writable(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode() or True)
    except UnicodeEncodeError:
        return False


def _check_characters(value: Any, errors: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8", errors)
    except UnicodeEncodeError:
        raise MalformedError("a text in it is half a character") from None
    except TypeError:  # the values of `pairs` may be anything
        return
