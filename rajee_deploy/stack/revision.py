"""The git revision of a checkout, as a stack records it. It asks git and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model.names import NOT_RECORDED

if TYPE_CHECKING:
    from pathlib import Path


def checkout_commit(root: Path) -> str:
    """The 40 hex digits of HEAD; "-" outside of git. No file is looked at. DeployError `git-refused`."""
    from rajee_deploy.git.revisions import find_commit_id

    return find_commit_id(root) or NOT_RECORDED


def is_checkout_changed(root: Path) -> bool:
    """Whether tracked files differ from HEAD. DeployError `git-refused`."""
    from rajee_deploy.git.revisions import find_revision

    found = find_revision(root)
    return found is not None and found.is_dirty
