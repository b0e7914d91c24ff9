"""What is kept of a `verify`: a line in the history, on which `report` stands when it says how many skips were wrong.

Must never decide what agrees, nor fail a run for want of its diary.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rajee_deploy.actions.verify.rehash import MISMATCH
from rajee_deploy.errors import DeployError
from rajee_deploy.git.origin import find_project_id
from rajee_deploy.report.checks import Check
from rajee_deploy.report.history import History, line_of, new_id, real_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from rajee_deploy.actions.verify.verdicts import VerifiedImage
    from rajee_deploy.console import Console


def verify_and_record(
    console: Console,
    root: Path | None,
    environment: str | None,
    verdicts: Iterable[tuple[str, Callable[[], VerifiedImage]]],
) -> dict[str, VerifiedImage]:
    """The verdicts by image, and a line for them, also where one is that they disagree; none where no project is known
    (`root`). Images that no engine was asked about are no check. DeployErrors of whoever verifies."""
    found: dict[str, VerifiedImage] = {}
    disagreed = 0
    try:
        for name, verify in verdicts:
            found[name] = verify()
    except DeployError as error:
        disagreed = int(error.code == MISMATCH)
        raise
    finally:
        agreed = sum(verdict.checked is not None for verdict in found.values())
        if root is not None and agreed + disagreed:
            _keep(console, root, environment or "", agreed, disagreed)
    return found


def _keep(console: Console, root: Path, environment: str, agreed: int, disagreed: int) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    check = Check(at, new_id(), real_project(root), find_project_id(root), environment, agreed, disagreed)
    history = History()
    try:
        history.append_lines([line_of(check)])
    except OSError as error:
        console.warn("", f"the history {history.path} cannot be written: {error.strerror}")
