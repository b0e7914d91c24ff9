"""How many requests this process has sent, for the screen. Nothing may be decided by it."""

from __future__ import annotations

_sent: list[None] = []  # appending is one step, whichever thread does it


def note_request() -> None:
    """One goes out."""
    _sent.append(None)


def requests_sent() -> int:
    """All until now."""
    return len(_sent)
