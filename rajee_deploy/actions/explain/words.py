"""What people read of an explanation: rows on stdout, for that is the verbs' result. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.actions.explain.changes import Cause
from rajee_deploy.actions.explain.reads import by_line, other_inputs
from rajee_deploy.actions.explain.why import Absent, Excluded, InHash, OnTheWay, Outside, RuledOut, Unread
from rajee_deploy.build_record.reads import texts_of
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.fingerprint import kind_of
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.actions.explain.changes import ImageDifference
    from rajee_deploy.actions.explain.reads import LineReads
    from rajee_deploy.actions.explain.replay import Replay
    from rajee_deploy.actions.explain.since import Since
    from rajee_deploy.actions.explain.why import Answer, ContextPath
    from rajee_deploy.console import Console
    from rajee_deploy.fingerprint import Input
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead

_TEXT = 100  # characters of an instruction that are shown
_ROWS = 40  # changes that are shown; --json has them all
_ID = 12  # digits of a commit's id that are shown
_MARKS = {Cause.ADDED: "+", Cause.REMOVED: "-"}
_UNITS = ("B", "kB", "MB", "GB", "TB")


def show_image(console: Console, name: str, inputs: ImageInputs) -> None:
    """What is in an image's hash: its lines, biggest first, then the other inputs; what to know about them is last."""
    fingerprint, lines = inputs.fingerprint, by_line(inputs)
    files, size = sum(line.files for line in lines), sum(line.size for line in lines)
    console.result_headline(f"{name} · {short(fingerprint.tag)} ({fingerprint.precision})")
    console.result_blank()
    console.result_headline(f"{count_text(files, 'file')}, {size_text(size)} in its hash", indent=2)
    if lines:
        console.result_blank()
        console.result_rows([_line_row(line) for line in lines])
    rest = [("instructions", f"{len(inputs.recipe.instructions)} of the stages that the target reaches")]
    console.result_blank()
    console.result_rows([Row(name=key, text=value) for key, value in (*map(_input_row, other_inputs(inputs)), *rest)])
    console.notices(name, inputs.notices)


def _line_row(line: LineReads) -> Row:
    return Row(
        name=f"line {line.line}",
        text=beginning_of(line.text),
        right=f"{count_text(line.files, 'file'):>9}  {size_text(line.size):>6}",
    )


def show_answer(console: Console, name: str, inputs: ImageInputs, answer: Answer) -> None:
    """Why a path is in the image's hash or is not, with the lines of the Dockerfile that matter."""
    texts = texts_of(inputs)
    details: list[Detail] = []
    for read in _lines(answer):
        text = texts.get(read.location.start) or f"{read.instruction.value} {read.source}"
        stage = f" (stage {read.stage.name})" if read.stage.name else ""
        details.append(Detail(name=f"{read.location}: {beginning_of(text)}{stage}"))
        if read.widened:
            details.append(Detail(name=f"everything that the ignore rules leave counts: {read.widened}"))
    mark = "+" if isinstance(answer, InHash | OnTheWay) else "-"
    console.result_rows([Row(mark, name=_sentence(name, answer), details=tuple(details))])


def _sentence(name: str, answer: Answer) -> str:  # noqa: PLR0911 -- one for each answer
    match answer:
        case InHash(withheld=True):
            subject = _name_text(answer.place)
            return f"{subject} is in the hash of {name} as an empty file: its bytes are ignored, it is not"
        case InHash():
            part = f"{count_text(answer.files, 'file')}, {size_text(answer.size)}"
            return f"{_name_text(answer.place)} is in the hash of {name} ({part})"
        case OnTheWay(files=0):
            return f"{_name_text(answer.place)} is not in the hash of {name} itself, but leads to what is"
        case OnTheWay():
            files = count_text(answer.files, "file")
            return f"{_name_text(answer.place)} is in the hash of {name} in part: {files} below it"
        case RuledOut():
            above = "" if answer.at == answer.place.path else f" with all of {answer.at}"
            return f"{_not_in(answer.place, name)}: {answer.file}:{answer.line} removes it{above}: {answer.rule}"
        case Excluded():
            return f"{_not_in(answer.place, name)}: --exclude leaves it out of"
        case Unread(elsewhere=()):
            return f"{_not_in(answer.place, name)}: no instruction reads it"
        case Unread():
            return f"{_not_in(answer.place, name)}: the target needs no instruction that reads it; others do:"
        case Absent():
            near = f"; there is {', '.join(answer.near)}" if answer.near else ""
            return f"{_not_in(answer.place, name)}: it does not exist{near}"
        case Outside():
            roots = ", ".join(answer.roots)
            return f"{answer.path} is not in the hash of {name}: it lies in none of its build contexts ({roots})"
        case _:
            assert_never(answer)


