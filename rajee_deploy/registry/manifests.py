"""Manifests, indexes and image configurations as registries keep them: bytes → values. Pure.

https://github.com/opencontainers/image-spec/blob/v1.1.1/. What is not wholly of the form that it should have is a
ValueError; nothing is guessed, so no answer that was cut short is taken for a whole one.
"""

from __future__ import annotations

from typing import Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import BaseConfig, Digest, Platform
from rajee_deploy.text.foreign import parse_json

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
# What an arm of each version runs besides its own, best first (containerd's platforms).
_OLDER_ARM = {"v8": ("v8", "v7", "v6", "v5"), "v7": ("v7", "v6", "v5"), "v6": ("v6", "v5"), "v5": ("v5",)}


@dataclass(frozen=True, slots=True)
class Index:
    """The manifests of an index that are for a platform, in its order."""

    manifests: tuple[tuple[Platform, Digest], ...]

    def find(self, platform: Platform) -> Digest | None:
        """The manifest for a platform, or for the next older one that it runs."""
        found = dict(reversed(self.manifests))
        older = _OLDER_ARM.get(platform.variant, ()) if platform.architecture == "arm" else ()
        ours = (platform, *(Platform(platform.os, "arm", variant) for variant in older))
        return next((found[each] for each in ours if each in found), None)


@dataclass(frozen=True, slots=True)
class PlatformManifest:
    """One image: where its configuration is."""

    config: Digest


def parse_manifest(body: bytes, media_type: str) -> Index | PlatformManifest:
    """Read a manifest or an index. `media_type` is the answer's header, used where the document names none."""
    document = _object(parse_json(body, errors="surrogatepass"))
    kind = document.get("mediaType", media_type.partition(";")[0].strip())
    if document.get("schemaVersion") != 2:  # noqa: PLR2004 -- the only version with digests
        raise ValueError("its schemaVersion is not 2")
    # A document that is both could be read as two different images under one digest.
    if kind in INDEXES and "config" not in document and "layers" not in document:
        return Index(tuple(_describe(each) for each in _list(document.get("manifests")) if _has_platform(each)))
    if kind in MANIFESTS and "manifests" not in document:
        return PlatformManifest(Digest.parse(_text(_object(document.get("config")).get("digest"))))
    raise ValueError(f"{kind!r} is not what an image has")


def parse_config(body: bytes) -> BaseConfig:
    """The ENV and ONBUILD of an image configuration. As in BuildKit, the last value of a variable counts."""
    document = _object(parse_json(body, errors="surrogatepass"))
    if not isinstance(document.get("architecture"), str) or not isinstance(document.get("os"), str):
        raise ValueError("it is no image's configuration")  # noqa: TRY004 -- one kind of error for all of this
    config = _object(document.get("config") or {})
    env: dict[str, str] = {}
    for text in _list(config.get("Env") or []):
        name, _, value = _text(text).partition("=")
        env[name] = value
    return BaseConfig(tuple(env.items()), tuple(_text(text) for text in _list(config.get("OnBuild") or [])))


def _has_platform(manifest: Any) -> bool:
    """Whether it is an image at all: attestations are of the platform `unknown/unknown`."""
    return _object(_object(manifest).get("platform", {"os": "unknown"})).get("os") != "unknown"


def _describe(manifest: dict[str, Any]) -> tuple[Platform, Digest]:
    platform = manifest["platform"]
    parts = [_text(platform.get("os")), _text(platform.get("architecture")), _text(platform.get("variant", ""))]
    try:
        return Platform.parse("/".join(filter(None, parts))), Digest.parse(_text(manifest.get("digest")))
    except ConfigurationError as error:
        raise ValueError(error.problem) from error


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")  # noqa: TRY004 -- one kind of error for all of this
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")  # noqa: TRY004 -- one kind of error for all of this
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")  # noqa: TRY004 -- one kind of error for all of this
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair, as Go reads it
