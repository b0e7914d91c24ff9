"""ECR's answers, read with suspicion. Pure.

botocore reports a response that was cut off as an empty success (enforce_content_length is off, and a JSON body that
does not parse becomes a message). So "absent" is concluded only from ECR's own not-found codes, and "present" only
from a record that names what was asked and whose manifest has the digest that the record states.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import Digest
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.plan.expiry import matches
from rajee_deploy.plan.state import ImageAbsent, ImageInaccessible, ReferenceState, RepositoryAbsent, Tagged
from rajee_deploy.registry import documents
from rajee_deploy.registry.refusals import of_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as ECR keeps it: its text has the digest it is stored under."""

    digest: Digest
    text: str
    media_type: str


def image_id(reference: str) -> dict[str, str]:
    """ECR's identifier for a tag or a digest."""
    return {"imageDigest" if reference.startswith("sha256:") else "imageTag": reference}


def absent(code: str, _message: str) -> ImageAbsent | RepositoryAbsent | None:
    """What an error's code says explicitly is not there."""
    match code:
        case "ImageNotFoundException":
            return ImageAbsent()
        case "RepositoryNotFoundException":
            return RepositoryAbsent()
        case _:
            return None


def references(
    asked: str, answer: Mapping[str, Any], wanted: Sequence[str]
) -> tuple[dict[str, ReferenceState], list[StoredManifest]]:
    """BatchGetImage's answer: the state of each reference, and the manifests of those that are there."""
    stored: dict[str, StoredManifest] = {}
    for record in _records(answer, "images"):
        names = record.get("imageId", {})
        manifest = _manifest(asked, record)
        stored |= {names[key]: manifest for key in ("imageTag", "imageDigest") if names.get(key)}
    failed = {name: failure for failure in _records(answer, "failures") for name in failure.get("imageId", {}).values()}
    states = {reference: _state(asked, reference, stored.get(reference), failed.get(reference)) for reference in wanted}
    return states, list(stored.values())


def archived_image(asked: str, answer: Mapping[str, Any], tag: str) -> ImageInaccessible:
    """DescribeImages' answer about a tag that BatchGetImage does not have: an image that cannot be pulled."""
    record = next((found for found in _records(answer, "imageDetails") if tag in found.get("imageTags", ())), None)
    if record is None:
        raise unknown(asked, "ECR reported success without the image that was asked for")
    status = str(record.get("imageStatus", "ACTIVE"))
    if status == "ACTIVE":
        raise unknown(asked, "ECR has no manifest for the tag, yet says that it is active")
    return ImageInaccessible(status.lower())


def frozen(asked: str, answer: Mapping[str, Any], name: str, tags: Sequence[str]) -> frozenset[str]:
    """DescribeRepositories' answer: which of the tags may not be moved."""
    record = repository_of(asked, answer, name)
    mutability = record.get("imageTagMutability", "")
    if not re.fullmatch(r"(IM)?MUTABLE(_WITH_EXCLUSION)?", mutability):
        raise unknown(asked, "the answer does not tell whether tags are mutable")
    filters = [str(each.get("filter", "")) for each in record.get("imageTagMutabilityExclusionFilters") or ()]
    is_immutable = mutability.startswith("IMMUTABLE")
    excluded = {tag for tag in tags if any(matches(each, tag) for each in filters)}
    return frozenset(tag for tag in tags if is_immutable != (tag in excluded and mutability.endswith("EXCLUSION")))


def address(name: str, found: Mapping[str, Any]) -> str:
    """Where a repository is."""
    uri = repository_of("ecr:DescribeRepositories", found, name).get("repositoryUri")
    if not uri:
        raise unknown("ecr:DescribeRepositories", "the answer lacks the repository's address")
    return str(uri)


def access(name: str, found: Mapping[str, Any], token: Mapping[str, Any]) -> PushAccess:
    """Where to push to and with which login."""
    uri = address(name, found)
    try:
        login = base64.b64decode(token["authorizationData"][0]["authorizationToken"], validate=True).decode()
        username, password = login.split(":", 1)
    except (KeyError, IndexError, ValueError, binascii.Error) as error:
        raise unknown("ecr:GetAuthorizationToken", "the answer holds no token") from error
    return PushAccess(uri, username, password)


def _records(answer: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [record for record in answer.get(key) or () if isinstance(record, dict)]


def repository_of(asked: str, answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    record = next((each for each in _records(answer, "repositories") if each.get("repositoryName") == name), None)
    if record is None:
        raise unknown(asked, "the answer lacks the repository that was asked for")
    return record


def _manifest(asked: str, record: Mapping[str, Any]) -> StoredManifest:
    text = record.get("imageManifest") or ""
    try:
        digest = Digest.parse(record.get("imageId", {}).get("imageDigest") or "")
    except ValueError as error:
        raise unknown(asked, str(error)) from error
    if not documents.is_of(text.encode(), digest):
        raise unknown(asked, f"the manifest received is not {digest}")
    return StoredManifest(digest, text, record.get("imageManifestMediaType") or "")


def _state(
    asked: str, reference: str, manifest: StoredManifest | None, failure: Mapping[str, Any] | None
) -> ReferenceState:
    if manifest is not None:
        return Tagged(manifest.digest)
    code = (failure or {}).get("failureCode")
    match code:
        case "ImageNotFound":
            return ImageAbsent()
        case "ImageInaccessible":
            return ImageInaccessible("inaccessible")
        case None:
            raise unknown(asked, f"the answer says nothing of {reference}")
        case _:
            raise of_image(asked, reference, str(code), str((failure or {}).get("failureReason", "")))
