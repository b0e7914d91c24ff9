"""The reference of all keys in docs/settings.md, made of their definition. Nothing imports it but its test:

python -m rajee_deploy.settings.reference docs/settings.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.settings.keys import CDK_KEYS, ENVIRONMENT_KEYS, IMAGE_KEYS, TOP_KEYS
from rajee_deploy.system.regular_files import read_regular
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.settings.keys import Key

_TABLES = (
    ("images.api", "any number of images", IMAGE_KEYS),
    ("cdk", "", CDK_KEYS),
    ("environments.prod", "chosen with -e prod", ENVIRONMENT_KEYS),
)
_COLUMN = 31  # where comments begin, as long as what stands before them is shorter
_BEGIN = "Every key, with its default where it has one:\n\n```toml\n"
_END = "```\n"


def reference() -> str:
    """All keys with an example each, as TOML."""
    parts = [_table(TOP_KEYS)]
    for name, comment, keys in _TABLES:
        parts.append(_line(f"[{name}]", comment) + _table(keys))
    return "\n".join(parts)


def _table(keys: Mapping[str, Key]) -> str:
    """The keys of one table. What means the same in the top table is only named."""
    same = [name for name, key in keys.items() if keys is not TOP_KEYS and TOP_KEYS.get(name) is key and key.lines]
    lines = []
    for name, key in keys.items():
        if name in same:
            lines += [f"# {', '.join(same[:-1])} and {same[-1]} may stand here, too\n"] if name == same[0] else []
        else:
            lines += _lines(name, key)
    return "".join(lines)


def _lines(name: str, key: Key) -> Iterator[str]:
    for value, comment in key.lines:
        yield _line(f"{'# ' * key.is_alternative}{name}{value}", comment)


def _line(text: str, comment: str) -> str:
    if not comment:
        return f"{text}\n"
    first, *more = lines_of(comment)
    return f"{text.ljust(_COLUMN - 2)}  # {first}\n" + "".join(f"{' ' * _COLUMN}# {line}\n" for line in more)


def with_reference(page: str) -> str:
    """The page with the reference in its place. ValueError where it has none."""
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the page has no block of every key")
    return head + begin + reference() + end + tail


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.write_text(with_reference(read_regular(place).decode()))
