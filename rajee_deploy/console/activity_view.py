"""What goes on, and how it is seen: by lines that move where there is a terminal, by a heartbeat in a log.

Owns which of them it is, and that neither is imported where all is over at once. It never decides what goes on.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rajee_deploy.console.activities import Activities
    from rajee_deploy.console.board import Board
    from rajee_deploy.console.heartbeat import Heartbeat
    from rajee_deploy.console.rows import Line
    from rajee_deploy.console.streams import Talk

_USUAL_SIZE = (80, 24)


@dataclass(slots=True)
class StepShown:
    """What is said of a step once it is done: its mark, and what came of it. Whoever does the step says it."""

    text: str = ""
    mark: str = "✓"


class ActivityView:
    """What goes on, as it is seen on `talk`: where lines can move (`moves`) through `paint`, in a log through `say`."""

    def __init__(
        self, talk: Talk, say: Callable[[str], None], paint: Callable[[Line], str], *, moves: bool, quiet: bool
    ) -> None:
        self._talk = talk
        self.moves = moves
        self._quiet = quiet
        self._say = say
        self._paint = paint
        self._making = threading.RLock()  # of threads that begin at once, each would make its own
        self._activities: Activities | None = None
        self._shown_by: Board | Heartbeat | None = None

    @contextmanager
    def during(self, name: str, verb: str = "", usual: str = "") -> Iterator[None]:
        """This thread is at it, or with a verb: at such a step of a plan with what has this name."""
        from rajee_deploy.console.activities import Activity

        words = f"{verb} {name}" if verb else name
        activity = Activity(words, verb=verb, subject=name if verb else "", usual=usual)
        shown_by = self._shown()
        with self._all().during(activity, shown_by.start, shown_by.stop):
            yield

    def note(self, text: str) -> bool:
        """What this thread is busy with. Whether anybody can see it now."""
        is_noted = self._activities is not None and self._activities.note(text)
        return is_noted and self.moves

    def show_below(self, lines: Sequence[tuple[str, str]]) -> None:
        """What this thread sees of the work that goes on."""
        self._all().show_below(lines)

    def expect(self, names: Sequence[str]) -> None:
        """The names of the steps to come."""
        self._all().names = tuple(names)

    def resume(self) -> None:
        """Whoever was asked has answered."""
        if self._talk.board is not None:
            self._talk.board.resume()

    def done_lines(self, words: tuple[str, str, str], shown: StepShown, width: int) -> Sequence[Line]:
        """A step that is over: its verb, its name and how long it took, and what came of it."""
        from rajee_deploy.console.rows import STYLES, Piece
        from rajee_deploy.console.step_lines import StepColumns, done_lines

        mark = Piece(shown.mark, STYLES.get(shown.mark, ""))
        return done_lines(mark, words, shown.text, StepColumns(width, self._all().names))

    def size(self) -> tuple[int, int]:
        """The columns and rows of the terminal. COLUMNS can make it narrower, and not wider: lines would wrap."""
        try:
            columns, rows = os.get_terminal_size(self._talk.fileno())
        except (OSError, ValueError):  # a stream that is no file
            columns, rows = 0, 0
        given = whole(os.environ.get("COLUMNS", "")) or 0
        return min(filter(None, (columns, given)), default=_USUAL_SIZE[0]), rows or _USUAL_SIZE[1]

    def _all(self) -> Activities:
        with self._making:
            if self._activities is None:
                from rajee_deploy.console.activities import Activities

                self._activities = Activities()
            return self._activities

    def _shown(self) -> Board | Heartbeat:
        with self._making:
            if self._shown_by is None:
                self._shown_by = self._board() if self.moves else self._heartbeat()
            return self._shown_by

    def _board(self) -> Board:
        from rajee_deploy.console.board import Board

        self._talk.board = Board(self._all(), self._talk.stream, self.size, self._paint)
        return self._talk.board

    def _heartbeat(self) -> Heartbeat:
        from rajee_deploy.console.heartbeat import QUIET_SECONDS, SECONDS, Heartbeat

        seconds = QUIET_SECONDS if self._quiet else SECONDS
        return Heartbeat(self._all(), self._say, lambda: self._talk.said_at, seconds)
