"""The nouns of a comparison. Pure values."""

from __future__ import annotations

from enum import Enum

from rajee_deploy.dataclass import dataclass


class Cause(Enum):
    """Kinds of difference. Of those on one line of the Dockerfile the earlier kind comes first; so do those without a
    line, which act on the whole build."""

    SCHEME = "scheme"
    MODES = "modes"
    PLATFORM = "platform"
    TARGET = "target"
    ARGS = "args"
    CONTEXT = "build-context"
    SECRET = "secret"  # noqa: S105 -- a kind of difference, no secret
    LABEL = "label"
    BASE = "base"
    REFERENCE = "reference"
    INSTRUCTION = "instruction"
    READS = "reads"
    ADDED = "added"
    REMOVED = "removed"
    KIND = "kind"
    LINK = "link"
    CHANGED = "changed"
    MODE = "mode"
    ATTRIBUTES = "attributes"
    INPUT = "input"
    GIT = "git"


_OF_ENTRIES = (Cause.ADDED, Cause.REMOVED, Cause.KIND, Cause.LINK, Cause.CHANGED, Cause.MODE, Cause.ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class ImageDifference:
    """One difference. `subject` is what differs, `line` where it enters: in the present Dockerfile, or in the former
    one for what is gone; 0 for the whole build. `before` and `after` are "" for what was not, or is not, there."""

    cause: Cause
    subject: str
    before: str = ""
    after: str = ""
    line: int = 0
    context: str = ""

    @property
    def is_entry(self) -> bool:
        """Whether an entry of a build context differs, and `subject` is its path there."""
        return self.cause in _OF_ENTRIES
