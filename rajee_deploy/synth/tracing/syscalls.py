"""The log of strace, read: one `Call` per finished system call, in the order in which they began.

A line is `<pid> <name>(<arguments>) = <result>`; a call that another process interrupted is in two lines, `<unfinished
...>` and `<... name resumed>`. With -y a descriptor is followed by its path in angle brackets. It knows the notation
alone, and no meaning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)", re.DOTALL)
# A thread that becomes a program goes on under the number of its process.
_UNFINISHED = re.compile(r"(.*) <(?:unfinished|pid changed to (\d+)) \.\.\.>", re.DOTALL)
_END = re.compile(r"\) += ")
_RESULT = re.compile(r" += (0x[0-9a-f]+|-?\d+|\?)(?:<((?:[^<>\\]|\\.)*)>)?(?: ([A-Z]+) \()?")
# What may hold a parenthesis that is none of the call's own.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<(?:[^<>\\]|\\.)*>|/\*.*?\*/|[()]', re.DOTALL)
# A string with the directory that it is meant from; or a descriptor alone, whose path may hold quotes.
_STRING = re.compile(
    r'(?:(?:AT_FDCWD|-?\d+)<((?:[^<>\\]|\\.)*)>(?:\(deleted\))?, )?"((?:[^"\\]|\\.)*)"|<(?:[^<>\\]|\\.)*>', re.DOTALL
)
_DESCRIPTOR = re.compile(r"(?:AT_FDCWD|-?\d+)<((?:[^<>\\]|\\.)*)>")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Call:
    """A system call: `result` is its number (-1 on failure, then `error` is its name), `given` what the returned
    descriptor is, "" where that is not told."""

    process: int
    name: str
    arguments: str
    result: int
    error: str = ""
    given: str = ""

    @property
    def strings(self) -> list[str]:
        """The strings among the arguments, in order."""
        return [text for _, text in self.paths]

    @property
    def paths(self) -> list[tuple[str | None, str]]:
        """The same, each with the path of the descriptor that stands before it, from which a relative path is meant."""
        found = [each.groups() for each in _STRING.finditer(self.arguments)]
        return [(unescape(at) if at is not None else None, unescape(text)) for at, text in found if text is not None]

    @property
    def descriptor(self) -> str | None:
        """The path of the first descriptor among the arguments, before the first string."""
        found = _DESCRIPTOR.match(self.arguments)
        return unescape(found[1]) if found else None

    @property
    def is_done(self) -> bool:
        return self.result >= 0


class BrokenLogError(ValueError):
    """A line that has no known form: the log proves nothing then."""


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """The calls of a log. BrokenLogError for a line that is not understood. Calls that never returned are left out."""
    begun: dict[int, tuple[int, str]] = {}
    slots: list[Call | None] = []
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            if re.match(r"\d+ +(\+\+\+|---|\?\?\?\?|<\.\.\.)", line):
                continue
            raise BrokenLogError(line[:200])
        process, resumed, name, rest = int(found[1]), found[2], found[3], found[4]
        unfinished = _UNFINISHED.fullmatch(rest)
        if unfinished:
            begun[int(unfinished[2] or process)] = (len(slots), unfinished[1])
            slots.append(None)
            continue
        slot = len(slots)
        if resumed:
            slot, before = begun.pop(process, (slot, ""))
            name, rest = resumed, before + rest
        call = _call(process, name, rest, line)
        if slot == len(slots):
            slots.append(call)
        else:
            slots[slot] = call
    return (call for call in slots if call is not None)


def _call(process: int, name: str, rest: str, line: str) -> Call:
    end = _end(rest)
    found = _RESULT.match(rest, end + 1) if end >= 0 else None
    if found is None:
        raise BrokenLogError(line[:200])
    result = -1 if found[1] == "?" else int(found[1], 0)
    return Call(process, name, rest[:end], result, found[3] or "", unescape(found[2] or ""))


def _end(rest: str) -> int:
    """Where the parenthesis is that ends the arguments; -1 where none does."""
    ends = [found.start() for found in _END.finditer(rest)]
    if len(ends) <= 1:
        return ends[0] if ends else -1
    depth = 0
    for token in _TOKEN.finditer(rest):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth < 0:
            return token.start()
    return -1


def unescape(text: str) -> str:
    """A string of the log as a path (surrogates stand for bytes that are no UTF-8)."""
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(_escape, text)
    return raw.encode("latin-1").decode("utf-8", "surrogateescape")


def _escape(found: re.Match[str]) -> str:
    octal, hexadecimal, plain = found.groups()
    if octal:
        return chr(int(octal, 8))
    return chr(int(hexadecimal, 16)) if hexadecimal else _PLAIN.get(plain, plain)
