"""The git revision of a checkout, as a stack records it. It asks git and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.names import NOT_RECORDED

if TYPE_CHECKING:
    from pathlib import Path

DIRTY = "-dirty"


def checkout_revision(root: Path) -> str:
    """The 40 hex digits of HEAD, with `-dirty` behind it when tracked files differ from it; "-" outside of git."""
    from rajee_deploy.git import find_revision

    found = find_revision(root)
    return NOT_RECORDED if found is None else found.id + DIRTY * found.is_dirty
