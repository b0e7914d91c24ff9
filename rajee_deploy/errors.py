"""Errors that teach. Every expected failure of the tool is a DeployError; anything else is our bug (exit 3).

This room knows nobody: it is the lowest layer. It never prints; `console` does.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command, a contract with its users."""

    OK = 0
    FAILED = 1
    CHANGES = 2  # only with --detailed-exitcode: plan has changes, verify left something out
    BUG = 3
    USAGE = 64
    INTERRUPTED = 130


class DeployError(Exception):
    """An expected failure.

    `code` is stable kebab-case, for machines and searches. `problem` says what happened in one sentence, `where`
    is `file:line` or the outside thing that was asked (empty where there is none), `cause` what the outside world
    said, `hint` what to do next. No field may hold a secret.
    """

    exit_code = Exit.FAILED

    def __init__(self, code: str, problem: str, *, where: str = "", cause: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.where = where
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.problem} [{self.code}]"


class ConfigurationError(DeployError):
    """The settings or the command line are wrong (exit 64)."""

    exit_code = Exit.USAGE
