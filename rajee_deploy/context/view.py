"""What selecting may ask of a build context, on disk or in memory. Pure: a Protocol and its one refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.model import Kind


class UnreadableError(DeployError):
    """A directory or file of the build context may not be read."""


class Tree(Protocol):
    """What selecting needs to see of a build context. Paths are relative, "" is the root."""

    def children(self, path: str) -> Mapping[str, Kind]:
        """Names in a directory with their kinds, in byte order. UnreadableError when it may not be listed."""
        ...

    def link(self, path: str) -> str:
        """The text of a symlink."""
        ...
