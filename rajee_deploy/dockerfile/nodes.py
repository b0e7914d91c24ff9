"""One joined line of a Dockerfile → a node: its name, flags, arguments and the heredocs it opens.

Owns which instruction's text splits how. Must never read a line itself, nor judge whether an instruction makes sense.
Follows BuildKit's frontend/dockerfile/parser (commit 73ed6825c4b7).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rajee_deploy.dockerfile.arguments import (
    BLANKS,
    SyntaxProblemError,
    blank_separated,
    healthcheck,
    json_array,
    pairs_of,
    split_flags,
    split_words,
)
from rajee_deploy.dockerfile.golang import SPACE
from rajee_deploy.dockerfile.words import ExpansionError, Lexer

_HEREDOC = r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)\Z"
_HEREDOC_WORDS = Lexer(raw_quotes=True, raw_escapes=True, keep_unset=True)


class Heredoc(NamedTuple):
    """A document inside the Dockerfile. `content` is raw; `chomp`: leading tabs are to be taken off."""

    name: str
    descriptor: int
    expand: bool
    chomp: bool
    content: str = ""

    @property
    def text(self) -> str:
        """The content as the build sees it."""
        return re.sub(r"(?m)^\t+", "", self.content) if self.chomp else self.content


class Node(NamedTuple):
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


def node_of(line: str, escape: str, *, nested: bool = False) -> Node:
    """One joined line as a node, without its heredocs. SyntaxProblemError when the arguments have no shape at all."""
    value, *rest = BLANKS.split(line.strip(SPACE), maxsplit=1)
    flags, text = split_flags(rest[0], escape) if rest else ((), "")
    node = Node(value, line, flags)
    text = text.strip(SPACE)
    match value.lower():
        case "add" | "copy" | "volume":
            args, is_json = json_array(text) or (blank_separated(text), False)
        case "run" | "cmd" | "entrypoint" | "shell":
            args, is_json = (json_array(text) or ((text,), False)) if text else ((), False)
        case "healthcheck":
            args, is_json = healthcheck(text)
        case "env" | "label":
            args, is_json = pairs_of(text, value.upper(), escape), False
        case "arg":
            args, is_json = split_words(text, escape), False
        case "from" | "expose":
            args, is_json = blank_separated(text), False
        case "maintainer" | "stopsignal" | "user" | "workdir":
            args, is_json = (text,) if text else (), False
        case "onbuild" if text and not nested:
            return node._replace(child=node_of(text, escape, nested=True))
        case _:
            args, is_json = (), False
    return node._replace(args=args, json=is_json)


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
    found = re.match(_HEREDOC, word)
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
