"""The git revision of a checkout, as a stack records it. It asks git and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.facts import NOT_RECORDED
from rajee_deploy.process import find_program, run

if TYPE_CHECKING:
    from pathlib import Path

DIRTY = "-dirty"
_SECONDS = 30


def checkout_revision(root: Path) -> str:
    """The 40 hex digits of HEAD, with `-dirty` behind it when tracked files differ from it; "-" outside of git."""
    if find_program("git") is None:
        return NOT_RECORDED
    lines: list[str] = []
    head = run(["git", "-C", str(root), "rev-parse", "--verify", "HEAD"], on_line=lines.append, time_limit=_SECONDS)
    if head.code != 0 or len(lines) != 1:
        return NOT_RECORDED
    changed = run(["git", "-C", str(root), "diff", "--quiet", "HEAD", "--"], time_limit=_SECONDS)
    return lines[0] + (DIRTY if changed.code != 0 else "")