def _not_in(place: ContextPath, name: str) -> str:
    return f"{_name_text(place)} is not in the hash of {name}"


def _name_text(place: ContextPath) -> str:
    context = f" of the build context {place.context}" if place.context else ""
    through = f" (through the symlink {', '.join(place.through)})" if place.through else ""
    return f"{place.path or 'the top'}{context}{through}"


def _lines(answer: Answer) -> Iterable[ContextRead]:
    """The reads that an answer names, each line once."""
    match answer:
        case InHash() | OnTheWay() | Excluded():
            reads = answer.reads
        case Unread():
            reads = answer.elsewhere
        case RuledOut() | Absent() | Outside():
            reads = ()
        case _:
            assert_never(answer)
    return {read.location.start: read for read in reads}.values()


def warn_since(console: Console, found: Since) -> None:
    """What to know about the answer."""
    for name in found.comparisons:
        if name in found.notes:
            console.warn(f"image {name}", found.notes[name])


def show_since(console: Console, found: Since) -> None:
    """What changed in each image since a revision, the first cause on top."""
    for name, comparison in found.comparisons.items():
        then = _then_text(found, name)
        if comparison.is_same:
            console.result_headline(f"{name} · same tag {short(comparison.after)} as {short(then)}")
            continue
        console.result_headline(f"{name} · {short(comparison.before)} {short(then)}, {short(comparison.after)} now")
        console.result_blank()
        console.result_rows([_change_row(change) for change in comparison.changes[:_ROWS]])
        more = len(comparison.changes) - _ROWS
        if more > 0:
            console.result_headline(f"and {count_text(more, 'more change')}; --json has them all", indent=2, style="")


def _then_text(found: Since, name: str) -> str:
    """What an image is compared with: a commit, or a build and how it is known."""
    then = found.thens.get(name)
    if then is None:
        return f"at {found.revision} ({found.commit[:_ID]})"
    asked = "" if found.revision == found.comparisons[name].before else found.revision
    commit = f"at {then.commit[:_ID]}" if then.commit else ""
    dirty = "with uncommitted changes" if then.dirty else ""
    built = " ".join(filter(None, ("built", then.at, commit, dirty))) if then.at or commit else ""
    return f"({'; '.join(filter(None, (asked, built, f'known from {then.known_from}')))})"


def _change_row(change: ImageDifference) -> Row:
    subject = f"{change.context}: {change.subject}" if change.context else change.subject
    before, after = (short(beginning_of(text)) for text in (change.before, change.after))
    text = f"{before} → {after}" if before and after else before or after
    line = f"line {change.line}" if change.line else ""
    return Row(_MARKS.get(change.cause, "~"), change.cause.value, subject, text, line)


def warn_replay(console: Console, found: Replay) -> None:
    """What to know about the answer."""
    failed = [outcome for outcome in found.outcomes if outcome.error]
    notes = [outcome.note for outcome in found.outcomes if outcome.note]
    if failed:
        text = f"{count_text(len(failed), 'commit')} cannot be built, the first for: {failed[0].error}"
        console.warn(f"image {found.image}", text)
    if notes:
        console.warn(f"image {found.image}", f"at {count_text(len(notes), 'commit')}: {notes[0]}")


def show_replay(console: Console, found: Replay) -> None:
    """How many commits of the history need a rebuild, by each way of naming an image."""
    built = found.built
    console.result_headline(f"{found.image} · {count_text(len(built), 'commit')}")
    if not built:
        return
    console.result_blank()
    console.result_rows(
        [
            Row(
                name=f"by {count.way}",
                text=f"{count_text(len(count.new), 'rebuild'):>12}",
                right=f"{len(count.new) / len(built):.0%} of the commits",
            )
            for count in found.counts
        ]
    )


def say(console: Console, text: str, *, is_read: bool) -> None:
    """A sentence of the result, marked by whether what it is about counts."""
    console.result_rows([Row("+" if is_read else "-", name=text)])


def size_text(size: int) -> str:
    """Bytes for people: 512 B, 1.2 kB, 34 MB."""
    number, unit = float(size), 0
    while number >= 999.5 and unit < len(_UNITS) - 1:  # noqa: PLR2004 -- what would be shown as 1000
        number, unit = number / 1000, unit + 1
    digits = 1 if unit and number < 9.95 else 0  # noqa: PLR2004 -- what would be shown as 10.0
    return f"{number:.{digits}f} {_UNITS[unit]}"


def beginning_of(text: str) -> str:
    """A long instruction's beginning."""
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def count_text(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _input_row(item: Input) -> tuple[str, str]:
    _, name = kind_of(item.name)
    if name.startswith("build-arg:"):
        return item.name, "not set" if item.value is not None else "set (its value is private)"
    return item.name, short(item.value or "") or ("the last stage" if name == "target" else "-")
