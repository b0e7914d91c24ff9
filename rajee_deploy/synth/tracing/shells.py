"""What a shell is told to run, and which variables its text reads. Pure: it knows words and texts alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
# One file that is many programs: which one, its words tell.
MANY = frozenset({"busybox", "toybox"})
_WITH_WORD = ("--rcfile", "--init-file", "--emulate")
_NAMED = re.compile(r"\$\{?[#!=~^+]*([A-Za-z_][A-Za-z0-9_]*)")  # the last four are zsh's
_END = r"\s*(?:$|[|;)>&}`#]|\d>)"  # of a command that has no words
# A shell that lists its variables, or reads one whose name it makes up, or without a `$` (in arithmetic, `-v`).
_LISTS = re.compile(
    r"\$\{[!(]|\bexport\s+-p\b|\bdeclare\s+-[a-z]*[xpni]|\blocal\s+-[a-z]*[ni]|\btypeset\b|\bcompgen\b|\beval\b"
    rf"|\b(?:set|export|declare){_END}|\(\(|\$\[|\blet\b|\s-v\s|\s-(?:eq|ne|lt|gt|le|ge)\s+\w*[A-Za-z_]"
    r"|[A-Za-z_]\w*\s+-(?:eq|ne|lt|gt|le|ge)\s|\$\{\w+(?:\[(?![@*]\])|:\s*\w)",
    re.MULTILINE,
)
_SOURCES = re.compile(r"(?:^|[;&|\s({!`])(?:\.|source)\s")


class Task(NamedTuple):
    """What a shell is told to run: the words after `-c`, None without it; and a script, "" for its input."""

    command: str | None
    script: str


def task_of(words: Sequence[str]) -> Task:
    """What the words of a shell (its own name first) tell it. A script's own options are not the shell's."""
    rest = list(words[1:])
    letters = ""
    while rest and len(rest[0]) > 1 and rest[0][0] in "-+":
        word = rest.pop(0)
        if word.startswith("--"):
            del rest[: word in _WITH_WORD]
            if word == "--":
                break
            continue
        letters += word[1:] if word[0] == "-" else ""
        del rest[: word.count("o") + word.count("O")]  # the names of options
    if "c" in letters:
        return Task(" ".join(rest), "")
    return Task(None, rest[0] if rest and rest[0] != "-" and "s" not in letters else "")


def program_of(path_name: str, words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The name and the words of a program; of one that is many, as that one."""
    if path_name not in MANY:
        return path_name, words
    rest = words[1:] if words and _base(words[0]) in MANY else words
    return (_base(rest[0]), rest) if rest else (path_name, words)


def variables_in(text: str) -> set[str]:
    """The variables that a shell's text names."""
    return set(_NAMED.findall(text))


def reads_all(text: str) -> bool:
    """Whether a shell's text may read a variable that it does not name so."""
    return _LISTS.search(text) is not None


def goes_on_elsewhere(text: str) -> bool:
    """Whether a shell's text goes on in another file."""
    return _SOURCES.search(text) is not None


def _base(word: str) -> str:
    return word.rpartition("/")[2]
