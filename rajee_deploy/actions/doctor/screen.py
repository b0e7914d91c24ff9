"""`doctor` as a screen: a row for each finding with its fix. It decides nothing and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.doctor.findings import Finding, Health
from rajee_deploy.console.commands import is_command
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.actions.doctor.rows import Examined

MARKS = {Health.OK: "✓", Health.WARNING: "!", Health.ERROR: "✗", Health.UNKNOWN: "?"}
_NAMES = 6  # cells before and behind a check's name
_GAP = 2
_EDGE = 100  # no fix stands farther to the right


def rows(examined: Examined, width: int, as_pasted: Callable[[str], str] = str, *, is_whole: bool = False) -> list[Row]:
    """What is to be done something about, and below it all else: a row for each finding. `as_pasted` gives commands the
    flags of the run; with `is_whole` codes are shown, and all that somebody else said."""
    longest = max((len(each.check) for each in examined.findings), default=0)
    room = min(width, _EDGE) - _NAMES - longest
    shown = [(each, _row(each, as_pasted(each.fix), room, is_whole=is_whole)) for each in examined.findings]
    wrong = [row for each, row in shown if each.health is not Health.OK]
    well = [row for each, row in shown if each.health is Health.OK]
    return [*wrong, *([Row()] if wrong and well else []), *well]


def _row(finding: Finding, fix: str, room: int, *, is_whole: bool) -> Row:
    """The fix stands behind a short text, else below."""
    code = f" [{finding.code}]" if is_whole and finding.code else ""
    text, mark = f"{finding.text}{code}", MARKS[finding.health]
    said = tuple(Detail(text=f"│ {line}") for line in lines_of(finding.detail.strip())) if is_whole else ()
    if not said and is_command(fix) and "\n" not in fix and len(text) + _GAP + len(fix) <= room:
        return Row(mark, "", finding.check, text, fix)
    fixes = tuple(Detail(text=f"→ {each}") for each in fix.split("\n") if each)
    return Row(mark, "", finding.check, text, details=(*said, *fixes))
