"""Images in any registry: which digest a name stands for, and what it brings into a build. The real ImageSource.

Every body is compared with its digest before it is read; what does not match is an error, never an answer.
"""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest, LockedImage, Platform
from rajee_deploy.registry.http import RegistryHttp
from rajee_deploy.registry.logins import find_login
from rajee_deploy.registry.manifests import INDEXES, MANIFESTS, Index, PlatformManifest, parse_config, parse_manifest
from rajee_deploy.registry.refusals import odd_answer
from rajee_deploy.system.http_limits import REGISTRY_ANSWER, Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rajee_deploy.model import BaseConfig, RemoteSource
    from rajee_deploy.model.repository import ImageName
    from rajee_deploy.registry.http import HttpAnswer
    from rajee_deploy.registry.logins import Login

_MANIFEST_BYTES = 4 << 20  # the limit that registries set themselves
_CONFIG_BYTES = 8 << 20
_DIGEST = "docker-content-digest"


class RemoteImages:
    """The registries that this process has asked, each with its connection."""

    def __init__(self, login: Callable[[str], Login | None] = find_login, answer: Limit = REGISTRY_ANSWER) -> None:
        self._login = login
        self._limit = answer
        self._hosts: dict[str, RegistryHttp] = {}

    def find_digest(self, image: ImageName) -> Digest:
        """See ImageSource. Asks with HEAD, which Docker Hub does not count as a pull."""
        named = self._ask("HEAD", image, f"manifests/{image.version}").headers.get(_DIGEST)
        if named is None:
            return self._manifest(image)[0]
        with _believing(image):
            return Digest.parse(named)

    def describe(self, image: ImageName, platforms: Iterable[str], machines: Sequence[str] = ()) -> LockedImage:
        """See ImageSource."""
        digest, found = self._manifest(image)
        there = [each for each in machines if isinstance(found, PlatformManifest) or found.find(Platform.parse(each))]
        wanted = dict.fromkeys((*platforms, *(there or machines[:1])))
        return LockedImage(digest, {platform: self._config(image, found, platform) for platform in wanted})

    def find_remote(self, source: RemoteSource) -> Digest:
        """See ImageSource."""
        from rajee_deploy.registry.fetched import find_remote

        return find_remote(source)

    def _manifest(self, image: ImageName) -> tuple[Digest, Index | PlatformManifest]:
        """What the name stands for, and its digest. Asked for by a tag, an answer whose digest nobody names could be
        the beginning of another: it is asked for again by the digest that it has."""
        if image.digest:
            with _believing(image):
                digest = Digest.parse(image.digest)
        else:
            answer = self._ask("GET", image, f"manifests/{image.version}", _MANIFEST_BYTES)
            with _believing(image):
                digest = Digest.parse(answer.headers.get(_DIGEST, f"sha256:{sha256(answer.body).hexdigest()}"))
            if _DIGEST in answer.headers:
                return digest, _parse(answer, digest, image)
        answer = self._ask("GET", image, f"manifests/{digest}", _MANIFEST_BYTES)
        return digest, _parse(answer, digest, image)

    def _config(self, image: ImageName, found: Index | PlatformManifest, platform: str) -> BaseConfig:
        manifest = self._of_platform(image, found, platform) if isinstance(found, Index) else found
        answer = self._ask("GET", image, f"blobs/{manifest.config}", _CONFIG_BYTES)
        _check(answer, manifest.config, image)
        with _believing(image):
            return parse_config(answer.body)

    def _of_platform(self, image: ImageName, index: Index, platform: str) -> PlatformManifest:
        digest = index.find(Platform.parse(platform))
        if digest is None:
            has = ", ".join(str(each) for each, _ in index.manifests) or "none"
            raise DeployError(
                "base-platform",
                f"{image} has no image for {platform}",
                where=str(image),
                cause=f"it has: {has}",
                hint="build for a platform that it has, or take another base",
            )
        found = _parse(self._ask("GET", image, f"manifests/{digest}", _MANIFEST_BYTES), digest, image)
        if isinstance(found, Index):
            raise odd_answer(image.host, f"{digest} is an index inside of an index")
        return found

    def _ask(self, method: str, image: ImageName, path: str, limit: int = 0) -> HttpAnswer:
        if image.host not in self._hosts:
            self._hosts[image.host] = RegistryHttp(image.host, self._login, self._limit)
        accept = (*INDEXES, *MANIFESTS) if path.startswith("manifests/") else ()
        scope = f"repository:{image.repository}:pull"
        return self._hosts[image.host].ask(
            method, f"{image.repository}/{path}", scope=scope, accept=accept, limit=limit
        )


def _parse(answer: HttpAnswer, digest: Digest, image: ImageName) -> Index | PlatformManifest:
    _check(answer, digest, image)
    with _believing(image):
        return parse_manifest(answer.body, answer.headers.get("content-type", ""))


def _check(answer: HttpAnswer, digest: Digest, image: ImageName) -> None:
    found = sha256(answer.body).hexdigest()
    if found != digest.hex:
        raise odd_answer(
            image.host, f"of {image} came {len(answer.body)} bytes with the digest sha256:{found}, not {digest}"
        )


@contextmanager
def _believing(image: ImageName) -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise odd_answer(image.host, f"of {image}: {error}") from error
