"""Takes secrets out of texts, also as other programs write them. Pure.

A program that shows an argument mostly shows it as a literal of some language: JSON, what node's util.inspect makes of
it, a repr, a shell's quotes. There a backslash, a quote or a control character has another spelling, and the rest of
the secret stands. A header has it in base64, also behind a user's name; an address has it URL-encoded; a dump has it in
hex. What is computed from it in any other way (a digest, a part of it, the same backwards) is not known here.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HIDDEN = "***"
SHORTEST = 4  # characters of what is hidden wherever it stands
_SHORTEST_WORD = 2  # of what is hidden as a word: to hide every "1" would hide nothing, and make all unreadable
_SHORTEST_PIECE = 5  # of base64 or hex, which short pieces of other things look like
_MOST_LINES = 100  # of a secret whose lines are known in all their spellings; a longer one's as they are
_MOST_BYTES = 1 << 16  # of a secret that is known as a whole in base64 and hex
_WIDTHS = (60, 64, 76)  # at which xxd, openssl and base64 break lines
# https://github.com/nodejs/node/blob/main/lib/internal/util/inspect.js (`meta`); Python's repr has small letters.
_NAMED = {8: "\\b", 9: "\\t", 12: "\\f"}
_CONTROLS = [*range(32), *range(127, 160)]
_INSPECTED = {code: _NAMED.get(code, f"\\x{code:02X}") for code in _CONTROLS}
_REPR = {code: "\\t" if code == 9 else f"\\x{code:02x}" for code in _CONTROLS}  # noqa: PLR2004 -- a tab
_HTML_IN_JSON = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})  # as Go writes it


@dataclass(frozen=True, slots=True)
class Hider:
    """Takes texts out. Each is replaced by what stands beside it; where several overlap, all of it by what stands
    beside the longest. `texts` are kept by how they begin: a secret of many lines is thousands of texts, and a build
    says thousands of lines. `patterns` come with a text without which they match nothing."""

    texts: Mapping[str, Sequence[tuple[str, str]]]
    patterns: tuple[tuple[str, re.Pattern[str], str], ...] = ()

    def __call__(self, text: str) -> str:
        found = sorted(self._found(text), key=lambda each: (each[0], -each[1]))
        parts, at, last = [], 0, (0, "")
        for start, end, shown in found:
            if start >= at:
                parts += [text[at:start], shown]
                last = end - start, shown
            elif end - start > last[0]:
                parts[-1] = shown
                last = end - start, shown
            at = max(at, end)
        return "".join([*parts, text[at:]]) if parts else text

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        for at in range(len(text) - SHORTEST + 1 if self.texts else 0):
            for part, shown in self.texts.get(text[at : at + SHORTEST], ()):
                if text.startswith(part, at):
                    yield at, at + len(part), shown
        for part, pattern, shown in self.patterns:
            if part in text:
                yield from ((*match.span(), shown) for match in pattern.finditer(text))


def hider_of(secrets: Iterable[str], also: Iterable[tuple[str, str]] = ()) -> Hider:
    """For these secrets; `also` are other texts, with what stands in their places."""
    texts: dict[str, str] = {text: shown for text, shown in also if len(text) >= SHORTEST}
    patterns: dict[str, re.Pattern[str]] = {}
    for secret in {*secrets}:
        texts |= dict.fromkeys(texts_of(secret), HIDDEN)
        patterns |= dict(_patterns(secret))
    begun: dict[str, list[tuple[str, str]]] = {}
    for text, shown in texts.items():
        begun.setdefault(text[:SHORTEST], []).append((text, shown))
    return Hider(begun, tuple((part, pattern, HIDDEN) for part, pattern in patterns.items()))


def texts_of(secret: str) -> set[str]:
    """All that is hidden of a secret wherever it stands: its lines, in all spellings. Also a literal within a literal:
    JSON in a line of a log."""
    lines = {line.strip() for line in lines_of(secret)}
    lines = {line for line in lines if len(line) >= SHORTEST}
    if len(lines) > _MOST_LINES:
        return lines
    once = {text for line in lines for text in _literals(line)}
    twice = {text for line in once for text in _literals(line)}
    return lines | once | twice | {text for line in lines for text in _encodings(line)} | set(_wrapped_lines(secret))


def _literals(line: str) -> Iterator[str]:
    for text in (json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1]):
        yield text
        yield text.replace("/", "\\/")
        yield text.translate(_HTML_IN_JSON)
    plain = line.replace("\\", "\\\\")
    for controls in (_INSPECTED, _REPR):
        text = plain.translate(controls)
        yield text  # in quotes that are not in it
        yield text.replace("'", "\\'")
        yield text.replace('"', '\\"')
        yield text.replace("'", "\\'").replace('"', '\\"')


def _encodings(line: str) -> Iterator[str]:
    """A line in a shell's quotes, in XML, in an address, in hex."""
    quoted = shlex.quote(line)
    yield quoted[1:-1] if quoted != line else line
    yield line.replace("'", "'\\''")
    yield line.replace("'", "''")  # YAML, SQL
    yield re.sub(r'[\\"$`]', r"\\\g<0>", line)
    yield html.escape(line)
    yield html.escape(line, quote=False)
    data = line.encode("utf-8", "surrogateescape")
    for address in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield address
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), address)
    if len(data.hex()) >= _SHORTEST_PIECE:
        yield data.hex()
        yield data.hex().upper()


def _wrapped_lines(secret: str) -> Iterator[str]:
    """The lines of a long secret in base64 or hex, alone, which are broken."""
    if len(secret) > _MOST_BYTES:
        return
    for text in {secret, secret.rstrip("\r\n"), secret.rstrip("\r\n") + "\n"}:
        data = text.encode("utf-8", "surrogateescape")
        for whole in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()):
            for width in (*_WIDTHS, len(whole)):
                pieces = (whole[at : at + width] for at in range(0, len(whole), width or 1))
                yield from (piece for piece in pieces if len(piece.rstrip("=")) > _SHORTEST_PIECE)


def _patterns(secret: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """A short secret as a word; any as a part of something longer in base64, in which it begins at one of three places
    within a group of four letters: what is certain of it, with the letters around that have some of its bits, too."""
    text = secret.strip()
    if _SHORTEST_WORD <= len(text) < SHORTEST and re.search(r"\w", text):
        yield text, re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    if not SHORTEST <= len(text) <= _MOST_BYTES:
        return
    data = text.encode("utf-8", "surrogateescape")
    for encode, letters in ((base64.b64encode, "[A-Za-z0-9+/]"), (base64.urlsafe_b64encode, "[A-Za-z0-9_-]")):
        for before, unclear in ((0, 0), (1, 2), (2, 3)):
            certain = encode(bytes(before) + data)[unclear : (before + len(data)) * 8 // 6].decode()
            if len(certain) >= _SHORTEST_PIECE:
                around = f"{letters}{{0,{unclear}}}{re.escape(certain)}{letters}?={{0,2}}"
                yield certain, re.compile(around)
