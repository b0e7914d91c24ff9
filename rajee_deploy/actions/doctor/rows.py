"""What is shown of findings: a line for each with its fix, and the document. Pure.

A row: the mark, the check, what it says; the fix behind it where there is room, else below.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.doctor.findings import Finding, Health, worst
from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WIDTH = 80
MARKS = {Health.OK: "✓", Health.WARNING: "!", Health.ERROR: "✗", Health.UNKNOWN: "?"}
_NAME = 15
_BEGINS = 4 + _NAME  # two places, the mark, one more
_FIX = "→ "
# What begins so is for a shell, and stays on one line.
_COMMAND = re.compile(r"(?:rajee-deploy|aws|npm|npx|pnpm|cdk|docker|timedatectl|export|unset|\(cd) ")


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


def lines(examined: Examined, as_pasted: Callable[[str], str] = str, *, is_whole: bool = False) -> Iterator[str]:
    """A line for each finding, and how many there are of what. `as_pasted` gives commands the flags of the run; with
    `is_whole` codes are shown, and all that somebody else said."""
    for finding in examined.findings:
        yield from _lines(finding, as_pasted(finding.fix), is_whole=is_whole)
    yield ""
    yield _summary(examined)


def _lines(finding: Finding, fix: str, *, is_whole: bool) -> Iterator[str]:
    code = f" [{finding.code}]" if is_whole and finding.code else ""
    texts = textwrap.wrap(f"{finding.text}{code}", WIDTH - _BEGINS, **_WHOLE) or [""]
    yield f"  {MARKS[finding.health]} {finding.check:<{_NAME}}{texts[0]}".rstrip()
    yield from _below(texts[1:], "")
    if is_whole:
        yield from _below(lines_of(finding.detail.strip()), "│ ")
    for part in filter(None, fix.split("\n")):
        shown = [part] if _COMMAND.match(part) else textwrap.wrap(part, WIDTH - _BEGINS - len(_FIX), **_WHOLE)
        for number, text in enumerate(shown):
            yield f"{' ' * _BEGINS}{_FIX if not number else ' ' * len(_FIX)}{text}"


def _below(texts: Iterable[str], mark: str) -> Iterator[str]:
    yield from (f"{' ' * _BEGINS}{mark}{text}".rstrip() for text in texts)


_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
_MANY = {Health.ERROR: "errors", Health.WARNING: "warnings", Health.UNKNOWN: "not known"}
_ONE = {**_MANY, Health.ERROR: "error", Health.WARNING: "warning"}


def _summary(examined: Examined) -> str:
    counted = [(health, examined.count(health)) for health in _MANY]
    parts = [f"{count} {(_ONE if count == 1 else _MANY)[health]}" for health, count in counted if count]
    return f"  {', '.join(parts) or 'nothing is wrong'}; {examined.count(Health.OK)} ok"


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
