"""The first line of a screen: the verb at once, and where it acts as soon as that is known.

On a terminal the line is there before anything is imported or asked, and is completed in its place as long as nothing
else was written; a log gets it once, whole. It must never wait for anything, nor say it twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

UP_AND_CLEAR = "\x1b[1A\r\x1b[2K"


class Header:
    """How far the first line is. `text` is what it began with, "" before it does and once it is complete."""

    __slots__ = ("has_spoken", "is_last", "is_written", "text")

    def __init__(self) -> None:
        self.text = ""
        self.is_written = False
        self.is_last = False  # nothing was written since
        self.has_spoken = False  # something was written at all

    def begin(self, text: str, stream: TextIO, *, is_at_once: bool) -> None:
        """A terminal shows it now, what cannot write a line anew (a log) when it is complete or before whatever comes
        first."""
        self.touch(stream)
        self.text, self.is_written = text, False
        if is_at_once:
            self._write(stream)
            self.is_last = True

    def touch(self, stream: TextIO) -> None:
        """Something else is about to be written."""
        if self.text and not self.is_written:
            self._write(stream)
        self.is_last = False
        self.has_spoken = True

    def complete(self, more: str) -> tuple[str, bool] | None:
        """What to show now that `more` is known, and whether it takes the place of the line that is there; None where
        nobody began one."""
        if not self.text:
            return None
        is_replaced, is_whole = self.is_written and self.is_last, not self.is_written or self.is_last
        text = f"{self.text} · {more}" if is_whole else more
        self.text, self.is_written, self.is_last = "", False, False
        return text, is_replaced

    def _write(self, stream: TextIO) -> None:
        self.is_written = True
        stream.write(self.text + "\n")
        stream.flush()


of_this_run = Header()
