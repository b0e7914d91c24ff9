"""Registries: is our image there, how do we push to it (`Registry`; `ecr` is the adapter), and which digest does
somebody else's image have (`ImageSource`; `remote` is the adapter, `http` its connection).

This room never decides whether an image is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.facts import ImageState
    from rajee_deploy.model import Digest, ImageName, LockedImage, PushAccess


class Registry(Protocol):
    """What the tool asks of a registry."""

    def find_image(self, repository: str, tag: str) -> ImageState:
        """What the repository has under the tag. DeployError when the answer is neither yes nor no."""
        ...

    def push_access(self, repository: str) -> PushAccess:
        """A login for a push, fresh. DeployError `no-repository` when there is none."""
        ...


class ImageSource(Protocol):
    """Images of others, in whatever registry. Both raise DeployError when there is no such image, and whenever an
    answer cannot be believed to the last byte."""

    def find_digest(self, image: ImageName) -> Digest:
        """The digest that a name stands for now: an index's, where there is one."""
        ...

    def describe(self, image: ImageName, platforms: Iterable[str]) -> LockedImage:
        """The same, with the configuration for each of the platforms. DeployError `base-platform` for one it lacks."""
        ...
