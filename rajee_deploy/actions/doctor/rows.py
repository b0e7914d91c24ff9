"""What is shown of findings: a row for each with its fix, and the document. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.doctor.findings import Finding, Health, worst
from rajee_deploy.console.commands import is_command
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

MARKS = {Health.OK: "✓", Health.WARNING: "!", Health.ERROR: "✗", Health.UNKNOWN: "?"}
_NAMES = 6  # cells before and behind a check's name
_GAP = 2
_EDGE = 100  # no fix stands farther to the right


@dataclass(frozen=True, slots=True)
class Examined:
    """All findings, in the order in which they are shown, and what they are about: the settings file ("" for none) and
    the environment."""

    settings: str
    environment: str
    findings: tuple[Finding, ...]

    @property
    def health(self) -> Health:
        """The worst of all."""
        return worst(self.findings)

    def count(self, health: Health) -> int:
        """How many findings are of this health."""
        return sum(finding.health is health for finding in self.findings)


def wrong_alone(examined: Examined) -> Examined:
    """Without what is well."""
    return replace(examined, findings=tuple(each for each in examined.findings if each.health is not Health.OK))


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


_MANY = {Health.ERROR: "errors", Health.WARNING: "warnings", Health.UNKNOWN: "not known"}
_ONE = {**_MANY, Health.ERROR: "error", Health.WARNING: "warning"}


def result(examined: Examined) -> str:
    """How many findings there are of what."""
    counted = [(health, examined.count(health)) for health in _MANY]
    parts = [f"{count} {(_ONE if count == 1 else _MANY)[health]}" for health, count in counted if count]
    return f"{', '.join(parts) or 'nothing is wrong'}; {examined.count(Health.OK)} ok"


def document(examined: Examined, as_pasted: Callable[[str], str] = str) -> dict[str, Any]:
    """`rajee-deploy.doctor/1`."""
    return {
        "schema": "rajee-deploy.doctor/1",
        "settings": examined.settings or None,
        "environment": examined.environment or None,
        "health": examined.health.value,
        "counts": {health.value: examined.count(health) for health in Health},
        "checks": [
            {
                "check": finding.check,
                "subject": finding.subject or None,
                "health": finding.health.value,
                "text": finding.text,
                "fix": as_pasted(finding.fix) or None,
                "code": finding.code or None,
                "detail": finding.detail or None,
            }
            for finding in examined.findings
        ],
    }
