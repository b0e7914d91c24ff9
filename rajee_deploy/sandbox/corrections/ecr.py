"""Corrections to ECR's own API: addresses, the login, digests, tags."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import ECRBackend, Image, Repository
from moto.ecr.responses import ECRResponse

from rajee_deploy.sandbox import images
from rajee_deploy.sandbox.registry_api import signature
from rajee_deploy.text.foreign import parse_json

TOKEN_LIFE = timedelta(hours=12)


def apply(*, port: int, password: str) -> None:
    """Apply every correction of this module."""
    point_uris_here(port)
    hand_out_logins(port, password)
    keep_real_digests()
    answer_with_the_asked_tag()
    measure_images()
    give_out_layers(port, password)


def point_uris_here(port: int) -> None:
    """`repositoryUri` is where docker pushes to: moto gives Amazon's host, we answer on localhost, for every region.

    `localhost` and not 127.0.0.1 only because it reads better: engines take both for plain HTTP.
    """
    original = Repository.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 -- replaces that very method
        original(self, *args, **kwargs)
        self.uri = f"localhost:{port}/{images.place(self.region_name, self.name)}"

    Repository.__init__ = __init__


def hand_out_logins(port: int, password: str) -> None:
    """A token opens the registry at `proxyEndpoint` for 12 hours (moto's ended in 2015, for Amazon's host)."""

    def get_authorization_token(self: Any) -> Any:
        registries = self._get_param("registryIds") or [self.current_account]
        login = {
            "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
            "expiresAt": datetime.now(UTC) + TOKEN_LIFE,
            "proxyEndpoint": f"http://localhost:{port}",
        }
        return ActionResult({"authorizationData": [login for _ in registries]})

    ECRResponse.get_authorization_token = get_authorization_token


def keep_real_digests() -> None:
    """PutImage: digest of the manifest's bytes, exclusion filters as wildcards, the error for a taken tag.

    Moto digests the layer digests (an index gets one of 101 random values), reads `live-*` as a regular expression,
    deletes the image that loses its last tag, and fails with a bug (HTTP 500) without the repository.
    """

    def put_image(
        self: Any,
        repository_name: str,
        image_manifest: str,
        image_tag: str | None,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> Any:
        repository = self.repositories.get(repository_name)
        if repository is None:
            raise RepositoryNotFoundException(repository_name, self.account_id)
        image = images.record_image(repository, image_manifest, image_tag, image_manifest_mediatype, digest)
        return _named(image, image_tag)

    ECRBackend.put_image = put_image


def answer_with_the_asked_tag() -> None:
    """BatchGetImage: `imageId.imageTag` is the tag that was asked for (moto: the tag that was set last)."""
    original = ECRBackend.batch_get_image

    def batch_get_image(
        self: Any,
        repository_name: str,
        registry_id: str | None = None,
        image_ids: list[dict[str, Any]] | None = None,
    ) -> Any:
        answer: dict[str, list[Any]] = {"images": [], "failures": []}
        for asked in image_ids or [{}]:
            one = original(self, repository_name, registry_id, [asked] if asked else [])
            answer["images"] += [_named(image, asked.get("imageTag")) for image in one["images"]]
            answer["failures"] += [{**failure, "imageId": asked} for failure in one["failures"]]
        return answer

    ECRBackend.batch_get_image = batch_get_image


def measure_images() -> None:
    """`imageSizeInBytes` is what a pull fetches: the layers (moto gives the size of the configuration)."""

    def get_image_size_in_bytes(self: Any) -> int | None:
        manifest = parse_json(self.image_manifest)
        if "layers" not in manifest:
            return None
        return sum(int(layer.get("size", 0)) for layer in manifest["layers"])

    Image.get_image_size_in_bytes = get_image_size_in_bytes


def give_out_layers(port: int, password: str) -> None:
    """GetDownloadUrlForLayer: an address that opens one blob to whoever has it (moto has not implemented it)."""

    def get_download_url_for_layer(self: Any) -> Any:
        name, digest = self._get_param("repositoryName"), self._get_param("layerDigest")
        repository = self.ecr_backend.repositories.get(name)
        if repository is None:
            raise RepositoryNotFoundException(name, self.current_account)
        if digest not in repository.layers:
            raise images.layers_not_found(name, digest)
        path = images.place(repository.region_name, name)
        url = f"http://localhost:{port}/v2/{path}/blobs/{digest}?signature={signature(password, path, digest)}"
        return ActionResult({"downloadUrl": url, "layerDigest": digest})

    ECRResponse.get_download_url_for_layer = get_download_url_for_layer


def _named(image: Any, tag: str | None) -> Any:
    """The image as it is answered to someone who said `tag`."""
    answered = copy.copy(image)
    if tag:
        answered.image_tag = tag
    return answered
