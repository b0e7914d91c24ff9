"""Which program runs a script: the kernel starts the one of its first line, and no call tells so."""

from __future__ import annotations

from rajee_deploy.system.regular_files import open_regular

_MOST_BYTES = 256  # of a first line: https://man7.org/linux/man-pages/man2/execve.2.html
_MOST_DEEP = 4


def run_by(path: str, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The program that runs when `path` is executed with these words (its own name first), and the words it gets."""
    for _ in range(_MOST_DEEP):
        line = _first_line(path)
        if not line.startswith("#!"):
            break
        program, *argument = line[2:].strip(" \t").split(maxsplit=1) or [""]
        if not program.startswith("/"):
            break
        path, words = program, (program, *(each.strip() for each in argument), path, *words[1:])
    return path, words


def _first_line(path: str) -> str:
    try:
        with open_regular(path) as file:
            return file.read(_MOST_BYTES).partition(b"\n")[0].decode("utf-8", "surrogateescape")
    except OSError:
        return ""
