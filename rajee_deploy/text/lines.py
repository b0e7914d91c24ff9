"""Lines as a text file has them: a line feed ends one, a carriage return, or both together. Nothing else does.

`str.splitlines` ends them also at U+2028, U+0085, form feeds and more, all of which a file's name, a commit's message
and the words of another program may hold; so nobody else here calls it.
"""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """The lines of a text, without their ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def shorten(text: str, most: int) -> str:
    """Each line with its middle left out where it is longer than that: a message quotes what was wrong, and a file
    that means ill has lines without end. Secrets are hidden first: half of one would be none that is known."""
    return "\n".join(line if len(line) <= most else _without_middle(line, most) for line in lines_of(text))


def _without_middle(line: str, most: int) -> str:
    half = most // 2
    return f"{line[:half]} … {len(line) - 2 * half} characters left out … {line[-half:]}"
