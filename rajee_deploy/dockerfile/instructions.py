"""Nodes → typed instructions: which arguments each instruction takes, and what is wrong with others.

Owns the shape of instructions, for reachable and unreachable stages alike; must never expand a variable or know
which stage is built. Follows BuildKit's frontend/dockerfile/instructions/parse.go (commit 73ed6825c4b7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.flags import Flags, read_flags
from rajee_deploy.dockerfile.golang import SPACE, nearest
from rajee_deploy.dockerfile.mounts import check_static
from rajee_deploy.dockerfile.nodes import Heredoc, heredoc_of
from rajee_deploy.dockerfile.parser import refusal, syntax_error
from rajee_deploy.dockerfile.values import check_duration
from rajee_deploy.dockerfile.words import ExpansionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.dockerfile.nodes import Node
    from rajee_deploy.errors import DeployError

_STAGE_NAME = r"[a-z][a-z0-9_.-]*\Z"
_ONBUILD = r"(?i)^[\t\n\f\r ]*onbuild[\t\n\f\r ]*"
_FLAGLESS = ("ARG", "STOPSIGNAL")  # BuildKit does not look at their flags


class Lines(NamedTuple):
    """Where an instruction stands."""

    start: int
    end: int


class From(NamedTuple):
    """FROM: opens a stage. `base` and `platform` are not expanded yet, `name` is lower-case."""

    lines: Lines
    base: str
    name: str | None
    platform: str | None


class Arg(NamedTuple):
    """ARG: names with their defaults (None without one)."""

    lines: Lines
    pairs: tuple[tuple[str, str | None], ...]


class Assign(NamedTuple):
    """ENV and LABEL."""

    lines: Lines
    name: str
    pairs: tuple[tuple[str, str], ...]


class Transfer(NamedTuple):
    """COPY and ADD. `inline` are the heredocs among the sources, `sources` all others."""

    lines: Lines
    name: str
    flags: Flags
    sources: tuple[str, ...]
    inline: tuple[Heredoc, ...]
    dest: str


class Run(NamedTuple):
    """RUN. `command` is one text for the shell, or the words of the exec form (`json`)."""

    lines: Lines
    flags: Flags
    command: tuple[str, ...]
    json: bool
    heredocs: tuple[Heredoc, ...]


class WordsInstruction(NamedTuple):
    """An instruction whose arguments are expanded and read nothing: WORKDIR, USER, VOLUME, STOPSIGNAL, EXPOSE."""

    lines: Lines
    name: str
    args: tuple[str, ...]


class PlainInstruction(NamedTuple):
    """An instruction that is never expanded and reads nothing: CMD, ENTRYPOINT, HEALTHCHECK, SHELL, MAINTAINER."""

    lines: Lines
    name: str
    flags: Flags
    args: tuple[str, ...]
    json: bool


class OnBuild(NamedTuple):
    """ONBUILD: the text that runs in the stages built on this one, and the node it is (not judged before it runs)."""

    lines: Lines
    trigger: str
    child: Node


Instruction = From | Arg | Assign | Transfer | Run | WordsInstruction | PlainInstruction | OnBuild


def parse_instruction(node: Node, path: str) -> Instruction:
    """The instruction that a node is. DeployError `unknown-instruction` or `dockerfile-syntax` when it is none."""
    if node.name not in NAMES:
        raise _unknown(node, path)
    try:
        return _parse_instruction(node, Lines(node.start, node.end))
    except (SyntaxProblemError, ExpansionError) as error:
        raise refusal(path, node.start, error) from error


def _unknown(node: Node, path: str) -> DeployError:
    guess = nearest(node.name, NAMES)
    hint = f"did you mean {guess}?" if guess else "if the line belongs to the one above, end that with the escape token"
    return syntax_error(path, node.start, f"unknown instruction: {node.value}", hint=hint, code="unknown-instruction")


def _parse_instruction(node: Node, lines: Lines) -> Instruction:
    is_none = node.name == "HEALTHCHECK" and node.args[:1] and node.args[0].upper() == "NONE"
    flags = read_flags(node.name, () if node.name in _FLAGLESS or is_none else node.flags)
    return _SHAPES[node.name](node, flags, lines)


def _some(node: Node) -> tuple[str, ...]:
    if not node.args:
        raise SyntaxProblemError(f"{node.name} requires at least one argument")
    return node.args


def _exactly_one(node: Node) -> tuple[str, ...]:
    if len(node.args) != 1:
        raise SyntaxProblemError(f"{node.name} requires exactly one argument")
    return node.args


def _from(node: Node, flags: Flags, lines: Lines) -> From:
    match node.args:
        case (base,):
            name = None
        case (base, word, name) if word.lower() == "as":
            name = name.lower()
            if not re.match(_STAGE_NAME, name):
                raise SyntaxProblemError(
                    f"{node.args[2]!r} is no stage name: it starts with a letter and holds a-z0-9-_."
                )
        case _:
            raise SyntaxProblemError("FROM takes one argument (FROM image) or three (FROM image AS name)")
    return From(lines, base, name, flags.text("platform") or None)


def _arg(node: Node, _: Flags, lines: Lines) -> Arg:
    return Arg(lines, tuple(_argument(word) for word in _some(node)))


def _argument(word: str) -> tuple[str, str | None]:
    key, sign, value = word.partition("=")
    if sign and not key:
        raise SyntaxProblemError("ARG names can not be blank")
    return key, value if sign else None


def _assign(node: Node, _: Flags, lines: Lines) -> Assign:
    pairs = tuple(zip(_some(node)[::2], node.args[1::2], strict=True))
    if not all(key for key, _value in pairs):
        raise SyntaxProblemError(f"{node.name} names can not be blank")
    return Assign(lines, node.name, pairs)


def _transfer(node: Node, flags: Flags, lines: Lines) -> Transfer:
    if len(node.args) < 2:  # noqa: PLR2004 -- a source and a destination
        raise SyntaxProblemError(f"{node.name} requires at least two arguments: a source and a destination")
    *words, dest = node.args
    if _inline(dest):
        raise SyntaxProblemError(f"{node.name} cannot accept a heredoc as a destination")
    bodies = {heredoc.name: heredoc.content for heredoc in node.heredocs}
    opened = [(word, _inline(word)) for word in words]
    inline = tuple(
        Heredoc(found.name, 0, found.expand, found.chomp, bodies.get(found.name, "")) for _, found in opened if found
    )
    return Transfer(lines, node.name, flags, tuple(word for word, found in opened if not found), inline, dest)


def _inline(word: str) -> Heredoc | None:
    try:
        return heredoc_of(word)
    except (SyntaxProblemError, ExpansionError):
        return None  # a quoted name with a blank in it, split apart: BuildKit takes the pieces for paths


def _run(node: Node, flags: Flags, lines: Lines) -> Run:
    for mount in flags.list("mount"):
        check_static(mount)
    for name, allowed in (("network", ("default", "none", "host")), ("security", ("sandbox", "insecure"))):
        if name in flags.texts and flags.text(name) not in allowed:
            raise SyntaxProblemError(f"--{name} is one of {', '.join(allowed)}, not {flags.text(name)!r}")
    if node.heredocs and len(node.args) != 1:
        raise SyntaxProblemError("a RUN with heredocs needs exactly one command")
    return Run(lines, flags, node.args, node.json, node.heredocs)


def _volume(node: Node, _: Flags, lines: Lines) -> WordsInstruction:
    volumes = tuple(arg.strip(SPACE) for arg in _some(node))
    if not all(volumes):
        raise SyntaxProblemError("VOLUME can not be an empty string")
    return WordsInstruction(lines, node.name, volumes)


def _ports(node: Node, _: Flags, lines: Lines) -> WordsInstruction:
    return WordsInstruction(lines, node.name, _some(node))


def _word(node: Node, _: Flags, lines: Lines) -> WordsInstruction:
    return WordsInstruction(lines, node.name, _exactly_one(node))


def _maintainer(node: Node, flags: Flags, lines: Lines) -> PlainInstruction:
    return PlainInstruction(lines, node.name, flags, _exactly_one(node), json=False)


def _shell(node: Node, flags: Flags, lines: Lines) -> PlainInstruction:
    if not _some(node) or not node.json:
        raise SyntaxProblemError('SHELL takes the JSON form only: SHELL ["executable", "parameters"]')
    return PlainInstruction(lines, node.name, flags, node.args, json=True)


def _command(node: Node, flags: Flags, lines: Lines) -> PlainInstruction:
    return PlainInstruction(lines, node.name, flags, node.args, node.json)


def _healthcheck(node: Node, flags: Flags, lines: Lines) -> PlainInstruction:
    kind, *command = _some(node)
    if kind.upper() == "NONE":
        if command:
            raise SyntaxProblemError("HEALTHCHECK NONE takes no arguments")
        return PlainInstruction(lines, node.name, flags, ("NONE",), json=False)
    if kind.upper() != "CMD":
        raise SyntaxProblemError(f"unknown type {kind!r} in HEALTHCHECK (try CMD)")
    if not command:
        raise SyntaxProblemError("there is no command after HEALTHCHECK CMD")
    for name, value in flags.texts.items():
        if name == "retries" and value and not re.fullmatch(r"\+?[0-9]{1,10}|-0+", value):
            raise SyntaxProblemError(f"--retries must be a number and not negative, not {value!r}")
        if name != "retries" and value:
            check_duration(name, value)
    return PlainInstruction(lines, node.name, flags, ("CMD", *command), node.json)


def _onbuild(node: Node, _: Flags, lines: Lines) -> OnBuild:
    if node.child is None:
        raise SyntaxProblemError("ONBUILD requires at least one argument")
    if node.child.name in ("ONBUILD", "FROM", "MAINTAINER"):
        raise SyntaxProblemError(f"{node.child.name} isn't allowed as an ONBUILD trigger")
    text = re.sub(_ONBUILD, "", node.original)
    bodies = (f"\n{heredoc.content}{heredoc.name}" for heredoc in node.heredocs)
    return OnBuild(lines, "".join([text, *bodies]), node.child._replace(heredocs=node.heredocs))


_SHAPES: dict[str, Callable[[Node, Flags, Lines], Instruction]] = {
    "FROM": _from,
    "ARG": _arg,
    "ENV": _assign,
    "LABEL": _assign,
    "COPY": _transfer,
    "ADD": _transfer,
    "RUN": _run,
    "ONBUILD": _onbuild,
    "VOLUME": _volume,
    "EXPOSE": _ports,
    "WORKDIR": _word,
    "USER": _word,
    "STOPSIGNAL": _word,
    "HEALTHCHECK": _healthcheck,
    "MAINTAINER": _maintainer,
    "SHELL": _shell,
    "CMD": _command,
    "ENTRYPOINT": _command,
}
NAMES = tuple(sorted(_SHAPES))
