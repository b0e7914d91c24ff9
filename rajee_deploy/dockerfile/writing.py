"""Literal words as Dockerfile text that every parser reads alike. Pure; each function raises UnwritableError for what
no such text says.

The forms are those that buildah's parser and BuildKit's share: JSON arrays, double quotes, and a backslash before
what would mean something else. https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.dockerfile.nodes import Heredoc


class UnwritableError(Exception):
    """What cannot be said in plain words, and why."""


def exec_form(start: Sequence[str], items: Sequence[str], *, words: bool = True) -> str:
    """An instruction with a JSON array; `words` of it are expanded by who reads it, so what they mean is escaped."""
    texts = [_check(re.sub(r"[\\'\"$]", r"\\\g<0>", item) if words else item) for item in items]
    return " ".join([*start, json.dumps(texts, ensure_ascii=False)])


def command(start: Sequence[str], items: Sequence[str], *, json: bool) -> str:
    """A command in the form in which it was written."""
    return exec_form(start, items, words=False) if json else " ".join([*start, *items])


def quote(value: str) -> str:
    """A value in double quotes."""
    if re.search(r"[\r\n\0]", value):
        raise UnwritableError("a value with a line break cannot be written in plain words")
    return '"' + re.sub(r'[\\"$]', r"\\\g<0>", value) + '"'


def key(name: str) -> str:
    """The name of a variable or a label."""
    return name if re.fullmatch(r"[A-Za-z0-9_.-]+", name) else quote(name)


def flag(value: str) -> str:
    """The value of a flag. Some are expanded once more, some are not: it must mean itself to both."""
    if not re.fullmatch(r"[\w.,:=+/@%-]+", value, re.ASCII):
        raise UnwritableError(f"{value!r} cannot be the value of a flag")
    return value


def mount_field(text: str) -> str:
    """One field of a mount, which not every engine reads as CSV."""
    if not re.fullmatch(r"[\w.:=+/@%-]+", text, re.ASCII):
        raise UnwritableError(f"{text!r} cannot be said in a mount")
    return text


def destination(text: str) -> str:
    """Where a copy goes: that it is a directory is said by a slash at its end."""
    if not text:
        raise UnwritableError("the destination expands to nothing")
    return f"{text}/" if text.rpartition("/")[2] in (".", "..") else text


def script(command: str, heredocs: Sequence[Heredoc]) -> str:
    """What BuildKit hands to the shell for a RUN with heredocs."""
    first, *others = heredocs
    if not others and re.fullmatch(r"[0-9]*<<-?\s*['\"]?[^\s'\"<]+['\"]?\s*", command):
        if first.text.startswith("#!"):
            raise UnwritableError("a RUN whose heredoc names its own interpreter is BuildKit's alone")
        return first.text
    return "\n".join([command, *(f"{one.content}{one.name}" for one in heredocs)])


def ports(found: Sequence[str]) -> Iterator[str]:
    """Each port of EXPOSE by itself, as BuildKit notes them: without what stands before a colon."""
    for text in found:
        numbers, _, protocol = text.partition("/")
        first, _, last = numbers.rpartition(":")[2].partition("-")
        yield from (f"{number}/{(protocol or 'tcp').lower()}" for number in range(int(first), int(last or first) + 1))


def _check(text: str) -> str:
    if re.search(r"[\0\ud800-\udfff]", text):
        raise UnwritableError(f"{text!r} is no text")
    return text
