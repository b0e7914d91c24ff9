"""The text of a Dockerfile → its instructions as nodes with their lines.

Owns lines: parser directives, comments, continuations, the bodies of heredocs. Must never know instructions. Follows
BuildKit's frontend/dockerfile/parser (commit 73ed6825c4b7). Text is decoded as UTF-8 with surrogate escapes, so that
no byte gets lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.golang import SPACE
from rajee_deploy.dockerfile.nodes import heredocs_of, node_of
from rajee_deploy.dockerfile.words import ExpansionError
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.dockerfile.nodes import Heredoc, Node

MAX_LINE_BYTES = 65535
# Far beyond what is built: each instruction takes us up to 150 µs, and so does each file that one names.
MAX_INSTRUCTIONS = 1 << 14
MAX_WORDS = 1 << 15
DIRECTIVE = r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z"
DIRECTIVES = ("syntax", "escape", "check")
_CONTINUATIONS = {"\\": r"(?:(?<=[^\\])|^)\\[ \t]*\Z", "`": r"(?:(?<=[^`])|^)`[ \t]*\Z"}


class Parsed(NamedTuple):
    """A whole file and its escape token."""

    nodes: tuple[Node, ...]
    escape: str


_REFERENCE = "BuildKit refuses it, too; https://docs.docker.com/reference/dockerfile/ shows how it is written"


def syntax_error(path: str, line: int, problem: str, *, hint: str = "", code: str = "dockerfile-syntax") -> DeployError:
    """The error for a problem on a line of the Dockerfile."""
    return DeployError(code, problem, where=f"{path}:{line}" if line else path, hint=hint or _REFERENCE)


def refusal(path: str, line: int, error: SyntaxProblemError | ExpansionError) -> DeployError:
    """The error for what was found wrong with the instruction on a line."""
    return syntax_error(path, line, str(error), hint=error.hint, code=error.code)


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
        self._lines = iter(lines if lines[-1] else lines[:-1])
        self._directives: set[str] | None = set()

    def nodes(self) -> Iterator[Node]:
        count = words = 0
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
            count += 1
            if count > MAX_INSTRUCTIONS:
                raise self._too_long(start, f"{MAX_INSTRUCTIONS} instructions")
            if more:
                line += "".join(self._continued())
            try:
                node = node_of(line, self.escape)
                heredocs = tuple(self._bodies(heredocs_of(node)))
            except (SyntaxProblemError, ExpansionError) as error:
                raise refusal(self._path, start, error) from error
            words += len((node.child or node).args) + len((node.child or node).flags)
            if words > MAX_WORDS:
                raise self._too_long(start, f"{MAX_WORDS} words in its instructions")
            yield node._replace(heredocs=heredocs, start=start, end=self._number)

    def _too_long(self, start: int, what: str) -> DeployError:
        hint = "put what they do into a program, and RUN that; COPY a directory instead of its files"
        return syntax_error(self._path, start, f"the Dockerfile has more than {what}", hint=hint)

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
        found = re.match(DIRECTIVE, line[1:].lstrip(SPACE))
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
        found = re.search(_CONTINUATIONS[self.escape], line)
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
                content.append(line + "\n")
            else:
                raise SyntaxProblemError(f"the heredoc {heredoc.name} has no end")
            yield heredoc._replace(content="".join(content))
