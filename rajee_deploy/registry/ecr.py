"""Amazon ECR as a Registry: which calls are made. What their answers say is read in `answers` and `documents`.

A run with nothing to do makes one BatchGetImage per repository and nothing else: it is the call that a pull makes, so
what it gives can be pulled. DescribeImages is asked only about tags that it does not have, since an archived image
keeps its tag taken; GetDownloadUrlForLayer only for images that this machine never looked at before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.state import ImageAbsent, ImageContent, RepositoryAbsent
from rajee_deploy.registry import answers, documents, image_gone
from rajee_deploy.registry.refusals import immutable_tag, no_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rajee_deploy.aws import Aws
    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.model import Digest, Platform
    from rajee_deploy.model.repository import PushAccess, Repository
    from rajee_deploy.plan.state import ImageInaccessible, ReferenceState
    from rajee_deploy.registry.answers import StoredManifest
    from rajee_deploy.registry.known_images import KnownImages


@dataclass(frozen=True, slots=True)
class PublishingRole:
    """The role that the CDK's bootstrap made for pushes to a repository."""

    arn: str
    external_id: str = ""


BATCH = 100  # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html


class Ecr:
    """The ECR of one account and region, and of those that a repository names."""

    def __init__(
        self, aws: Aws, known_images: KnownImages, assume: Callable[[PublishingRole, str], Asks] | None = None
    ) -> None:
        self._aws = aws
        self._assume = assume or self._assumed
        self._known_images = known_images
        self._manifests: dict[tuple[Repository, Digest], StoredManifest] = {}
        self._roles: Mapping[Repository, PublishingRole] = {}
        self._asking: dict[tuple[Repository, bool], Asks] = {}

    def bind_roles(self, roles: Mapping[Repository, PublishingRole]) -> None:
        """From now on these roles may be assumed for these repositories, as the CDK CLI would: for a push before our
        own credentials, for a look where those are denied."""
        self._roles, self._asking = roles, {}

    def find(
        self, repository: Repository, references: Sequence[str]
    ) -> RepositoryAbsent | Mapping[str, ReferenceState]:
        """See Registry."""
        asked = list(dict.fromkeys(references))
        states: dict[str, ReferenceState] = {}
        for start in range(0, len(asked), BATCH):
            found = self._batch(repository, asked[start : start + BATCH])
            if isinstance(found, RepositoryAbsent):
                return found
            states |= found
        return states

    def confirm_absent(self, repository: Repository, tag: str) -> ImageAbsent | ImageInaccessible:
        """See Registry."""
        name = f"ecr:DescribeImages {repository}:{tag}"
        arguments = {"imageIds": [{"imageTag": tag}], "filter": {"imageStatus": "ANY"}}  # by default ACTIVE ones only
        answer = self._ask("describe_images", repository, arguments)
        if isinstance(answer, RepositoryAbsent):
            raise unknown(name, "the repository was there a moment ago")
        return answer if isinstance(answer, ImageAbsent) else answers.archived_image(name, answer, tag)

    def read_content(self, repository: Repository, digest: Digest, platform: Platform) -> ImageContent:
        """See Registry. Remembered by digest."""
        known = self._known_images.find(digest, platform)
        if known is None:
            known = self._content(repository, digest, platform)
            self._known_images.remember(digest, platform, known)
        return known

    def find_frozen(self, repository: Repository, tags: Sequence[str]) -> frozenset[str]:
        """See Registry."""
        return answers.frozen("ecr:DescribeRepositories", self._describe(repository), repository.name, tags)

    def push_access(self, repository: Repository) -> PushAccess:
        """See Registry. The token is for twelve hours and for this run only. It opens every registry that the caller
        may use, so ECR takes no registry's id for it any more."""
        found = self._describe(repository)
        asks = self._by(repository, pushes=True)
        token = asks.ask("ecr", "get_authorization_token", {}, region=repository.region)
        return answers.access(repository.name, found, token)

    def address(self, repository: Repository) -> str:
        """Where docker finds the repository: `host/name`. DeployError `no-repository` when there is none."""
        return answers.address(repository.name, self._describe(repository))

    def put_tag(self, repository: Repository, digest: Digest, tag: str) -> None:
        """See Registry. By manifest: nothing is pulled or pushed."""
        manifest = self._manifest(repository, digest)
        arguments = {
            "imageManifest": manifest.text,
            "imageManifestMediaType": manifest.media_type,
            "imageDigest": str(digest),
            "imageTag": tag,
        }

        def refused(code: str, message: str) -> bool | None:
            if code == "ImageTagAlreadyExistsException":
                raise immutable_tag(str(repository), tag, message)
            return True if code == "ImageAlreadyExistsException" else None  # just this image has just this tag

        asks = self._by(repository, pushes=True)
        answer = asks.ask("ecr", "put_image", _in(repository, arguments), refused, region=repository.region)
        if isinstance(answer, dict) and answer.get("image", {}).get("imageId", {}).get("imageDigest") != str(digest):
            raise unknown(f"ecr:PutImage {repository}:{tag}", "the answer does not name the image")

    def _batch(self, repository: Repository, asked: Sequence[str]) -> RepositoryAbsent | dict[str, ReferenceState]:
        arguments = {
            "imageIds": [answers.image_id(reference) for reference in asked],
            "acceptedMediaTypes": list(documents.MEDIA_TYPES),
        }
        answer = self._ask("batch_get_image", repository, arguments)
        if isinstance(answer, RepositoryAbsent):
            return answer
        name = f"ecr:BatchGetImage {repository}"
        if isinstance(answer, ImageAbsent):
            raise unknown(name, "ECR reported that an image is missing, but not which")
        states, stored = answers.references(name, answer, asked)
        self._manifests |= {(repository, manifest.digest): manifest for manifest in stored}
        return states

    def _content(self, repository: Repository, digest: Digest, platform: Platform) -> ImageContent:
        stored = self._manifest(repository, digest)
        name = f"{repository}@{digest}"
        try:
            manifest = documents.read_manifest(stored.text, stored.media_type)
            match manifest:
                case documents.ImageManifest(configuration=configuration):
                    return documents.read_configuration(self._blob(repository, configuration))
                case documents.ImageIndex(images=images):
                    child = next((each for its, each in images if its == platform), None)
                    if child is None:
                        return ImageContent(", ".join(str(its) for its, _ in images) or "no platform", "")
                    return self._content(repository, child, platform)
                case documents.OtherManifest(media_type=media_type):
                    return ImageContent(f"no image ({media_type})", "")
        except ValueError as error:
            raise unknown(name, f"its manifest or configuration cannot be read: {error}") from error

    def _manifest(self, repository: Repository, digest: Digest) -> StoredManifest:
        if (repository, digest) not in self._manifests:
            self.find(repository, [str(digest)])
        if (repository, digest) not in self._manifests:
            raise image_gone(repository, str(digest), f"{repository}@{digest}")
        return self._manifests[repository, digest]

    def _blob(self, repository: Repository, digest: Digest) -> bytes:
        name = f"ecr:GetDownloadUrlForLayer {repository}@{digest}"
        answer = self._ask("get_download_url_for_layer", repository, {"layerDigest": str(digest)})
        url = answer.get("downloadUrl") if isinstance(answer, dict) else None
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise unknown(name, "the answer holds no address")
        data = self._aws.download(name, url, documents.CONFIGURATION_BYTES)
        if not documents.is_of(data, digest):
            raise unknown(name, f"the bytes received are not {digest}")
        return data

    def _describe(self, repository: Repository) -> dict[str, Any]:
        arguments: dict[str, Any] = {"repositoryNames": [repository.name]}
        if repository.account:
            arguments["registryId"] = repository.account
        asks = self._by(repository)
        found = asks.ask("ecr", "describe_repositories", arguments, answers.absent, region=repository.region)
        if not isinstance(found, dict):
            raise no_repository(str(repository))
        return found

    def _ask(
        self, operation: str, repository: Repository, arguments: Mapping[str, Any]
    ) -> dict[str, Any] | ImageAbsent | RepositoryAbsent:
        asks = self._by(repository)
        return asks.ask("ecr", operation, _in(repository, arguments), answers.absent, region=repository.region)

    def _by(self, repository: Repository, *, pushes: bool = False) -> Asks:
        """Who asks about a repository."""
        role = self._roles.get(repository)
        if role is None or not role.arn:
            return self._aws
        if (repository, pushes) not in self._asking:
            from rajee_deploy.aws.elsewhere import Either

            assumed = self._assume(role, repository.region or self._aws.region)
            either = Either(assumed, lambda: self._aws) if pushes else Either(self._aws, lambda: assumed)
            self._asking[repository, pushes] = either
        return self._asking[repository, pushes]

    def _assumed(self, role: PublishingRole, region: str) -> Asks:
        from rajee_deploy.aws.elsewhere import Assumed

        return Assumed(self._aws, role.arn, role.external_id, region)


def _in(repository: Repository, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments with the repository, and the registry's id where it is another account's."""
    own = {"registryId": repository.account} if repository.account else {}
    return {"repositoryName": repository.name, **own, **arguments}
