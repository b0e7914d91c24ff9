"""A git revision as stacks, tags and records name it: a commit, with `-dirty` behind it where tracked files differed.
Pure; the one place that knows the suffix, and how much of a commit people are shown."""

from __future__ import annotations

_DIRTY = "-dirty"
_SHORT = 12
_SHORTEST = 7  # what git itself shows in most repositories


def with_state(commit: str, *, is_dirty: bool) -> str:
    """The text for a commit, whole or short, of a checkout in this state."""
    return commit + _DIRTY * is_dirty


def commit_of(revision: str) -> str:
    """The commit alone; "-" and "" stay what they are."""
    return revision.removesuffix(_DIRTY)


def is_dirty(revision: str) -> bool:
    """Whether tracked files differed from the commit."""
    return revision.endswith(_DIRTY)


def short_commit(commit: str) -> str:
    """The first digits, which git takes for the whole."""
    return commit[:_SHORT]


def checkout_text(branch: str, commit: str) -> str:
    """What is checked out, for the edge of a screen: `main@03fb9fa`, or the commit alone."""
    return f"{branch}@{commit[:_SHORTEST]}" if branch else commit[:_SHORTEST]
