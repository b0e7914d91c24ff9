"""The screen of a status, as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rajee_deploy.actions.status.screen import rows
from rajee_deploy.console.rows import lay_out, plain

if TYPE_CHECKING:
    from rajee_deploy.actions.status.rows import Status

NOW = datetime(2026, 1, 3, tzinfo=UTC)


def lines(status: Status, width: int = 160, *, whole: bool = False) -> list[str]:
    """Its lines, but for the first one and the result."""
    return [plain(line).rstrip() for line in lay_out(rows(status, NOW, whole=whole), width)]
