"""Which variables an app's programs may have read. Variables are no system calls: hooks tell of Python and node, and of
a shell its own text; any other program may read all of them.
"""

from __future__ import annotations

import os
import re
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.noise import is_noise, tells_commit
from rajee_deploy.synth.tracing.portable import is_in
from rajee_deploy.synth.tracing.regions import Region
from rajee_deploy.synth.tracing.shells import (
    MANY,
    SHELLS,
    goes_on_elsewhere,
    program_of,
    reads_all,
    task_of,
    variables_in,
)
from rajee_deploy.synth.variables import is_fixed
from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rajee_deploy.synth.tracing.looks import Looks, Program
    from rajee_deploy.synth.tracing.regions import Regions

_MOST_BYTES = 1 << 20  # of a text in which words are looked for
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
# They change what a shell makes of its script. (BASH_ENV names a file, whose look is seen; CircleCI sets it per run.)
_OF_SCRIPTS = frozenset({"BASHOPTS", "CDPATH", "POSIXLY_CORRECT", "SHELLOPTS"})
# They run JavaScript without our hook, wherever they come from.
_UNHOOKED = ("bun", "deno")
# What version managers put before the programs that they choose: scripts that read variables of their own.
_MANAGERS = re.compile(r"/(?:shims|libexec)/|/\.(?:asdf|nodenv|nvm|pyenv|sdkman|volta)/")
# They read no variable but those of the locale, or hand all on to a program that is seen by itself.
_QUIET = frozenset(
    """basename cat chmod chown cmp comm cp cut date dd df diff dirname du echo expr false file find fold grep
    egrep fgrep gzip gunzip zcat head hostname id install join ldconfig link ln logname ls md5sum mkdir mkfifo
    mktemp mv nice nl nohup nproc od paste patch pathchk printf ps pwd readlink realpath rev rm rmdir sed seq
    sha1sum sha256sum sha512sum shuf sleep sort split stat stdbuf stty sync tac tail tar tee test [ timeout
    touch tr true truncate tsort tty uname uniq unlink unzip wc which whoami xargs xz yes zip git uv uvx poetry
    pipenv pdm hatch rye pixi conda mise asdf direnv volta fnm npm npx yarn pnpm corepack tini sudo setsid
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
class VariablesRead:
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
    return name in (*SHELLS, *MANY, *_QUIET, "env") or name.startswith(("python", "pypy", "node"))


def find_variables(
    looks: Looks, hooked: frozenset[int], regions: Regions, texts: Texts, *, copies: bool
) -> VariablesRead:
    """The variables. `hooked` are the processes whose hooks tell what they read, `copies` whether one copied all."""
    found = VariablesRead(texts, is_all=copies)
    is_ours = False
    for program in looks.programs:
        name, words = program_of(_base(program.path), program.words)
        if _is_hooked(program, name, hooked):
            continue
        if name in SHELLS:
            command, script = task_of(words)
            if command is None and not _is_own_script(script, regions):
                continue
            text = _script(script) if command is None else command
            found.names |= _OF_SCRIPTS if command is None else frozenset()
            is_ours |= command is None or goes_on_elsewhere(text)
            _of_shell(text, found)
        elif not _is_quiet(program.path, name, words, regions):
            found.is_all = True
    if is_ours:
        for text in texts.in_shell():
            _of_shell(text, found)
    if found.is_all:
        found.names |= {name for name in os.environ if (is_noise(name) or tells_commit(name)) and name in texts}
    return found


def is_own_text(path: str, regions: Regions) -> bool:
    """Whether a file is the project's, or lies elsewhere and nobody installed it: then it may speak for the project."""
    region = regions.of(path)
    is_elsewhere = region in (Region.ABOVE, Region.ELSEWHERE) and not _MANAGERS.search(path)
    return region is Region.CHECKOUT or is_elsewhere


def _is_hooked(program: Program, name: str, hooked: frozenset[int]) -> bool:
    return name.startswith(("python", "pypy", "node")) and program.process in hooked


def _is_quiet(path: str, name: str, words: Sequence[str], regions: Regions) -> bool:
    region = regions.of(path)
    # A program of the project may be called like one of everybody's.
    if region is Region.CHECKOUT or name.startswith(_UNHOOKED):
        return False
    if region is Region.PACKAGES or not _QUIET.isdisjoint({name, _base(words[0] if words else name)}):
        return True
    return "env" in (name, _base(words[0] if words else "")) and _runs_another(words)


def _runs_another(words: Sequence[str]) -> bool:
    """Whether `env` is given a program to run; else it prints all variables."""
    rest = iter(words[1:])
    for word in rest:
        if word in ("-u", "--unset", "-C", "--chdir"):
            next(rest, None)
        elif "=" not in word and not word.startswith("-"):
            return True
    return False


def _is_own_script(script: str, regions: Regions) -> bool:
    """Whether a shell's script is not one that was installed outside of the checkout."""
    real = os.path.realpath(script)
    return not script.startswith("/") or is_in(real, regions.root) or is_own_text(real, regions)


def _script(path: str) -> str:
    return _content(path).decode("utf-8", "replace") if path else ""


def _of_shell(text: str, found: VariablesRead) -> None:
    found.names |= variables_in(text)
    found.is_all |= reads_all(text)


def _base(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119 -- a text


def _content(path: str) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""
