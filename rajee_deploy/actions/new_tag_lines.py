"""What made a tag new, as lines below the build: the first files, with the line of the Dockerfile that reads each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.explain.changes import Cause
from rajee_deploy.actions.new_tags import NewTag, line_of, place_of
from rajee_deploy.console.rows import Detail

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.actions.explain.changes import ImageDifference
    from rajee_deploy.image.inputs import ImageInputs

_MOST = 3
_LONGEST = 60  # characters of an instruction
# How what is no file is called; `{}` is its own name.
_WORDS = {
    Cause.SCHEME: "the scheme of hashes",
    Cause.MODES: "how permissions count",
    Cause.PLATFORM: "platform",
    Cause.TARGET: "target",
    Cause.ARGS: "build argument {}",
    Cause.CONTEXT: "build context {}",
    Cause.SECRET: "secret {}",
    Cause.LABEL: "label {}",
    Cause.BASE: "base",
    Cause.REFERENCE: "image of {}",
    Cause.INSTRUCTION: "{}",
    Cause.READS: "what {} selects",
    Cause.INPUT: "{}",
    Cause.GIT: "{}",
}


def details(new: NewTag, inputs: ImageInputs, top: Path, *, is_whole: bool) -> tuple[Detail, ...]:
    """The first causes, the file that is read first on top, and how many there are besides."""
    shown = new.changes if is_whole else new.changes[:_MOST]
    lines = [_line(change, inputs, top, is_whole=is_whole) for change in shown]
    left = len(new.changes) - len(shown)
    lines += [Detail(name=f"and {left} more: --explain shows them")] if left else []
    count = Detail(name=f"{new.files:,} file{'s' if new.files != 1 else ''} count{'s' if new.files == 1 else ''}")
    return (*lines, count)


def in_a_line(new: NewTag, inputs: ImageInputs, top: Path) -> str:
    """The first cause by its name, and how many there are besides; no values, for they may be nobody's business later.
    "" where nothing is known to differ."""
    if not new.changes:
        return ""
    first = _line(new.changes[0], inputs, top, is_whole=False)
    left = len(new.changes) - 1
    return f"{first.mark} {first.name}" + (f", and {left} more" if left else "")


def _line(change: ImageDifference, inputs: ImageInputs, top: Path, *, is_whole: bool) -> Detail:
    mark = "+" if not change.before else "-" if not change.after else "~"
    place = place_of(change, inputs, top)
    if place:
        text = f"{change.before} → {change.after}" if is_whole and mark == "~" and change.before != change.after else ""
        return Detail(mark, place, text, line_of(change, inputs))
    name = _WORDS[change.cause].format(change.subject)
    return Detail(mark, name, _moved(change, is_whole=is_whole), line_of(change, inputs))


def _moved(change: ImageDifference, *, is_whole: bool) -> str:
    """From what to what, as much of it as a line takes."""
    if change.cause is Cause.ARGS:
        return change.after or "gone"
    if change.cause is Cause.INSTRUCTION and not is_whole:
        return _beginning(change.after or change.before)
    before, after = (text if is_whole else _beginning(text) for text in (change.before, change.after))
    return " → ".join(filter(None, (before, after)))


def _beginning(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"


def document_of(new: NewTag, inputs: ImageInputs, top: Path) -> dict[str, Any]:
    """For `rajee-deploy.plan/1`: the deployed tag, and every cause."""
    return {
        "deployed": new.before,
        "files": new.files,
        "changes": [
            {
                "cause": change.cause.value,
                "subject": place_of(change, inputs, top) or change.subject,
                "before": change.before,
                "after": change.after,
                "line": change.line,
            }
            for change in new.changes
        ],
    }
