"""Elements of HTML and SVG as text, well-formed as XML too. All that is not markup already is escaped here: names in a
history come from files and from AWS.

It knows no figures, and writes no scripts and nothing that a browser would load.
"""

from __future__ import annotations

from html import escape
from typing import NewType

from rajee_deploy.console import printable

Markup = NewType("Markup", str)

NOTHING = Markup("")
# HTML ends these by themselves; any other element has an end tag, also where it is empty.
_VOID = frozenset({"meta"})


def text(words: str) -> Markup:
    """Words that stand for themselves: no markup, no control characters, no secrets."""
    return Markup(escape(printable(words)))


def join(*parts: Markup) -> Markup:
    return Markup("".join(parts))


def element(name: str, /, *children: Markup, **attributes: str | float) -> Markup:
    """An element. `class_` is the attribute class, `stroke_width` is stroke-width."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{words}/>")
    return Markup(f"<{name}{words}>{join(*children)}</{name}>")


def _value(value: str | float) -> str:
    return text(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
