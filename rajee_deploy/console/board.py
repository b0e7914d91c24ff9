"""The moving lines at the bottom of a terminal: what goes on, and for how long. What is said meanwhile goes above them.

Owns the thread that moves them, and where the cursor is: below the last of them, at the left edge. Lines are written
over the former ones in one piece, so nothing flickers; none is as wide as the terminal, so none wraps; and where the
terminal got narrower, the lines that it has wrapped since are counted. It must never decide what is shown.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.at_work import times_resumed
from rajee_deploy.console.rows import Piece, cells
from rajee_deploy.console.step_lines import NAME, StepColumns, crop, head
from rajee_deploy.text.durations import in_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from rajee_deploy.console.activities import Activities, Below, ThreadActivity
    from rajee_deploy.console.rows import Line

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"
_PER_SECOND = 10
_BEFORE = 0.3  # seconds: what is over sooner is not worth a line
_UP = "\x1b[{}A"
_CLEAR_LINE, _CLEAR_BELOW = "\x1b[K", "\x1b[J"
_SPARE = 2  # rows of a terminal that stay for others: the cursor's, and one above


class Board:
    """Shows the activities on a terminal, as long as there are any. `size` tells its columns and rows, `paint` makes a
    line's pieces what the terminal shows."""

    def __init__(
        self,
        activities: Activities,
        stream: TextIO,
        size: Callable[[], tuple[int, int]],
        paint: Callable[[Line], str],
        before: float = _BEFORE,
    ) -> None:
        self._activities = activities
        self._stream = stream
        self._size = size
        self._paint = paint
        self._before = before
        self._one = threading.RLock()
        self._drawn: list[int] = []  # the widths of the lines that are there now
        self._line_is_open = False  # somebody has said half a line, and goes on behind it
        self._done: threading.Event | None = None
        self._resumed = times_resumed()

    def start(self) -> None:
        """From now on, as long as something goes on."""
        self._done = threading.Event()
        with suppress(RuntimeError):  # the machine starts no more threads: then nothing moves, and all goes on
            threading.Thread(target=self._move, args=(self._done,), name="board", daemon=True).start()

    def stop(self) -> None:
        """No more: nothing of it is left on the screen."""
        with self._one:
            if self._done is not None:
                self._done.set()
                self._done = None
            self._put(self._cleared())
            self._drawn = []

    def say(self, text: str) -> None:
        """Something that stays, above what moves."""
        with self._one:
            is_shown = bool(self._drawn)
            put = self._cleared() + text
            self._drawn = []
            self._line_is_open = not text.endswith("\n")
            if is_shown and not self._line_is_open:
                put += self._redrawn()
            self._put(put)

    def resume(self) -> None:
        """Whoever was asked has answered, and so ended the line."""
        with self._one:
            self._line_is_open = False

    def refresh(self) -> None:
        """Show what goes on now."""
        with self._one:
            if self._done is not None and not self._line_is_open:
                self._put(self._redrawn())

    def _move(self, done: threading.Event) -> None:
        wait = self._before
        while not done.wait(wait):
            self.refresh()
            wait = 1 / _PER_SECOND

    def _redrawn(self) -> str:
        """What writes the lines of now over those that are there."""
        columns, rows = self._size()
        now = time.monotonic()
        shown = [crop(line, columns - 1) for line in self._fitting(columns, rows, now)]
        put = self._to_top() + "".join(f"{self._paint(line)}{_CLEAR_LINE}\n" for line in shown) + _CLEAR_BELOW
        self._drawn = [sum(cells(piece.text) for piece in line) for line in shown]
        return put

    def _fitting(self, columns: int, rows: int, now: float) -> Sequence[Line]:
        """The lines, no more than there is room for: what was seen last gives way first."""
        encoding = str(getattr(self._stream, "encoding", "") or "utf-8").lower()
        frames = _SPINNER if encoding.startswith("utf") else _PLAIN_SPINNER
        mark = Piece(frames[int(now * _PER_SECOND) % len(frames)], "cyan")
        places = StepColumns(columns, self._activities.names)
        made = lines(self._activities.sights(), self._activities.below(), mark, places, now)
        most = max(rows - _SPARE, 1)
        if len(made) <= most:
            return made
        left = len(made) - most + 1
        return [*made[: most - 1], (Piece(f"{' ' * NAME}… and {left} more"),)]

    def _cleared(self) -> str:
        return self._to_top() + _CLEAR_BELOW if self._drawn else ""

    def _to_top(self) -> str:
        """To the left edge of the first line that is there. A terminal that got narrower has wrapped some; what was
        there before the process was stopped stays, since a shell has written below it."""
        if self._resumed != times_resumed():
            self._resumed, self._drawn = times_resumed(), []
        columns, _ = self._size()
        rows = sum(max(1, -(-width // max(columns, 1))) for width in self._drawn)
        return "\r" + (_UP.format(rows) if rows else "")

    def _put(self, text: str) -> None:
        with suppress(OSError):
            if text:
                self._stream.write(text)
                self._stream.flush()


def lines(sights: Sequence[ThreadActivity], below: Below, mark: Piece, columns: StepColumns, now: float) -> list[Line]:
    """What goes on, a line each, and below them what is seen of it."""
    made = [line for sight in sights for line in _of_sight(sight, mark, columns, now, with_text=not below)]
    names = max((cells(name) for name, _ in below), default=0)
    for name, text in below:
        made.append((Piece(f"{' ' * NAME}{name:<{names}}  "), Piece(text, "dim" if not name else "")))
    return made


def _of_sight(sight: ThreadActivity, mark: Piece, columns: StepColumns, now: float, *, with_text: bool) -> list[Line]:
    one = sight.activity
    seconds = now - one.began
    took = in_seconds(seconds) if seconds >= 1 else ""
    first = head(mark, one.verb, one.subject or one.name, took, columns)
    text = sight.text if with_text else ""
    beside = text if not one.verb else one.usual  # a step has its text below, where there is more room
    below = text if one.verb else ""
    if columns.is_narrow:
        beside, below = "", "   ".join(filter(None, (beside, below)))
    line = (*first, Piece("   "), Piece(beside, "dim")) if beside else first
    return [line, (Piece(" " * NAME), Piece(below, "dim"))] if below else [line]
