"""The only door to rich: what the user sees. stdout is data, stderr is talk; colour and width are decided here.

Text from outside (paths, tags, other programs' output) is shown with its control characters escaped and is never read
as markup. This room never decides what happens.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from rajee_deploy import warned
from rajee_deploy.at_work import note
from rajee_deploy.console import header
from rajee_deploy.console.activity_view import ActivityView, StepShown
from rajee_deploy.console.agents import agent_variable
from rajee_deploy.console.header import UP_AND_CLEAR, Header
from rajee_deploy.console.manner import is_quiet, manner_of, width_of
from rajee_deploy.console.streams import Talk, lenient, nowhere
from rajee_deploy.console.tables import plain_table
from rajee_deploy.text.durations import duration
from rajee_deploy.text.numbers import whole
from rajee_deploy.warned import Concern, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import Console as RichConsole

    from rajee_deploy.console.bars import Bar
    from rajee_deploy.console.rows import Line, Row
    from rajee_deploy.errors import DeployError
    from rajee_deploy.model import Notice
    from rajee_deploy.text.hiding import Hider

_LITTLE = "=→"  # marks of what is left out where little is said: what needs nothing, and advice
_BAR = 24

_secrets: list[Hider] = []  # of this process


def hide(secrets: Iterable[str]) -> None:
    """Keep these out of all that is said from now on, whoever says it: AWS tells why it refused a value."""
    from rajee_deploy.text.hiding import hider_of  # where there are secrets alone

    hider = hider_of(secrets)
    if hider not in _secrets:
        _secrets.append(hider)


def without_secrets(value: Any) -> Any:
    match value:
        case str():
            for hidden in _secrets:
                value = hidden(value)
            return value
        case dict():
            return {key: without_secrets(each) for key, each in value.items()}
        case list() | tuple():
            return [without_secrets(each) for each in value]
        case _:
            return value


def printable(text: str) -> str:
    """Text with control characters and undecodable bytes escaped, so that no file name can write to the terminal; and
    without what is to be hidden."""
    text = without_secrets(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _stdin_is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _laid_out(rows: Sequence[Row], width: int) -> list[Line]:
    """The lines of rows that quote others: with nothing in them that a terminal obeys, and with commands whole."""
    from rajee_deploy.console.commands import bind, release
    from rajee_deploy.console.rows import Piece, lay_out, map_texts

    safe = [map_texts(row, lambda text: bind(printable(text))) for row in rows]
    return [tuple(Piece(release(piece.text), piece.style) for piece in line) for line in lay_out(safe, width)]


class Console:
    """What a command says while it works, and its result."""

    def __init__(
        self, *, stdout: TextIO | None = None, stderr: TextIO | None = None, verbose: bool = False, quiet: bool = False
    ) -> None:
        self._stdout = stdout or sys.stdout or nowhere()
        is_own = stdout is not None or stderr is not None  # with streams of its own it speaks for itself alone
        self._header = Header() if is_own else header.of_this_run
        self._screen = stderr or sys.stderr or nowhere()
        talk = Talk(self._screen, self._header)
        self._stderr = cast("TextIO", talk)
        self.verbose = verbose
        self.quiet = not verbose and (quiet or (not is_own and is_quiet()))
        self._manner = manner_of(os.environ, is_terminal=self._screen.isatty())
        self.warned: list[Warned] = [] if is_own else warned.of_this_run  # what was shown, in that order
        self.on_warning: Callable[[Warned], None] = lambda _warning: None  # for who follows along
        self._made: RichConsole | None = None
        self._painter: RichConsole | None = None
        self._making = threading.Lock()
        # Lines without colour need no rich, whose import costs more than a fingerprint.
        self._is_plain = not (self._manner.has_colour or self._manner.moves)
        self._held: list[Concern] | None = None  # warnings that wait for the plan that they are about
        self._told: set[Warned] = set()
        moves = self._manner.moves and not self.quiet
        self._view = ActivityView(talk, lambda text: self.tell(text, "dim"), self._paint, moves=moves, quiet=self.quiet)

    # -- stdout: data ----------------------------------------------------------------------------------------------

    def data(self, text: str) -> None:
        """The command's result, or lines of it."""
        self._stdout.write("\n".join(map(printable, text.split("\n"))) + "\n")

    def document(self, document: Any) -> None:
        """The result as one JSON document, with all warnings that were shown meanwhile."""
        for late in warned.take_waiting():
            self.warn(late.subject, late.message, late.code)
        if self.warned and isinstance(document, dict):
            from rajee_deploy.console.documents import with_shown

            document = {**document, "warnings": with_shown(document.get("warnings", ()), self.warned)}
        self._stdout.write(json.dumps(without_secrets(document) if _secrets else document, indent=2) + "\n")

    def result_rows(self, rows: Sequence[Row]) -> None:
        """Rows of one block, as the command's result."""
        self.result_lines(_laid_out(rows, self.result_width))

    def result_headline(self, left: str, right: str = "", *, indent: int = 0, style: str = "bold") -> None:
        """A line that stands for what follows, as part of the command's result."""
        from rajee_deploy.console.rows import headline_of

        texts = printable(left), printable(right)
        self.result_lines(headline_of(*texts, self.result_width, indent=indent, style=style))

    def result_blank(self) -> None:
        """An empty line, between blocks of the result."""
        self.result_lines([()])

    @property
    def shows_result(self) -> bool:
        """Whether the result is seen where the talk is, on one screen."""
        return self._stdout.isatty() and self._stderr.isatty()

    @property
    def result_width(self) -> int:
        """How many cells a line of the result may have."""
        return width_of(os.environ, self._stdout)

    def result_lines(self, lines: Sequence[Line]) -> None:
        """Lines that were laid out already, as the command's result."""
        manner = manner_of(os.environ, is_terminal=self._stdout.isatty())
        if not (manner.has_colour or manner.moves):
            lenient(self._stdout)
            self._stdout.write("".join(f"{''.join(piece.text for piece in line)}\n" for line in lines))
            return
        from rich.text import Text

        target = self._rich(self._stdout)
        for line in lines:
            target.print(Text.assemble(*((piece.text, piece.style) for piece in line)), soft_wrap=True)

    # -- stderr: talk ----------------------------------------------------------------------------------------------

    def begin(self, text: str) -> None:
        """The first line: on a terminal at once, for rich is not waited for; see `header`."""
        if not self.quiet:
            with contextlib.suppress(OSError):
                self._header.begin(printable(text), self._screen, is_at_once=self._manner.is_watched)

    def complete(self, more: str, right: Callable[[], str]) -> None:
        """The first line with what is known by now of where the command acts, once; `right` is asked where there is
        one to complete."""
        found = self._header.complete(more)
        if found is None:
            return
        text, is_replaced = found
        if is_replaced and self._manner.moves:
            self._stderr.write(UP_AND_CLEAR)
        self.headline(text, right())

    def say(self, text: str, style: str = "") -> None:
        """A line of talk, for who wants to know more than how it ended."""
        if not self.quiet:
            self.tell(text, style)

    def tell(self, text: str, style: str = "") -> None:
        """A line that is said however little is."""
        if self._is_plain:
            self._stderr.write(printable(text) + "\n")
            return
        from rich.text import Text

        self._talk.print(Text(printable(text), style=style), soft_wrap=True)

    def item(self, mark: str, subject: str, text: str, style: str = "") -> None:
        """A marked line: what it is about, and what is said of it."""
        if self.quiet and mark in _LITTLE:
            return
        if self._is_plain:
            self._stderr.write(f"{mark} {printable(subject):<28} {printable(text)}\n")
            return
        from rich.text import Text

        line = Text.assemble((f"{mark} ", style), (f"{printable(subject):<28}", "bold"), " ", printable(text))
        self._talk.print(line, soft_wrap=True)

    def rows(self, rows: Sequence[Row]) -> None:
        """Rows of one block, in columns that they share (see `rows`)."""
        from rajee_deploy.console.rows import short_form

        if self.quiet:
            rows = short_form(rows, _LITTLE)
        self._print_lines(_laid_out(rows, self.width))

    def headline(self, left: str, right: str = "", *, indent: int = 0, style: str = "bold") -> None:
        """A line that stands for what follows, with a text at its right edge."""
        from rajee_deploy.console.rows import headline_of

        self._print_lines(headline_of(printable(left), printable(right), self.width, indent=indent, style=style))

    def blank(self) -> None:
        """An empty line, between blocks."""
        if not self.quiet:
            self._print_lines([()])

    @property
    def width(self) -> int:
        """How many cells a line of talk may have."""
        return width_of(os.environ, self._screen)

    def _paint(self, line: Line) -> str:
        """A line as the terminal takes it."""
        from rich.text import Text

        if self._painter is None:
            # None that says anything: what is painted while the other writes must not have that once more.
            self._painter = self._rich(self._stderr)
        with self._painter.capture() as painted:
            self._painter.print(Text.assemble(*((piece.text, piece.style) for piece in line)), end="", soft_wrap=True)
        return painted.get()

    def _print_lines(self, lines: Sequence[Line]) -> None:
        if self._is_plain:
            self._stderr.write("".join("".join(piece.text for piece in line) + "\n" for line in lines))
            return
        from rich.text import Text

        for line in lines:
            self._talk.print(Text.assemble(*((piece.text, piece.style) for piece in line)), soft_wrap=True)

    def first(self, texts: Sequence[str], most: int = 1, what: str = "reason") -> list[str]:
        """The first of many texts, and how many more there are of `what`; all of them with -v (the verb has it)."""
        more = len(texts) - most
        if self.verbose or more <= 0:
            return list(texts)
        rest = f"1 more {what}, -v shows it" if more == 1 else f"{more} more {what}s, -v shows them"
        return [*texts[: most - 1], f"{texts[most - 1]} … and {rest}"]

    def notices(self, image: str, notices: Sequence[Notice]) -> None:
        """A line per kind of notice: the first of its kind, and how many more there are; or all, when asked for."""
        found = [Concern(Warned(f"image {image}", one.code, one.message), one.line, is_alike=True) for one in notices]
        self._show_warnings(found, is_whole=self.verbose)
        self._keep_warnings(found)

    def warn(self, subject: str, text: str, code: str = "") -> None:
        """Something that does not stop the run, shown now (or with the plan that is being made) and in the document of
        --json; a subject of "" is the run."""
        concern = Concern(Warned(subject, code, text))
        if self._held is None:
            self._show_warnings([concern])
        else:
            self._held.append(concern)
        self._keep_warnings([concern])

    def warnings(self, found: Iterable[Concern], *, is_whole: bool = False) -> None:
        """What is to be known of what was shown, with what was held back for it; each once in a run."""
        held, self._held = self._held or [], None
        fresh = [each for each in (*held, *found) if each.warned not in self._told]
        self._show_warnings(fresh, is_whole=is_whole)
        self._told.update(each.warned for each in fresh)
        self._keep_warnings([each for each in fresh if each not in held])

    @contextmanager
    def hold_warnings(self) -> Iterator[None]:
        """Warnings wait for `warnings`, which whoever shows what is made here calls; where that fails they are shown at
        once."""
        self._held = self._held or []
        try:
            yield
        except BaseException:
            self.warnings(())
            raise

    def _keep_warnings(self, found: Sequence[Concern]) -> None:
        for each in found:
            self.warned.append(each.warned)
            self.on_warning(each.warned)

    def _show_warnings(self, found: Sequence[Concern], *, is_whole: bool = False) -> None:
        if not found:
            return
        from rajee_deploy.console.warning_rows import rows_of

        self.rows(rows_of(found, is_whole=is_whole))

    def detail(self, text: str) -> None:
        """A line from inside a phase, kept on the screen."""
        self.say(f"    {text}", "dim")

    def working(self, text: str) -> None:
        """What this thread's phase is busy with right now; on a terminal it replaces the former, elsewhere it is left
        out unless asked for."""
        if not self.progress(text) and self.verbose:
            self.detail(text)

    def progress(self, text: str) -> bool:
        """How far it is: for a terminal alone, since nobody wants each percent on a line. Whether it is shown."""
        return self._view.note(printable(text))

    def board(self, lines: Sequence[tuple[str, str]]) -> None:
        """What this thread sees of the work that goes on (names, each with what is said of it), until it sees something
        else."""
        self._view.show_below([(printable(name), printable(text)) for name, text in lines])

    def expect_steps(self, names: Sequence[str]) -> None:
        """The names of the steps that will follow: they share a column."""
        self._view.expect([printable(name) for name in names])

    def can_ask(self) -> bool:
        """Whether somebody is there who can answer."""
        return self._manner.may_ask and _stdin_is_terminal()

    def has_agent(self) -> bool:
        """Whether a coding agent sits at the terminal: it is not asked, and cannot agree to what a person has to."""
        return bool(agent_variable(os.environ)) and self._screen.isatty() and _stdin_is_terminal()

    def ask(self, question: str) -> bool:
        """A question that is answered with y or anything else."""
        self._stderr.write(f"{printable(question)} [y/N] ")
        self._stderr.flush()
        answer = sys.stdin.readline()
        self._view.resume()
        return answer.strip().lower() in ("y", "yes")

    def choose(self, question: str, names: Sequence[str]) -> int | None:
        """The place of the one that was chosen by its number; None where three answers are none."""
        for number, name in enumerate(names, 1):
            self._stderr.write(f"  {number}  {printable(name)}\n")
        for _ in range(3):
            self._stderr.write(f"{printable(question)} [1-{len(names)}] ")
            self._stderr.flush()
            number = whole(sys.stdin.readline().strip()) or 0
            if 1 <= number <= len(names):
                return number - 1
        return None

    @contextmanager
    def spinner(self, text: str) -> Iterator[None]:
        """Names a piece of work before it starts, and shows that it is going on: on a terminal by a line that moves, in
        a log now and then."""
        note(text)
        self._begin(text)
        with self._view.during(printable(text)):
            yield

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Names what is short as a rule, and so is not worth a line even with -v."""
        with self._view.during(printable(text)):
            yield

    @contextmanager
    def step(self, verb: str, name: str, usual: str = "") -> Iterator[StepShown]:
        """A step of a plan: shown while it goes on, and by a line once it is done. One that fails is the error's."""
        note(f"{verb} {name}")
        self._begin(f"{verb} {name}")
        shown, began = StepShown(), time.monotonic()
        with self._view.during(printable(name), verb, usual):
            yield shown
        words = verb, printable(name), duration(time.monotonic() - began)
        shown.text = printable(shown.text)
        self._print_lines(self._view.done_lines(words, shown, self.width))

    def _begin(self, text: str) -> None:
        if self.verbose and not self._view.moves:
            self.say(f"… {text}", "dim")

    def bars(self, rows: Sequence[Bar]) -> None:
        """Durations with bars (see `bars`)."""
        from rajee_deploy.console.bars import bar_lines

        shown = [row for row in rows if not (self.quiet and row.of)]  # the parts of a whole
        safe = [replace(row, name=printable(row.name), text=printable(row.text)) for row in shown]
        self._print_lines(bar_lines(safe, self.width))

    def timings(self, phases: Sequence[tuple[str, float, str]], total: float, total_text: str) -> None:
        """A table of phases (name, seconds, the duration as text) with bars against the total."""
        rows = [
            (name, text, "█" * max(1, round(_BAR * seconds / total)) if total else "") for name, seconds, text in phases
        ]
        self.table(("phase", ">time", ""), [*rows, ("total", total_text, "")], last_is_total=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, last_is_total: bool = False) -> None:
        """A plain table on stderr; a column whose name starts with `>` is aligned to the right."""
        if self.quiet:
            return
        shown = [[printable(cell) for cell in row] for row in rows]
        lines = plain_table(columns, shown, self.width) if self._is_plain else None
        if lines is not None:
            self._stderr.write("".join(f"{line}\n" for line in lines))
            return
        self._print_table(self._talk, columns, rows, last_is_total=last_is_total)

    def error(self, error: DeployError) -> None:
        """An expected failure: what happened, why, where, and what to do next."""
        from rajee_deploy.console.documents import shown_error
        from rajee_deploy.console.errors import error_lines

        lines = list(error_lines(shown_error(error), self.width, whole=self.verbose))
        # Below the rows of steps it is one of them; below anything else it begins anew.
        self._print_lines([(), *lines] if self._header.has_spoken and error.step is None else lines)

    # -- how -------------------------------------------------------------------------------------------------------

    @property
    def _talk(self) -> RichConsole:
        # One for all threads: rich shows lines above the moving rows only where both go through one console.
        with self._making:
            if self._made is None:
                self._made = self._rich(self._stderr)
            return self._made

    def _rich(self, stream: TextIO) -> RichConsole:
        from rich.console import Console as RichConsole

        lenient(stream)
        manner = manner_of(os.environ, is_terminal=stream.isatty())
        # Its own look at the environment decides nothing: what it would find, `manner` has decided.
        return RichConsole(
            file=stream,
            force_terminal=manner.has_colour or manner.moves,
            color_system="standard" if manner.has_colour else None,
            no_color=not manner.has_colour,
            width=width_of(os.environ, stream),
            highlight=False,
            emoji=False,
        )

    @staticmethod
    def _print_table(
        target: RichConsole, columns: Sequence[str], rows: Sequence[Sequence[str]], *, last_is_total: bool = False
    ) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            is_number = column.startswith(">")
            justify: Literal["left", "right"] = "right" if is_number else "left"
            table.add_column(Text(column.lstrip(">")), justify=justify, overflow="fold", no_wrap=is_number)
        for number, row in enumerate(rows):
            style = "bold" if last_is_total and number == len(rows) - 1 else ""
            table.add_row(*(Text(printable(cell), style=style) for cell in row))
        target.print(table)
