"""Registries: what is there, how to push to it, and tags that move (`Registry`; `ecr` is the adapter), and which digest
somebody else's image has (`ImageSource`; `remote` is the adapter, `http` its connection, `fetched` has what is no
image).

This room never decides whether an image is needed, and never says that an image is ours: `plan.image_check` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.model import Digest, LockedImage, Platform, RemoteSource
    from rajee_deploy.model.repository import ImageName, PushAccess, Repository
    from rajee_deploy.plan.state import ImageAbsent, ImageContent, ImageInaccessible, ReferenceState, RepositoryAbsent


class RegistryReader(Protocol):
    """What a registry has."""

    def find(
        self, repository: Repository, references: Sequence[str]
    ) -> RepositoryAbsent | Mapping[str, ReferenceState]:
        """What the repository has under each of these tags and digests. DeployError when an answer is neither yes nor
        no."""
        ...

    def confirm_absent(self, repository: Repository, tag: str) -> ImageAbsent | ImageInaccessible:
        """Whether a tag that `find` does not have is free, or taken by an image that cannot be pulled."""
        ...

    def read_content(self, repository: Repository, digest: Digest, platform: Platform) -> ImageContent:
        """What the image that `find` gave says of itself; of an index, what the platform's image says."""
        ...

    def find_frozen(self, repository: Repository, tags: Sequence[str]) -> frozenset[str]:
        """Those of the tags that nobody may move once they are set."""
        ...


class RegistryWriter(Protocol):
    """What can be done to a registry."""

    def push_access(self, repository: Repository) -> PushAccess:
        """A login for a push, fresh. DeployError `no-repository` when there is none."""
        ...

    def put_tag(self, repository: Repository, digest: Digest, tag: str) -> None:
        """Make the tag name the image, which is there; done already is success. DeployError `tag-immutable`."""
        ...


class Registry(RegistryReader, RegistryWriter, Protocol):
    """What the tool asks of a registry."""


class ImageSource(Protocol):
    """Images of others, in whatever registry, and what else builds fetch. All raise DeployError when there is no such
    thing, and whenever an answer cannot be believed to the last byte."""

    def find_digest(self, image: ImageName) -> Digest:
        """The digest that a name stands for now: an index's, where there is one."""
        ...

    def describe(self, image: ImageName, platforms: Iterable[str], machines: Sequence[str] = ()) -> LockedImage:
        """The same, with the configuration for each of the platforms, and for those of `machines` that it has.

        DeployError `base-platform` for a platform that it lacks, and where it has none of the machines.
        """
        ...

    def find_remote(self, source: RemoteSource) -> Digest:
        """What a remote source of ADD holds now: the sha256 of a URL's body, or the commit (`git:…`) that a git
        repository has under a name. DeployErrors `remote-missing`, `remote-unreachable`."""
        ...


def image_gone(repository: Repository, reference: str, where: str = "") -> DeployError:
    """The one error for an image that was there when it was looked at, and is not now."""
    hint = "somebody or a lifecycle rule removed it just now; run again"
    problem = f"{repository} does not have {reference} any more"
    return DeployError("image-gone", problem, where=where or f"{repository}:{reference}", hint=hint)
