"""Where a path of the repository leads in a checkout of another commit, links and all.

A link of the repository may be absolute, or lead through a place outside and back: followed by the system, it leads to
the files of now, and what is then said of the past is said of the present. Reads links; must never read anything else.
"""

from __future__ import annotations

import os
from pathlib import Path

from rajee_deploy.dataclass import dataclass

MAX_LINKS = 255


@dataclass(frozen=True, slots=True)
class Relocation:
    """The repository's `top`, and the `checkout` that stands in for it; both absolute and without links."""

    top: Path
    checkout: Path

    def find(self, path: Path, *, last: bool = True) -> Path | None:
        """Where `path` (of the repository or of the checkout) leads in the checkout; None where it leads outside.

        `last`: also a link at its very end is followed. What does not exist leads to where it would.
        """
        current, links = Path("/"), 0
        parts = list(Path(os.path.abspath(path) if not path.is_absolute() else path).parts[1:])  # noqa: PTH100 -- `..` stays
        while parts:
            part = parts.pop(0)
            if part == "..":
                current = self.top.parent if current == self.checkout else current.parent
                continue
            candidate = self._in_checkout(current / part)
            if not candidate.is_symlink() or not (parts or last):
                current = candidate
                continue
            links += 1
            if links > MAX_LINKS:
                return None
            target = candidate.readlink()
            if target.is_absolute():
                current, parts = Path("/"), [*target.parts[1:], *parts]
            else:
                current, parts = candidate.parent, [*target.parts, *parts]
        return current if current.is_relative_to(self.checkout) else None

    def _in_checkout(self, path: Path) -> Path:
        return self.checkout / path.relative_to(self.top) if path.is_relative_to(self.top) else path
