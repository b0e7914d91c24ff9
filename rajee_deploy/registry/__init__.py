"""The registry: is an image there, and how do we push to it. One Protocol; `ecr` is the adapter.

This room never decides whether an image is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rajee_deploy.facts import ImageState
    from rajee_deploy.model import PushAccess


class Registry(Protocol):
    """What the tool asks of a registry."""

    def find_image(self, repository: str, tag: str) -> ImageState:
        """What the repository has under the tag. DeployError when the answer is neither yes nor no."""
        ...

    def push_access(self, repository: str) -> PushAccess:
        """A login for a push, fresh. DeployError `no-repository` when there is none."""
        ...
