"""Bytes of layers and configurations on disk, found by their digest.

Memory stays bounded: bytes pass through in chunks and are hashed on the way. This room knows neither repositories nor
HTTP; which repository may read which blob is `registry_api`'s and moto's business.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any, BinaryIO

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_BYTES = 1 << 20


class DigestMismatchError(ValueError):
    """The uploaded bytes have another digest than the client said."""


@dataclass(slots=True)
class Upload:
    """An upload that is under way: the bytes so far are in `path`, `size` of them."""

    path: Path
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    sha256: Any = field(default_factory=hashlib.sha256)


class BlobStore:
    """Blobs in a folder of their own. An upload is used by whoever holds it, one request at a time."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._uploading = folder / "uploads"
        self._uploads: dict[str, Upload] = {}
        for each in (self._blobs, self._uploading):
            each.mkdir(parents=True, exist_ok=True)

    def start_upload(self) -> str:
        """Begin an upload; returns its id."""
        name = secrets.token_hex(16)
        self._uploads[name] = Upload(self._uploading / name)
        return name

    @contextmanager
    def hold(self, name: str) -> Iterator[Upload | None]:
        """The upload under way with this id, for this request alone; None when there is none, or it ended while
        another request held it."""
        upload = self._uploads.get(name)
        if upload is None:
            yield None
            return
        with upload.lock:
            yield upload if self._uploads.get(name) is upload else None

    def append(self, upload: Upload, stream: BinaryIO) -> None:
        """Add all that the stream holds to the upload."""
        with upload.path.open("ab") as file:
            while chunk := stream.read(CHUNK_BYTES):
                file.write(chunk)
                upload.sha256.update(chunk)
                upload.size += len(chunk)

    def finish(self, name: str, digest: str) -> None:
        """Make the upload a blob. DigestMismatchError when its bytes are not those of `digest`; it is gone then."""
        upload = self._uploads.pop(name)
        found = f"sha256:{upload.sha256.hexdigest()}"
        if found != digest:
            upload.path.unlink(missing_ok=True)
            raise DigestMismatchError(f"the bytes received have the digest {found}")
        upload.path.touch()  # an empty blob was never opened
        upload.path.replace(self._path(digest))

    def discard(self, name: str) -> None:
        """Forget an upload and its bytes."""
        self._uploads.pop(name).path.unlink(missing_ok=True)

    def find(self, digest: str) -> Path | None:
        """The file that holds the blob, or None. `digest` is `sha256:` and 64 hexadecimal digits."""
        path = self._path(digest)
        return path if path.is_file() else None

    def _path(self, digest: str) -> Path:
        return self._blobs / digest.removeprefix("sha256:")
