"""The images in moto's ECR, as Amazon's registry would keep them: one truth for ECR's API and for docker push.

Owns how an image is recorded, found and protected by tag immutability. Knows neither HTTP nor blobs on disk.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException
from moto.ecr.models import Image, ecr_backends

from rajee_deploy.sandbox.turns import MOTO
from rajee_deploy.text.foreign import parse_json

ACCOUNT = "123456789012"
REGION = "us-east-1"
_LARGEST = 1 << 63

# Moto finds an error's wire form by the module of its class: any class of ECR's that takes code and message will do.
_Refusal = InvalidParameterException


def place(region: str, name: str) -> str:
    """The path of a repository in the registry. Amazon has a registry for each region; ours has one port for all, so
    that those of other regions than the default have theirs as a first directory."""
    return name if region == REGION else f"{region}/{name}"


def find_repository(path: str) -> Any | None:
    """The repository at a path of the registry, or None."""
    backends = ecr_backends[ACCOUNT]
    first, _, rest = path.partition("/")
    regions = list(backends)
    found = backends[first].repositories.get(rest) if first in regions and first != REGION else None
    return found or backends[REGION].repositories.get(path)


def all_repositories() -> list[str]:
    """The paths of all repositories, in all regions."""
    backends = list(ecr_backends[ACCOUNT].items())
    return sorted(place(region, name) for region, backend in backends for name in list(backend.repositories))


def find_image(repository: Any, reference: str) -> Any | None:
    """The image with this tag or digest, or None."""
    for image in list(repository.images):
        if reference in image.image_tags or reference == image.get_image_digest():
            return image
    return None


def record_image(
    repository: Any, manifest: str, tag: str | None, media_type: str | None = None, digest: str | None = None
) -> Any:
    """Put an image as ECR's PutImage does; returns moto's image.

    Moto's ServiceException: `ImageAlreadyExistsException` when just this image has just this tag already,
    `ImageTagAlreadyExistsException` when the tag is immutable and names another image,
    `ImageDigestDoesNotMatchException` when `digest` is given and wrong, `InvalidParameterException` without a usable
    manifest. See the errors of https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html.
    """
    _check_shape(manifest)
    media_type = media_type or _media_type(manifest)
    # Moto makes up a digest from the layers alone. The registry's is that of the manifest's very bytes.
    real = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    if digest and digest != real:
        raise _Refusal("ImageDigestDoesNotMatchException", f"The manifest's digest is {real}, not {digest}")
    with MOTO.take():  # moto's lists are not made for two pushes at once
        image = find_image(repository, real)
        _check_tag(repository, tag, real, image)
        if image is None:
            image = Image(repository.account_id, None, manifest, repository.name, media_type, real)
            repository.images.append(image)
        if tag:
            _move_tag(repository, tag, image)
    return image


def layers_not_found(name: str, digest: str) -> Any:
    """ECR's error for a layer that the repository does not have."""
    return _Refusal(
        "LayersNotFoundException",
        f"The layer with digest '{digest}' does not exist in the repository with name '{name}'",
    )


def is_immutable(repository: Any, tag: str) -> bool:
    """Whether the tag, once set, may not be moved (imageTagMutability and its exclusion filters)."""
    mutability = str(getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability))
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = mutability.endswith("_WITH_EXCLUSION") and any(_matches(each["filter"], tag) for each in filters)
    return mutability.startswith("IMMUTABLE") != excluded


def _matches(wildcard: str, tag: str) -> bool:
    """ECR's filters know one wildcard: `*`, for any number of characters."""
    return re.fullmatch(".*".join(re.escape(part) for part in wildcard.split("*")), tag) is not None


def _check_tag(repository: Any, tag: str | None, digest: str, image: Any | None) -> None:
    if tag is None:
        if image is not None:
            raise ImageAlreadyExistsException(repository.name, repository.registry_id, digest, "null")
        return
    holder = find_image(repository, tag)
    if holder is not None and holder is image:
        raise ImageAlreadyExistsException(repository.name, repository.registry_id, digest, tag)
    if holder is not None and is_immutable(repository, tag):
        raise _Refusal(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be overwritten "
            "because the tag is immutable.",
        )


def _move_tag(repository: Any, tag: str, image: Any) -> None:
    """The image that loses its last tag stays, untagged (moto deletes it)."""
    for other in repository.images:
        if other is not image:
            other.remove_tag(tag)
    image.update_tag(tag)


def parse_manifest(text: str) -> dict[str, Any]:
    """A manifest's document, every part of which that the registry or moto reads is of its kind. ValueError."""
    document = parse_json(text)
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 -- of what somebody sent
    for blob in [document.get("config", {}), *_list(document, "layers"), *_list(document, "manifests")]:
        size, digest = (blob.get("size", 0), blob.get("digest", "")) if isinstance(blob, dict) else (None, None)
        if type(size) is not int or not 0 <= size < _LARGEST or not isinstance(digest, str):
            raise ValueError("config, layers and manifests are objects with a digest and a size")
    if not isinstance(document.get("mediaType", ""), str):
        raise ValueError("a media type is a text")  # noqa: TRY004 -- of what somebody sent
    return document


def _list(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")  # noqa: TRY004 -- of what somebody sent
    return found


def _check_shape(manifest: str) -> None:
    try:
        parse_manifest(manifest)
    except ValueError as error:
        raise _invalid(str(error)) from error


def _media_type(manifest: str) -> str:
    found = parse_manifest(manifest).get("mediaType")
    if not found:
        raise _invalid("it must be JSON with a mediaType, or the media type must be given")
    return str(found)


def _invalid(why: str) -> Any:
    message = f"Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{why}'"
    return InvalidParameterException(message)
