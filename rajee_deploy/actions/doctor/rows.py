"""What is found, counted and as a document. Pure; `screen` shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.doctor.findings import Finding, Health, worst
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


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
