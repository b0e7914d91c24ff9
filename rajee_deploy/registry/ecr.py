"""Amazon ECR as a Registry.

botocore reports a response that was cut off as an empty success (enforce_content_length is off, and a JSON body that
does not parse becomes a message), so "absent" is concluded only from ECR's own not-found errors, and "present" only
from a record that names the tag we asked for.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import ImageAbsent, ImagePresent, ImageState, RepositoryAbsent
from rajee_deploy.model import Digest, PushAccess

if TYPE_CHECKING:
    from rajee_deploy.aws import Aws


class Ecr:
    """The ECR of one account and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def find_image(self, repository: str, tag: str) -> ImageState:
        """See Registry. An archived image exists but cannot be pulled: DeployError `image-archived`."""
        # By default archived images are not listed, yet their tag is taken.
        arguments = {"repositoryName": repository, "imageIds": [{"imageTag": tag}], "filter": {"imageStatus": "ANY"}}
        answer: dict[str, Any] | ImageAbsent | RepositoryAbsent
        answer = self._aws.ask("ecr", "describe_images", arguments, _absent)
        if isinstance(answer, (ImageAbsent, RepositoryAbsent)):
            return answer
        return _present(f"ecr:DescribeImages {repository}:{tag}", answer, tag)

    def push_access(self, repository: str) -> PushAccess:
        """See Registry. The token is for twelve hours and for this run only."""
        found: dict[str, Any] | ImageAbsent | RepositoryAbsent
        found = self._aws.ask("ecr", "describe_repositories", {"repositoryNames": [repository]}, _absent)
        if isinstance(found, (ImageAbsent, RepositoryAbsent)):
            raise DeployError(
                "no-repository", f"the ECR repository {repository} does not exist", where=repository,
                hint="the stack that makes it must come first in cdk.stacks",
            )  # fmt: skip
        return _access(repository, found, self._aws.ask("ecr", "get_authorization_token", {}))


def _absent(code: str, _message: str) -> ImageAbsent | RepositoryAbsent | None:
    match code:
        case "ImageNotFoundException":
            return ImageAbsent()
        case "RepositoryNotFoundException":
            return RepositoryAbsent()
        case _:
            return None


def _present(asked: str, answer: dict[str, Any], tag: str) -> ImagePresent:
    record = next((detail for detail in answer.get("imageDetails", ()) if tag in detail.get("imageTags", ())), None)
    if record is None:
        raise unknown(asked, "ECR reported success without the image that was asked for")
    status = record.get("imageStatus", "ACTIVE")
    if status != "ACTIVE":
        raise DeployError(
            "image-archived", f"the image {tag} exists but is {status.lower()}, so it cannot be pulled", where=asked,
            hint="restore it: aws ecr update-image-storage-class --target-storage-class STANDARD, then run again",
        )  # fmt: skip
    try:
        return ImagePresent(Digest.parse(record.get("imageDigest", "")))
    except ValueError as error:
        raise unknown(asked, str(error)) from error


def _access(repository: str, found: dict[str, Any], token: dict[str, Any]) -> PushAccess:
    uri = next(
        (r.get("repositoryUri") for r in found.get("repositories", ()) if r.get("repositoryName") == repository), None
    )
    if not uri:
        raise unknown("ecr:DescribeRepositories", "the answer lacks the repository that was asked for")
    try:
        login = base64.b64decode(token["authorizationData"][0]["authorizationToken"], validate=True).decode()
        username, password = login.split(":", 1)
    except (KeyError, IndexError, ValueError, binascii.Error) as error:
        raise unknown("ecr:GetAuthorizationToken", "the answer holds no token") from error
    return PushAccess(uri, username, password)
