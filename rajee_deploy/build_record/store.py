"""Records of what tags were made of, kept beside the images: one Protocol, and the registry as its adapter.

A record is an OCI artifact in the image's own repository: an empty configuration and one layer, the document, under a
tag of its own prefix with the image tag's digits. It is written once: a record that is there is never replaced. This
room knows documents as bytes only. Nothing that decides a build or a deployment may read what an image was made of;
what a synth found out (see `proofs`) lies beside it, and says itself how far it is believed.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from rajee_deploy.aws import unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import TAG_PREFIX
from rajee_deploy.registry.oci import MANIFEST_TYPE, OciRepository, TagTakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.model.repository import PushAccess, Repository
    from rajee_deploy.registry.oci import Manifest

RECORD_PREFIX = "m-"  # "made of"; infra/ gives this prefix a lifecycle rule of its own
RECORD_TYPE = "application/vnd.rajee-deploy.contents.v1"
DOCUMENT_TYPE = "application/vnd.rajee-deploy.contents.v1+json+gzip"
# https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor
_EMPTY_TYPE, _EMPTY = "application/vnd.oci.empty.v1+json", b"{}"
MOST_BYTES = 32 << 20  # of a packed document


class Kept(Enum):
    """What became of a record that was to be kept."""

    WRITTEN = "written"
    SAME = "it was there"
    OTHER = "another record is there already, and is kept"


@dataclass(frozen=True, slots=True)
class Record:
    """A packed document and short notes beside it, which are no part of its content."""

    document: bytes
    notes: Mapping[str, str] = field(default_factory=dict)


class ContentsStore(Protocol):
    """Where records are kept, by repository and image tag."""

    def put(self, repository: Repository, tag: str, record: Record) -> Kept:
        """Keep a record, unless there is one. DeployError when it cannot be kept."""
        ...

    def get(self, repository: Repository, tag: str) -> Record | None:
        """The record of an image tag, or None when there is none. DeployError when the answer is neither."""
        ...


def record_tag(tag: str) -> str:
    """The tag of an image tag's record."""
    return RECORD_PREFIX + tag.removeprefix(TAG_PREFIX)


class RegistryContents:
    """The image's own repository as a ContentsStore. `access` gives a login for a repository."""

    def __init__(self, access: Callable[[Repository], PushAccess]) -> None:
        self._access = access

    def put(self, repository: Repository, tag: str, record: Record) -> Kept:
        """See ContentsStore. DeployErrors of the registry, and `no-repository`."""
        place = OciRepository(self._access(repository))
        # Asked first, for in a repository whose tags may move the second record would replace the first.
        there = place.find_manifest(record_tag(tag))
        if there is None:
            layer, config = place.put_blob(record.document), place.put_blob(_EMPTY)
            try:
                place.put_manifest(record_tag(tag), _manifest(layer, config, record))
            except TagTakenError:
                there = place.find_manifest(record_tag(tag))
                if there is None:
                    raise unknown(record_tag(tag), "the registry says that it is there, and that it is not") from None
            else:
                return Kept.WRITTEN
        return Kept.SAME if _holds(there, record) else Kept.OTHER

    def get(self, repository: Repository, tag: str) -> Record | None:
        """See ContentsStore. Also DeployError `contents-unusable` for a manifest that is no record."""
        place = OciRepository(self._access(repository))
        found = place.find_manifest(record_tag(tag))
        if found is None:
            return None
        try:
            digest, size, notes = _layer(found)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DeployError(
                "contents-unusable",
                f"{record_tag(tag)} is no record of what {tag} was made of",
                where=str(repository),
                cause=str(error),
                hint="another program uses this prefix; the image itself is not affected",
            ) from error
        return Record(place.get_blob(digest, size), notes)


def _manifest(layer: str, config: str, record: Record) -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": RECORD_TYPE,
        "config": {"mediaType": _EMPTY_TYPE, "digest": config, "size": len(_EMPTY)},
        "layers": [{"mediaType": DOCUMENT_TYPE, "digest": layer, "size": len(record.document)}],
        "annotations": dict(record.notes),
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _holds(there: Manifest, record: Record) -> bool:
    from hashlib import sha256

    try:
        return _layer(there)[0] == f"sha256:{sha256(record.document).hexdigest()}"
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _layer(manifest: Manifest) -> tuple[str, int, dict[str, str]]:
    """The document's digest and size, and the notes; some error of a wrong shape otherwise."""
    (layer,) = manifest.document["layers"]
    digest, size = layer["digest"], layer["size"]
    if layer["mediaType"] != DOCUMENT_TYPE or not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ValueError("its layer is no document of ours")
    if not isinstance(size, int) or not 0 < size <= MOST_BYTES:
        raise ValueError(f"its document has {size!r} bytes")
    notes = manifest.document.get("annotations") or {}
    return digest, size, {str(name): str(text) for name, text in notes.items()}
