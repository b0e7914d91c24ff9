"""How an error looks: a headline, then why, where, next and code, and no others; what is not known is left out.

An error in, lines out: it shows nothing and decides nothing. Commands are never wrapped, so that they work when pasted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.console import printable
from rajee_deploy.console.commands import bind, is_command, release
from rajee_deploy.console.rows import Piece, Row, lay_out, map_texts, wrap
from rajee_deploy.text.lines import lines_of
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.console.rows import Line
    from rajee_deploy.errors import DeployError, FailedStep, Quote

MOST_LINES = 20  # of a program's words; all of them are in the document of --json
_TEXT = 9  # the column of each text
_CODE = 20
_NARROWEST = 24  # of a text, however narrow the terminal is


def error_lines(error: DeployError, width: int, *, whole: bool = False) -> Iterator[Line]:
    """The lines of an error, no wider than `width` where its words and commands allow it."""
    cut = str if whole else short
    headline = map_texts(_headline(error), lambda text: bind(cut(printable(text))))
    yield from (tuple(Piece(release(piece.text), piece.style) for piece in line) for line in lay_out([headline], width))
    yield ()
    room = max(_NARROWEST, width - _TEXT)
    yield from _named("why", _why(error, room, whole=whole))
    yield from _named("where", _texts(error.where, room))
    yield from _named("next", _texts(error.hint, room), "bold")
    command = f"rajee-deploy explain-error {error.code}"
    line = f"{error.code:<{_CODE}}  {command}"
    yield from _named("code", [line] if len(line) <= room else [error.code, command])


def _headline(error: DeployError) -> Row:
    step = error.step
    if step is None:
        return Row("✗", name=error.problem, style="bold red")
    return Row("✗", step.verb, step.name, f"{step.took:>6}   {error.problem}", style="bold red")


def _named(name: str, lines: list[str], style: str = "") -> Iterator[Line]:
    for number, line in enumerate(lines):
        head = f"  {'' if number else name:<{_TEXT - 2}}"
        yield (Piece(head, "dim"), Piece(line, style))


def _why(error: DeployError, room: int, *, whole: bool) -> list[str]:
    # What a program said belongs to the first sentence: `envoy exited with 1`.
    first, *others = lines_of((error.why if whole else short(error.why)).strip("\n")) or [""]
    lines = _texts(first, room)
    if error.quote is not None:
        lines += _quoted(error.quote, room, whole=whole)
    lines += _texts("\n".join(others), room)
    if error.step is not None:
        lines += [part for text in _others(error.step) for part in wrap(text, room)]
    return lines


def _others(step: FailedStep) -> Iterator[str]:
    """What became of the plan's other steps."""
    if step.done:
        yield printable(f"done before, and it stays: {', '.join(step.done)}")
    if step.left:
        yield printable(f"not begun: {', '.join(step.left)}")


def _quoted(quote: Quote, room: int, *, whole: bool) -> list[str]:
    """A program's last lines, whose own indentation says something, and of how many they are."""
    said = [_plain(line) for each in quote.lines for line in lines_of(each.strip("\n"))]
    shown = said if whole else said[-MOST_LINES:]
    lines = [f"│ {part}".rstrip() for line in shown for part in _indented(line, room - 2)]
    of = max(quote.of, len(said))
    if len(shown) < of:
        lines.append(f"the last {len(shown)} of {of} lines of {quote.what}")
    return lines


def _texts(text: str, room: int) -> list[str]:
    """The lines of a text, wrapped but for commands."""
    lines = []
    for line in lines_of(text.strip("\n")):
        plain = _plain(line)
        lines += [plain] if is_command(plain.lstrip()) else _indented(plain, room)
    return lines


def _plain(line: str) -> str:
    """A line with nothing in it that a terminal would take for more than a sign; a tab is blanks."""
    return printable(line.expandtabs().rstrip())


def _indented(line: str, room: int) -> list[str]:
    """The parts of a line, each below its own indentation."""
    text = line.lstrip()
    own = line[: min(len(line) - len(text), room // 2)]
    parts = wrap(bind(text), max(_NARROWEST, room - len(own))) or [""]
    return [f"{own}{release(part)}" for part in parts]
