"""Images in a registry, as AWS has them and plain moto does not."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from corrected import Gap, code, manifest, put, repository, row_name


def repository_uri(cloud: Any) -> str:
    ecr = repository(cloud)
    uri = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]["repositoryUri"]
    return uri.replace(cloud.name, "NAME").replace(str(cloud.port), "PORT")


def login(cloud: Any) -> tuple[str, bool]:
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]
    life = token["expiresAt"] - datetime.now(UTC)
    lasts = timedelta(hours=11) < life <= timedelta(hours=12)
    return token["proxyEndpoint"].replace(str(cloud.port), "PORT"), lasts


def digest_is_real(cloud: Any) -> bool:
    image = repository(cloud).put_image(repositoryName=cloud.name, imageManifest=manifest(), imageTag="t")["image"]
    return image["imageId"]["imageDigest"] == f"sha256:{hashlib.sha256(manifest().encode()).hexdigest()}"


def put_into_nothing(cloud: Any) -> str:
    return put(cloud, "a", "t")


def put_with_a_wrong_digest(cloud: Any) -> str:
    ecr = repository(cloud)
    wrong = f"sha256:{'0' * 64}"
    return code(ecr.put_image, repositoryName=cloud.name, imageManifest=manifest(), imageTag="t", imageDigest=wrong)


def immutable_tag(cloud: Any) -> list[str]:
    repository(cloud, imageTagMutability="IMMUTABLE")
    return [put(cloud, content, "t") for content in ("a", "a", "b")]


def exclusion_wildcard(cloud: Any) -> list[str]:
    filters = [{"filterType": "WILDCARD", "filter": "*-live"}]
    repository(cloud, imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters)
    return [put(cloud, content, tag) for tag in ("x-live", "x-live-1") for content in ("a", "b")]


def image_without_tag_stays(cloud: Any) -> list[Any]:
    ecr = repository(cloud)
    for content in ("a", "b"):
        put(cloud, content, "t")
    images = ecr.describe_images(repositoryName=cloud.name)["imageDetails"]
    return sorted(image.get("imageTags", []) for image in images)


def asked_tag(cloud: Any) -> str:
    ecr = repository(cloud)
    for tag in ("first", "second"):
        put(cloud, "a", tag)
    found = ecr.batch_get_image(repositoryName=cloud.name, imageIds=[{"imageTag": "first"}])["images"]
    return found[0]["imageId"]["imageTag"]


def missing_digest_is_named(cloud: Any) -> Any:
    identifier = {"imageDigest": f"sha256:{'0' * 64}"}
    answer = repository(cloud).batch_get_image(repositoryName=cloud.name, imageIds=[identifier])
    return [each["imageId"] == identifier for each in answer["failures"]]


def image_size(cloud: Any) -> int:
    ecr = repository(cloud)
    put(cloud, "a", "t")
    return ecr.describe_images(repositoryName=cloud.name)["imageDetails"][0]["imageSizeInBytes"]


def layer_address(cloud: Any) -> list[Any]:
    """Where a layer is downloaded from, whether it opens without a login, and what a layer that is none gives."""
    ecr = repository(cloud)
    blob = b"a configuration"
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    try:
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        address = f"http://127.0.0.1:{cloud.port}/v2/{cloud.name}/blobs/uploads/?digest={digest}"
        request = urllib.request.Request(address, blob, {"Authorization": f"Basic {token}"})
        urllib.request.urlopen(request, timeout=30).close()
        url = ecr.get_download_url_for_layer(repositoryName=cloud.name, layerDigest=digest)["downloadUrl"]
    except (ClientError, ResponseParserError, urllib.error.HTTPError):
        return ["not implemented"]
    with urllib.request.urlopen(url, timeout=30) as answer:
        opened = answer.read() == blob
    try:
        urllib.request.urlopen(url.replace("signature=", "signature=0"), timeout=30).close()
    except urllib.error.HTTPError as error:
        forged = error.code
    missing = code(ecr.get_download_url_for_layer, repositoryName=cloud.name, layerDigest=f"sha256:{'0' * 64}")
    nowhere = code(ecr.get_download_url_for_layer, repositoryName="no/where", layerDigest=digest)
    return [opened, forged, missing, nowhere]


ECR = [
    Gap(repository_uri, "localhost:PORT/NAME", "123456789012.dkr.ecr.us-east-1.amazonaws.com/NAME"),
    Gap(login, ("http://localhost:PORT", True), ("https://123456789012.dkr.ecr.us-east-1.amazonaws.com", False)),
    Gap(digest_is_real, aws=True, moto=False),
    Gap(put_into_nothing, "RepositoryNotFoundException", "HTTP 500"),
    Gap(put_with_a_wrong_digest, "ImageDigestDoesNotMatchException", "done"),
    Gap(
        immutable_tag,
        ["done", "ImageAlreadyExistsException", "ImageTagAlreadyExistsException"],
        ["done", "ImageAlreadyExistsException", "ImageAlreadyExistsException"],
    ),
    Gap(exclusion_wildcard, ["done", "done", "done", "ImageTagAlreadyExistsException"], ["HTTP 500"] * 4),
    Gap(image_without_tag_stays, [[], ["t"]], [["t"]]),
    Gap(asked_tag, "first", "second"),
    Gap(missing_digest_is_named, [True], [False]),
    Gap(image_size, 42, 7),
    Gap(layer_address, [True, 401, "LayersNotFoundException", "RepositoryNotFoundException"], ["not implemented"]),
]


@pytest.mark.parametrize("gap", ECR, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", ECR, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
