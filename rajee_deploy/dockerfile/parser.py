"""The text of a Dockerfile → its instructions as nodes with their lines.

Owns lines: parser directives, comments, continuations, heredocs, flags, and how each instruction's text splits into
arguments. Must never judge whether an instruction makes sense. Follows BuildKit's frontend/dockerfile/parser (commit
73ed6825c4b7). Text is decoded as UTF-8 with surrogate escapes, so that no byte gets lost.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.golang import SPACE, valid
from rajee_deploy.dockerfile.words import ExpansionError, Lexer
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE_BYTES = 65535
BLANKS = re.compile(r"[\t\v\f\r ]+")
DIRECTIVE = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z")
DIRECTIVES = ("syntax", "escape", "check")
_HEREDOC = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)\Z")
_HEREDOC_WORDS = Lexer(raw_quotes=True, raw_escapes=True, keep_unset=True)
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_CONTINUATIONS = {
    escape: re.compile(rf"(?:(?<=[^{re.escape(escape)}])|^){re.escape(escape)}[ \t]*\Z") for escape in "\\`"
}


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A document inside the Dockerfile. `content` is raw; `chomp`: leading tabs are to be taken off."""

    name: str
    descriptor: int
    expand: bool
    chomp: bool
    content: str = ""

    @property
    def text(self) -> str:
        """The content as the build sees it."""
        return _LEADING_TABS.sub("", self.content) if self.chomp else self.content


@dataclass(frozen=True, slots=True)
class Node:
    """One instruction. `value` is its name as written, `original` the joined line, `child` what ONBUILD wraps.

    `json` says that the arguments were a JSON array. ENV and LABEL hold key, value, key, value…
    """

    value: str
    original: str
    flags: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    json: bool = False
    child: Node | None = None
    heredocs: tuple[Heredoc, ...] = ()
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """The instruction's name in capitals."""
        return self.value.lower().upper()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file and its escape token."""

    nodes: tuple[Node, ...]
    escape: str


class SyntaxProblemError(Exception):
    """What is wrong with one instruction; the caller knows where it stands."""


def syntax_error(path: str, line: int, problem: str, *, hint: str = "", code: str = "dockerfile-syntax") -> DeployError:
    """The error for a problem on a line of the Dockerfile."""
    return DeployError(code, problem, where=f"{path}:{line}" if line else path, hint=hint)


def parse(text: bytes, path: str) -> Parsed:
    """Parse a Dockerfile. DeployError `dockerfile-syntax` where BuildKit's parser fails."""
    if not text:
        raise syntax_error(path, 0, "the Dockerfile is empty", hint="start it with FROM")
    source = _Source(text.decode("utf-8", "surrogateescape"), path)
    nodes = tuple(source.nodes())
    if not nodes:
        raise syntax_error(path, 0, "the Dockerfile has no instructions", hint="start it with FROM")
    return Parsed(nodes, source.escape)


