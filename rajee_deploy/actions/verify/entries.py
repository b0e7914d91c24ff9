"""An exported image → a digest for each of its entries, read once and in a fixed amount of memory but for the list.

Owns what of an entry counts: its path, kind, owner, link, device and bytes, and its mode as the image's own contexts
are normalised; never its times. Must never keep a file's bytes.
"""

from __future__ import annotations

import tarfile
from hashlib import blake2b
from typing import IO, TYPE_CHECKING

from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.context import Modes

_PIECE = 1 << 20
_KINDS = {tarfile.DIRTYPE: Kind.DIRECTORY, tarfile.SYMTYPE: Kind.SYMLINK, tarfile.FIFOTYPE: Kind.FIFO}
_ALMOST_NOTHING = 512  # what an entry takes besides its bytes: millions of empty files are no small image


class ImageTooLargeError(Exception):
    """The image is larger than what may be compared. `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class Entries:
    """Reads an image's tar. ImageTooLargeError past `limit` bytes."""

    def __init__(self, modes: Modes, limit: int) -> None:
        self.found: dict[str, bytes] = {}
        self._modes = modes
        self._limit = limit

    def read(self, stream: IO[bytes]) -> None:
        """Take in a tar to its end."""
        left = self._limit
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
            for member in archive:
                left -= member.size + _ALMOST_NOTHING
                if left < 0:
                    raise ImageTooLargeError(self._limit)
                self.found[member.name.removeprefix("./").rstrip("/")] = self._digest(archive, member)
                archive.members.clear()  # type: ignore[attr-defined] # it would remember each of them
        while stream.read(_PIECE):
            pass  # padding: who writes it must not find the pipe closed

    def _digest(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        kind = Kind.FILE if member.isreg() or member.islnk() else _KINDS.get(member.type)
        mode = member.mode & 0o7777 if kind is None else self._modes.apply(kind, member.mode)
        device = (member.devmajor, member.devminor) if kind is None else ()
        header = (member.type, mode, member.uid, member.gid, member.linkname, device)
        digest = blake2b(repr(header).encode("utf-8", "surrogateescape"), digest_size=16)
        file = archive.extractfile(member) if member.isreg() else None
        while file is not None and (piece := file.read(_PIECE)):
            digest.update(piece)
        return digest.digest()


def differing(one: Entries, other: Entries) -> Iterator[tuple[str, str]]:
    """Each path at which two images differ, and how, in order."""
    for path in sorted({*one.found, *other.found}):
        if path not in one.found:
            yield path, "is copied by a build of the directory, but was not selected"
        elif path not in other.found:
            yield path, "was selected, but a build of the directory does not copy it"
        elif one.found[path] != other.found[path]:
            yield path, "differs"
