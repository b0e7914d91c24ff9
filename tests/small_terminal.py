"""A terminal as far as we write to it: lines that wrap and scroll, a cursor, and what moves and clears. It shows what a
person would see, and joins wrapped lines again where it gets wider, as most terminals do."""

from __future__ import annotations

import io
import re
import threading

_PIECES = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\n)|(\r)|([^\x1b\n\r]+)")


class SmallTerminal(io.StringIO):
    """A stream that is a terminal of so many columns and rows. `text` is what stands on it, and above it."""

    encoding = "utf-8"

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        super().__init__()
        self.columns, self.rows = columns, rows
        self.lines: list[tuple[str, bool]] = [("", False)]  # each with whether it was wrapped into the next
        self.row = self.column = 0
        self.written: list[str] = []
        self.got = threading.Condition()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self.got:
            self.written.append(text)
            for numbers, order, line_feed, back, plain in _PIECES.findall(text):
                if order:
                    self._order(numbers, order)
                elif line_feed:
                    self._down()
                    self.column = 0
                elif back:
                    self.column = 0
                else:
                    self._put(plain)
            self.got.notify_all()
        return len(text)

    def wait_for(self, words: str) -> None:
        """Until that can be seen."""
        with self.got:
            assert self.got.wait_for(lambda: words in self.text, 20), self.text

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line, _ in self.lines).rstrip("\n")

    def resize(self, columns: int) -> None:
        """As terminals do that wrap anew: the cursor stays at its character."""
        with self.got:
            joined, line, at = [], "", None
            for number, (part, wraps) in enumerate(self.lines):
                if number == self.row:
                    at = len(joined), len(line) + self.column
                line += part
                if not wraps:
                    joined.append(line)
                    line = ""
            self.columns, self.lines = columns, []
            for number, whole in enumerate(joined):
                parts = [whole[start : start + columns] for start in range(0, max(len(whole), 1), columns)]
                if at is not None and number == at[0]:
                    self.row, self.column = len(self.lines) + at[1] // columns, at[1] % columns
                self.lines += [(part, part is not parts[-1]) for part in parts]

    def _order(self, numbers: str, order: str) -> None:
        first = int(numbers.split(";", maxsplit=1)[0].lstrip("?") or 0)
        line, _ = self.lines[self.row]
        match order:
            case "A":
                top = max(len(self.lines) - self.rows, 0)
                self.row = max(self.row - max(first, 1), top)
            case "K":
                self.lines[self.row] = ("" if first == 2 else line[: self.column]), False
            case "J":
                self.lines[self.row :] = [(line[: self.column], False)]
            case "m":
                pass
            case _:
                raise AssertionError(f"{numbers}{order} is nothing that we write")

    def _put(self, text: str) -> None:
        for sign in text:
            if self.column == self.columns:
                self.lines[self.row] = self.lines[self.row][0], True
                self._down()
                self.column = 0
            line, wraps = self.lines[self.row]
            line = line.ljust(self.column)
            self.lines[self.row] = line[: self.column] + sign + line[self.column + 1 :], wraps
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append(("", False))
