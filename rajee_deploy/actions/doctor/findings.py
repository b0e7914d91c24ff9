"""What a check says. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.errors import DeployError


class Health(Enum):
    """OK. A WARNING: a run goes on, and somebody will be sorry. An ERROR: a run would fail with it. UNKNOWN: it could
    not be found out."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


# Codes that say nothing of what was asked: no answer, or one that nobody may give us.
_UNANSWERED = frozenset({"aws-unreachable", "throttled", "unknown-answer", "access-denied", "aws-error", "no-role"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one thing. `subject` is the image, place or directory that it is about ("" where there is
    one of it alone), `fix` a command or a sentence ("" where nothing has to be done), `code` that of the error that a
    run would end with ("" for none)."""

    check: str
    health: Health
    text: str
    fix: str = ""
    subject: str = ""
    code: str = ""
    detail: str = ""  # all that somebody else said


def of_error(check: str, error: DeployError, subject: str = "") -> Finding:
    """An error as a finding: unknown where it says only that there is no answer."""
    health = Health.UNKNOWN if error.code in _UNANSWERED else Health.ERROR
    cause = next((line.strip() for line in reversed(lines_of(error.cause)) if line.strip()), "")
    said = f"{error.problem} ({cause})" if cause else error.problem
    return Finding(
        check, health, f"{error.where}: {said}" if error.where else said, error.hint, subject, error.code, error.cause
    )


def unknown(check: str, cause: str, subject: str = "", fix: str = "") -> Finding:
    """What could not be found out, and why."""
    return Finding(check, Health.UNKNOWN, cause, fix, subject)


def no_synth(check: str) -> Finding:
    """For what only an assembly of the app says."""
    text = "which images the app declares is not known: no synth is known here"
    return unknown(check, text, fix="rajee-deploy plan")


def worst(findings: Iterable[Finding]) -> Health:
    """An error goes before what is not known, and that before a warning."""
    found = {finding.health for finding in findings}
    return next((each for each in (Health.ERROR, Health.UNKNOWN, Health.WARNING) if each in found), Health.OK)
