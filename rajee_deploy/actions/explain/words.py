"""What people read of an explanation: lines and tables on stdout, for that is the verbs' result. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.actions.explain.reads import by_line, other_inputs
from rajee_deploy.actions.explain.why import Absent, Excluded, InHash, OnTheWay, Outside, RuledOut, Unread
from rajee_deploy.build_record.reads import texts_of
from rajee_deploy.console import printable
from rajee_deploy.fingerprint import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.actions.explain.changes import ImageDifference
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
_UNITS = ("B", "kB", "MB", "GB", "TB")


def show_image(console: Console, name: str, inputs: ImageInputs) -> None:
    """What is in an image's hash: a table of lines, biggest first, and one of the other inputs."""
    fingerprint = inputs.fingerprint
    console.notices(name, inputs.notices)
    say(console, f"{name} {fingerprint.tag} ({fingerprint.precision})")
    rows = [
        (str(line.line), beginning_of(line.text), str(line.files), size_text(line.size)) for line in by_line(inputs)
    ]
    if rows:
        console.result_table((">line", "reads", ">files", ">size"), rows)
    rest = [("instructions", f"{len(inputs.recipe.instructions)} of the stages that the target reaches")]
    console.result_table(("input", "value"), [*map(_input_row, other_inputs(inputs)), *rest])


def show_answer(console: Console, name: str, inputs: ImageInputs, answer: Answer) -> None:
    """Why a path is in the image's hash or is not, with the lines of the Dockerfile that matter."""
    say(console, _sentence(name, answer))
    texts = texts_of(inputs)
    for read in _lines(answer):
        text = texts.get(read.location.start) or f"{read.instruction.value} {read.source}"
        stage = f" (stage {read.stage.name})" if read.stage.name else ""
        say(console, f"  {read.location}: {beginning_of(text)}{stage}")
        if read.widened:
            say(console, f"    everything that the ignore rules leave counts: {read.widened}")


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
            say(console, f"{name}: same tag {comparison.after} as {then}")
            continue
        say(console, f"{name}: {comparison.before} {then}, {comparison.after} now")
        rows = [_change_row(change) for change in comparison.changes[:_ROWS]]
        console.result_table(("why", "what", "before", "after", ">line"), rows)
        more = len(comparison.changes) - len(rows)
        if more:
            say(console, f"and {count_text(more, 'more change')}; --json has them all")


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


def _change_row(change: ImageDifference) -> tuple[str, ...]:
    subject = f"{change.context}: {change.subject}" if change.context else change.subject
    before, after = (beginning_of(text) or "-" for text in (change.before, change.after))
    return change.cause.value, subject, before, after, str(change.line or "")


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
    say(console, f"{found.image}: {count_text(len(built), 'commit')}")
    rows = [(count.way, str(len(count.new)), f"{len(count.new) / len(built):.0%}") for count in found.counts if built]
    if rows:
        console.result_table(("named by", ">rebuilds", ">of commits"), rows)


def say(console: Console, text: str) -> None:
    """A line of the result. Names of files come from outside: no byte of them reaches the terminal as it is."""
    console.data(printable(text))


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
    return item.name, item.value or ("the last stage" if name == "target" else "-")
