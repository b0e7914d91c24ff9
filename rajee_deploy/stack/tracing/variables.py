"""Which variables an app's programs may have read. Variables are no system calls: hooks tell of Python and node, and of
a shell its own text; any other program may read all of them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.stack.noise import is_noise, tells_commit
from rajee_deploy.stack.surroundings import is_fixed
from rajee_deploy.stack.tracing.portable import is_in
from rajee_deploy.stack.tracing.regions import Region

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rajee_deploy.stack.tracing.looks import Looks, Program
    from rajee_deploy.stack.tracing.regions import Regions

_MOST_BYTES = 1 << 20  # of a text in which words are looked for
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_IN_SHELL = re.compile(r"\$(?:\{[#!]?)?([A-Za-z_][A-Za-z0-9_]*)")
# A shell that lists its variables, or reads one whose name it makes up, or without a `$` (in arithmetic, `-v`).
_LISTS = re.compile(
    r"\$\{!|\bexport\s+-p\b|\bdeclare\s+-[a-z]*[xpn]|\blocal\s+-[a-z]*n|\btypeset\b|\bcompgen\b|\beval\b"
    r"|\bset\s*(?:$|[|;)>&])|\(\(|\$\[|\blet\b|\s-v\s|\s-(?:eq|ne|lt|gt|le|ge)\s+\w*[A-Za-z_]"
    r"|[A-Za-z_]\w*\s+-(?:eq|ne|lt|gt|le|ge)\s|\$\{\w+(?:\[(?![@*]\])|:\s*\w)",
    re.MULTILINE,
)
# They change what a shell makes of its script. (BASH_ENV names a file, whose look is seen; CircleCI sets it per run.)
_OF_SCRIPTS = frozenset({"BASHOPTS", "CDPATH", "POSIXLY_CORRECT", "SHELLOPTS"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"})
# They read no variable but those of the locale, or hand all on to a program that is seen by itself.
_QUIET = frozenset(
    """basename cat chmod chown cmp comm cp cut date dd df diff dirname du echo expr false file find fold grep
    egrep fgrep gzip gunzip zcat head hostname id install join ldconfig link ln logname ls md5sum mkdir mkfifo
    mktemp mv nice nl nohup nproc od paste patch pathchk printf ps pwd readlink realpath rev rm rmdir sed seq
    sha1sum sha256sum sha512sum shuf sleep sort split stat stdbuf stty sync tac tail tar tee test [ timeout
    touch tr true truncate tsort tty uname uniq unlink unzip wc which whoami xargs xz yes zip git uv uvx poetry
    pipenv pdm hatch rye pixi conda mise asdf direnv volta fnm npm npx yarn pnpm bun corepack tini sudo setsid
    strace""".split()  # noqa: SIM905 -- a page of names
)


class Texts:
    """The project's files that were read, and the words in them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = tuple(paths)
        self._words: set[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._words is None:
            self._words = {each.decode() for path in self._paths for each in _WORD.findall(_content(path))}
        return word in self._words

    def in_shell(self) -> list[str]:
        """Their contents, as a shell would read them."""
        return [_content(path).decode("utf-8", "replace") for path in self._paths]


@dataclass(slots=True)
class Variables:
    """`names` that are read, whether all of them are (`is_all`), and which of those that tell nothing count."""

    texts: Texts
    names: set[str] = field(default_factory=set)
    is_all: bool = False

    def counts(self, name: str, env: Collection[str]) -> bool:
        """Whether a name counts: one that only tells who runs where does so when the project speaks of it, and one
        under which every synth gets the same never does."""
        tells_nothing = is_noise(name) or tells_commit(name)
        return not is_fixed(name, env) and (not tells_nothing or name in env or name in self.texts)


def is_known_program(name: str) -> bool:
    """Whether a program is no input by itself: an interpreter, whose version counts, a shell, or one of everybody's."""
    return name in _SHELLS or name in _QUIET or name.startswith(("python", "pypy", "node")) or name == "env"


def find_variables(looks: Looks, hooked: frozenset[int], regions: Regions, texts: Texts, *, copies: bool) -> Variables:
    """The variables. `hooked` are the processes whose hooks tell what they read, `copies` whether one copied all."""
    found = Variables(texts, is_all=copies)
    is_ours = False
    for program in looks.programs:
        name = os.path.basename(program.path)  # noqa: PTH119 -- a text
        called = os.path.basename(program.words[0]) if program.words else name  # noqa: PTH119 -- a text
        if _is_hooked(program, name, hooked):
            continue
        if name in _SHELLS:
            text = _text_of(program, regions)
            if text is not None:
                found.names |= _OF_SCRIPTS if "-c" not in program.words else frozenset()
                is_ours |= "-c" not in program.words or bool(re.search(r"(^|[;&|\s])(\.|source)\s", text))
                _of_shell(text, found)
        elif not _is_quiet(program, name, called, regions):
            found.is_all = True
    if is_ours:
        for text in texts.in_shell():
            _of_shell(text, found)
    if found.is_all:
        found.names |= {name for name in os.environ if (is_noise(name) or tells_commit(name)) and name in texts}
    return found


def _is_hooked(program: Program, name: str, hooked: frozenset[int]) -> bool:
    return name.startswith(("python", "pypy", "node")) and program.process in hooked


def _is_quiet(program: Program, name: str, called: str, regions: Regions) -> bool:
    if {name, called} & _QUIET or regions.of(program.path) is Region.PACKAGES:
        return True
    return called == "env" and any("=" not in word and not word.startswith("-") for word in program.words[1:])


def _text_of(program: Program, regions: Regions) -> str | None:
    """What a shell was given to run: the words after -c, or a script; None for a script of what is installed."""
    words = program.words
    if "-c" in words:
        return " ".join(words[words.index("-c") + 1 :])
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    if not script or not script.startswith("/"):
        return _content(script).decode("utf-8", "replace") if script else ""
    inside = is_in(os.path.realpath(script), regions.root)
    return _content(script).decode("utf-8", "replace") if inside else None


def _of_shell(text: str, found: Variables) -> None:
    found.names |= set(_IN_SHELL.findall(text))
    found.is_all |= bool(_LISTS.search(text))


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""
