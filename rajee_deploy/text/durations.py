"""How long something took, as people read it. Pure."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """The one format for durations: `140ms`, `1.23s`, `2m 05s`."""
    if seconds < 0.9995:  # noqa: PLR2004 -- below this it rounds to less than a second
        return f"{round(seconds * 1000)}ms"
    if seconds < 59.995:  # noqa: PLR2004 -- below this it rounds to less than a minute
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s"


def in_seconds(seconds: float) -> str:
    """Of what goes on, or is about so long: `48s`, `2m 05s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
