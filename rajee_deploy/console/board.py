"""The moving lines below what is said: what goes on, one line each. Imported where there is a terminal alone."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.console import ConsoleOptions, RenderResult
    from rich.text import Text


@dataclass(slots=True)
class Activity:
    """One piece of work that goes on: its name, what it is busy with, and since when."""

    name: str
    text: str = ""
    began: float = field(default_factory=time.monotonic)


class Board:
    """All that goes on, one line each and never more than the terminal's width."""

    def __init__(self, rows: dict[int, Activity], below: dict[int, tuple[str, ...]]) -> None:
        from rich.spinner import Spinner

        self._rows = rows
        self._below = below
        self._spinner = Spinner("dots")

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        sign = self._spinner.render(console.get_time())
        for row in list(self._rows.values()):
            seconds = int(time.monotonic() - row.began)
            line = Text.assemble(str(sign), " ", (row.name, "bold"), f" {seconds}s  " if seconds else "  ", row.text)
            yield _fit(line, options.max_width)
        for lines in list(self._below.values()):
            yield from (_fit(Text(f"    {line}"), options.max_width) for line in lines)


def _fit(line: Text, width: int) -> Text:
    line.truncate(width - 1, overflow="ellipsis")
    line.no_wrap = True
    return line
