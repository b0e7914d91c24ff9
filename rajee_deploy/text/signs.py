"""What stands for the signs of our screens where only ASCII can be shown. Pure; a test finds signs that are not here.

Marks keep their width, so that columns stay, and their difference: `+` is something that is added, so ✓ is none.
"""

from __future__ import annotations

ASCII = {
    "✓": "v",
    "✗": "x",
    "±": "*",
    "│": "|",
    "─": "-",
    "━": "-",
    "█": "#",
    "·": "-",
    "−": "-",  # noqa: RUF001
    "–": "-",  # noqa: RUF001
    "—": "-",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "×": "x",  # noqa: RUF001
    "…": "...",
    "\xa0": " ",
    "\u2060": "",
    "✅": "v",
    "❌": "x",
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    **dict(zip("▁▂▃▄▅▆▇", "_.-=+*%", strict=True)),
    **dict(zip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\|/-\\|/", strict=True)),
}