class _Source:
    """The lines of a file being read."""

    def __init__(self, text: str, path: str) -> None:
        self.escape = "\\"
        self._path = path
        self._number = 0
        lines = text.removeprefix("\ufeff").split("\n")
        self._last = len(lines)
        self._lines = iter(lines if lines[-1] else lines[:-1])
        self._directives: set[str] | None = set()

    def nodes(self) -> Iterator[Node]:
        for raw in self._read():
            line = raw.rstrip("\r").lstrip(SPACE)
            if line.startswith("#"):
                self._directive(line)
                continue
            self._directives = None
            line, more = self._cut(line)
            if not line and not more:
                continue
            start = self._number
            if more:
                line += "".join(self._continued())
            try:
                node = node_of(line, self.escape)
                heredocs = tuple(self._bodies(heredocs_of(node)))
            except (SyntaxProblemError, ExpansionError) as error:
                raise syntax_error(self._path, start, str(error)) from error
            yield replace(node, heredocs=heredocs, start=start, end=self._number)

    def _read(self) -> Iterator[str]:
        for line in self._lines:
            self._number += 1
            if len(line) * 4 > MAX_LINE_BYTES and len(line.encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES:
                problem = f"the line is longer than {MAX_LINE_BYTES} bytes"
                raise syntax_error(self._path, self._number, problem, hint="break it with line continuations")
            yield line

    def _directive(self, line: str) -> None:
        if self._directives is None:
            return
        found = DIRECTIVE.match(line[1:].lstrip(SPACE))
        key = found[1].lower() if found else ""
        if not found or key not in DIRECTIVES:
            self._directives = None
            return
        if key in self._directives:
            raise syntax_error(self._path, self._number, f"only one {key} parser directive can be used")
        self._directives.add(key)
        if key == "escape":
            if found[2] not in _CONTINUATIONS:
                problem = f"invalid escape token {found[2]!r}"
                raise syntax_error(self._path, self._number, problem, hint="it is \\ or `")
            self.escape = found[2]

    def _cut(self, line: str) -> tuple[str, bool]:
        """The line without its continuation mark, and whether it had one. A doubled escape token is no mark."""
        found = _CONTINUATIONS[self.escape].search(line)
        return (line[: found.start()], True) if found else (line, False)

    def _continued(self) -> Iterator[str]:
        """What the lines after a continued one add. Comments and blank lines in between do not end it."""
        for raw in self._read():
            line = raw.rstrip("\r")
            text = line.lstrip(SPACE)
            if not text or text.startswith("#"):
                continue
            line, more = self._cut(line)
            yield line
            if not more:
                return

    def _bodies(self, openings: list[Heredoc]) -> Iterator[Heredoc]:
        for heredoc in openings:
            content = []
            for line in self._read():
                candidate = line.rstrip("\r")
                if (candidate.lstrip("\t") if heredoc.chomp else candidate) == heredoc.name:
                    break
                content.append(line + "\n" if self._number < self._last else line)
            else:
                raise SyntaxProblemError(f"the heredoc {heredoc.name} has no end")
            yield replace(heredoc, content="".join(content))


def node_of(line: str, escape: str, *, nested: bool = False) -> Node:
    """One joined line as a node, without its heredocs. SyntaxProblemError when the arguments have no shape at all."""
    value, *rest = BLANKS.split(line.strip(SPACE), maxsplit=1)
    flags, text = _flags(rest[0], escape) if rest else ((), "")
    node = Node(value, line, flags)
    text = text.strip(SPACE)
    match value.lower():
        case "add" | "copy" | "volume":
            args, is_json = _json(text) or (_blank_separated(text), False)
        case "run" | "cmd" | "entrypoint" | "shell":
            args, is_json = (_json(text) or ((text,), False)) if text else ((), False)
        case "healthcheck":
            args, is_json = _healthcheck(text)
        case "env" | "label":
            args, is_json = _pairs(text, value.upper(), escape), False
        case "arg":
            args, is_json = split_words(text, escape), False
        case "from" | "expose":
            args, is_json = _blank_separated(text), False
        case "maintainer" | "stopsignal" | "user" | "workdir":
            args, is_json = (text,) if text else (), False
        case "onbuild" if text and not nested:
            return replace(node, child=node_of(text, escape, nested=True))
        case _:
            args, is_json = (), False
    return replace(node, args=args, json=is_json)


def _flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The leading `--flags` of an instruction, unquoted, and the rest of it.

    BuildKit takes each byte of a flag for a character (Latin-1), so flags outside ASCII come out garbled there; a
    path in them names another file. What it reads is what counts, so the same is done here.
    """
    if not text.lstrip(SPACE).startswith("--"):
        return (), text
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    flags: list[str] = []
    position = 0
    while True:
        while raw[position : position + 1] and raw[position] in SPACE:
            position += 1
        if not raw.startswith("--", position):
            break
        word, quoted, position = _flag_word(raw, position, escape)
        if word == "--":
            break
        if word or quoted:
            flags.append(word)
    return tuple(flags), raw[position:].encode("latin-1").decode("utf-8", "surrogateescape")


def _flag_word(raw: str, position: int, escape: str) -> tuple[str, bool, int]:
    word = []
    quote = ""
    quoted = False
    while position < len(raw) and (quote or raw[position] not in SPACE):
        char = raw[position]
        position += 1
        if char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote, quoted = char, True
        elif char != escape:
            word.append(char)
        elif position < len(raw):
            word.append(raw[position])
            position += 1
        else:
            quote = ""
    return "".join(word), quoted, position


def _blank_separated(text: str) -> tuple[str, ...]:
    return tuple(BLANKS.split(text)) if text else ()


def _json(text: str) -> tuple[tuple[str, ...], bool] | None:
    """The strings of a JSON array; None when the text is no JSON array and means itself."""
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text, parse_constant=_number, parse_int=_number, parse_float=_number)
    except RecursionError:
        items = [None]
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in items):
        raise SyntaxProblemError("a JSON array here must hold strings only")
    return tuple(valid(item) for item in items), True


def _number(text: str) -> float:
    """Go's decoder knows neither NaN nor Infinity, and refuses numbers beyond a float64."""
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return number


def _healthcheck(text: str) -> tuple[tuple[str, ...], bool]:
    """The type, then a command like CMD's. BuildKit ends the type at bytes it takes for Latin-1 spaces."""
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    end = next((i for i, char in enumerate(raw) if char in SPACE), len(raw))
    parts = (raw[:end], raw[end:].lstrip(SPACE))
    kind, rest = (part.encode("latin-1").decode("utf-8", "surrogateescape") for part in parts)
    if not kind:
        return (), False
    args, is_json = (_json(rest) or ((rest,), False)) if rest else ((), False)
    return (kind, *args), is_json


def _pairs(text: str, name: str, escape: str) -> tuple[str, ...]:
    """ENV and LABEL: `KEY=value …`, or the old `KEY rest of the line`."""
    words = split_words(text, escape)
    if not words:
        return ()
    if "=" not in words[0]:
        parts = BLANKS.split(text, maxsplit=1)
        if len(parts) == 1:
            raise SyntaxProblemError(f"{name} must have two arguments")
        return tuple(parts)
    pairs: list[str] = []
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise SyntaxProblemError(f"there is no = in {word!r}; write {name} name=value")
        pairs += key, value
    return tuple(pairs)


def split_words(text: str, escape: str) -> tuple[str, ...]:
    """Words between white space, with their quotes and escapes left as they are."""
    words = []
    word = ""
    quote = ""
    quoted = False
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if not quote and char in SPACE:
            if word or quoted:
                words.append(word)
            word, quoted = "", False
            continue
        if char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote, quoted = char, True
        elif char == escape and quote != "'":
            if position == len(text):
                break
            char += text[position]
            position += 1
        word += char
    return (*words, word) if word or quoted else tuple(words)


def heredocs_of(node: Node) -> list[Heredoc]:
    """The heredocs that an instruction opens, still empty. ExpansionError for a name that cannot be read."""
    inner = node.child if node.child is not None else node
    if "<<" not in node.original or inner.json or inner.name not in ("ADD", "COPY", "RUN"):
        return []
    try:
        words = _HEREDOC_WORDS.expand(node.original, {}).words
    except ExpansionError:
        return []  # a quote without its partner: the shell's business, and no heredoc for BuildKit
    return [heredoc for word in words if (heredoc := heredoc_of(word))]


def heredoc_of(word: str) -> Heredoc | None:
    """The heredoc that one word opens: `<<name`, `3<<-name`, `<<"name"`. ExpansionError for unbalanced quotes."""
    found = _HEREDOC.match(word)
    if not found or not found[3]:
        return None
    names = Lexer(keep_unset=True).expand(found[3], {}).words
    if len(names) != 1:
        return None
    raw = Lexer(keep_unset=True, raw_quotes=True).expand(found[3], {}).words
    if len(raw) != 1:
        raise SyntaxProblemError(f"cannot read the heredoc name {found[3]!r}")
    expand = _quotes(names[0]) == _quotes(raw[0])
    descriptor = min(int(found[1].lstrip("0")[:20] or 0), 2**64 - 1)
    return Heredoc(names[0], descriptor, expand, bool(found[2]))


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')
