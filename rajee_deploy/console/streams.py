"""stdout and stderr as a program finds them: closed, without a reader, or unable to show a character."""

from __future__ import annotations

import contextlib
import io
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from rajee_deploy.console.board import Board
    from rajee_deploy.console.header import Header


def nowhere() -> TextIO:
    """For a stream that was closed before we started."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 -- it lives as long as the program


class Talk(io.TextIOBase):
    """stderr, whose reader may go away: a deploy is not abandoned because nobody listens."""

    def __init__(self, stream: TextIO, header: Header) -> None:
        self.stream = stream
        self._header = header
        self.board: Board | None = None  # lines that move below what is said
        self.said_at = time.monotonic()  # the last word
        lenient(stream)

    def write(self, text: str) -> int:
        if not text:  # rich does that
            return 0
        self.said_at = time.monotonic()
        with contextlib.suppress(OSError):
            self._header.touch(self.stream)
            if self.board is not None:
                self.board.say(text)
                return len(text)
            return self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What rich asks to choose its characters by."""
        return self.stream.encoding or "utf-8"


def lenient(stream: TextIO) -> None:
    """A terminal that knows no "✓" shows its code, and the program goes on."""
    if hasattr(stream, "reconfigure") and getattr(stream, "errors", "") in (None, "", "strict", "surrogateescape"):
        stream.reconfigure(errors="backslashreplace")
