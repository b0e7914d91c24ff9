"""Errors that teach. Every expected failure of the tool is a DeployError; anything else is our bug (exit 3).

This room knows nobody: it is the lowest layer. It never prints; `console` does.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Exit(IntEnum):
    """Exit codes of the command, a contract with its users."""

    OK = 0
    FAILED = 1
    CHANGES = 2  # only with --detailed-exitcode: plan has changes, verify left something out
    BUG = 3
    USAGE = 64
    INTERRUPTED = 130


class Quote(NamedTuple):
    """The last lines that a program said, of how many (0: nobody counted), and what they are lines of."""

    lines: tuple[str, ...]
    of: int = 0
    what: str = "its output"


class FailedStep(NamedTuple):
    """The step of a plan that was at work, as the screen names it, and for how long, in seconds and in words; and of
    the plan's other steps, which were done and which were never begun."""

    verb: str
    name: str
    seconds: float
    took: str
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class DeployError(Exception):
    """An expected failure.

    `code` is stable kebab-case, for machines and searches. `problem` says what happened in one sentence, `where`
    is `file:line` or the outside thing that was asked (empty where there is none), `why` what the outside world
    said, and `quote` a program's own last lines, `hint` what to do next. No field may hold a secret. `step` is set by
    whoever carries out a plan.
    """

    exit_code = Exit.FAILED

    def __init__(
        self, code: str, problem: str, *, where: str = "", cause: str = "", hint: str = "", quote: Quote | None = None
    ) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.where = where
        self.why = cause
        self.hint = hint
        self.quote = quote
        self.step: FailedStep | None = None

    @property
    def cause(self) -> str:
        """All that the outside world said, a program's own lines last."""
        quoted = self.quote.lines if self.quote is not None else ()
        return "\n".join((self.why, *quoted) if self.why else quoted)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.problem} [{self.code}]"


class ConfigurationError(DeployError):
    """The settings or the command line are wrong (exit 64)."""

    exit_code = Exit.USAGE
