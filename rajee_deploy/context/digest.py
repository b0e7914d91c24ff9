"""Bytes of entries → BuildKit's content digests, byte for byte.

An entry's digest is over a header (mode, size, type, link text, extended attributes; neither name nor time) and the
file's bytes; a directory adds the names and digests of its children. Owns that encoding and the reading of files. Must
never decide what is selected. Rules: BuildKit's cache/contenthash.
"""

from __future__ import annotations

import errno
import os
import stat
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.context.stamps import stamp_of
from rajee_deploy.context.tree import kind_of
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest, Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.context.tree import DiskTree

ATTEMPTS = 3
CHUNK_BYTES = 1 << 20
READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ROOT_HEADER = f"sha256:{sha256().hexdigest()}"  # BuildKit never sees the root's mode
EMPTY = sha256().hexdigest()
_TYPE_FLAGS = {
    Kind.FILE: b"0",
    Kind.SOCKET: b"0",  # sent as an empty regular file
    Kind.SYMLINK: b"2",
    Kind.CHARACTER_DEVICE: b"3",
    Kind.BLOCK_DEVICE: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
}


class Modes(Enum):
    """How permission bits and extended attributes count.

    GIT: files are 0644 or, when their owner may execute them, 0755; directories 0755; extended attributes are dropped.
    Two checkouts under different umasks are then equal. EXACT: everything as it is on disk, as BuildKit takes it.
    """

    GIT = "git"
    EXACT = "exact"

    def apply(self, kind: Kind, mode: int) -> int:
        """The permission bits that count for an entry whose `st_mode` is `mode`."""
        if self is Modes.EXACT:
            return stat.S_IMODE(mode)
        if kind is Kind.SYMLINK:
            return 0o777
        return 0o755 if kind is Kind.DIRECTORY or mode & stat.S_IXUSR else 0o644


@dataclass(frozen=True, slots=True)
class SelectedEntry:
    """An entry that the build reads.

    `entry.mode` is the mode that counts, `digest` the plain sha256 of a file's bytes (None for other kinds), `record`
    BuildKit's digest of the entry (a directory's header alone), `other` what it would be if the executable bit were the
    other one (of files whose bytes were read, under modes git). `withheld`: the file arrives empty in the build.
    """

    entry: Entry
    digest: Digest | None
    record: str
    withheld: bool = False
    other: str = ""


class ChangedError(Exception):
    """The file changed while it was read."""


def header(kind: Kind, mode: int, size: int = 0, link: bytes = b"", device: int = 0, extra: bytes = b"") -> bytes:
    """What is hashed before a file's bytes. `extra` are the extended attributes that count."""
    return b"namemode%duid0gid0size%dtypeflag%blinkname%bunamegnamedevmajor%ddevminor%d%b" % (
        mode,
        size,
        _TYPE_FLAGS[kind],
        link,
        device and os.major(device),
        device and os.minor(device),
        extra,
    )


def read_file(directory: int, name: str, path: str, modes: Modes, *, withheld: bool) -> tuple[SelectedEntry, int]:
    """Digest one regular file, afresh while it changes, three times at most."""
    for _ in range(ATTEMPTS):
        try:
            return _read_once(directory, name, path, modes, withheld=withheld)
        except ChangedError:
            continue
    raise file_changed(path)


def file_changed(path: str) -> DeployError:
    """The error for a file that somebody writes to."""
    return DeployError(
        "file-changed",
        f"{path} changed while the build context was read",
        hint="run again when nothing writes to the build context",
    )


def stamp(status: os.stat_result) -> tuple[int, ...]:
    """What shows that a file was written to."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def _read_once(directory: int, name: str, path: str, modes: Modes, *, withheld: bool) -> tuple[SelectedEntry, int]:
    descriptor = os.open(name, READ_FLAGS, dir_fd=directory)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise file_changed(path)
        size = before.st_size
        mode = modes.apply(Kind.FILE, before.st_mode)
        extra = b"" if modes is Modes.GIT else attributes(descriptor)
        head, other = header(Kind.FILE, mode, size, extra=extra), ""
        if withheld:
            record, content, size = sha256(head).hexdigest(), EMPTY, 0
        elif modes is Modes.EXACT:
            record, content = _hash(descriptor, size, (head, b""))
        else:
            record, content, other = _hash(descriptor, size, (head, b"", header(Kind.FILE, other_mode(mode), size)))
        if stamp(os.fstat(descriptor)) != stamp(before):
            raise ChangedError
    finally:
        os.close(descriptor)
    entry = Entry(path, Kind.FILE, mode, size)
    digest = Digest("sha256", content)
    return SelectedEntry(entry, digest, f"sha256:{record}", withheld, other and f"sha256:{other}"), before.st_mode


def other_mode(mode: int) -> int:
    """The other one of the two modes that git knows of files."""
    return mode ^ 0o111


_GIT_HEADS = [header(Kind.FILE, mode, -1).split(b"-1") for mode in (0o644, 0o755)]


def _hash(descriptor: int, size: int, heads: Sequence[bytes]) -> list[str]:
    """The digest of each head and the bytes. ChangedError when they are not `size` many."""
    digests, count = [sha256(head) for head in heads], 0
    while data := os.read(descriptor, CHUNK_BYTES) if count <= size else b"":
        count += len(data)
        for digest in digests:
            digest.update(data)
    if count != size:
        raise ChangedError
    return [digest.hexdigest() for digest in digests]


def read_record(directory: int, name: str, path: str, modes: Modes) -> tuple[bytes, bytes]:
    """The stamp and BuildKit's digest of one regular file, without its plain sha256; afresh while it changes.

    What a cold run spends its time in: one open, two fstat, one read and one close for a small file.
    """
    for _ in range(ATTEMPTS):
        descriptor = os.open(name, READ_FLAGS, dir_fd=directory)
        try:
            before = os.fstat(descriptor)
            size, mode = before.st_size, before.st_mode
            if not stat.S_ISREG(mode):
                raise file_changed(path)
            if modes is Modes.GIT:
                start, end = _GIT_HEADS[bool(mode & stat.S_IXUSR)]
                head = b"%b%d%b" % (start, size, end)
            else:
                head = header(Kind.FILE, stat.S_IMODE(mode), size, extra=attributes(descriptor))
            if size < CHUNK_BYTES:
                data = os.read(descriptor, size + 1)
                record = sha256(head + data).digest() if len(data) == size else None
            else:
                record = _record(descriptor, size, head)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        # Whatever writes to a file moves its ctime; device and inode are the descriptor's own.
        if record is not None and (after.st_ctime_ns, after.st_mtime_ns, after.st_size, after.st_mode) == (
            before.st_ctime_ns,
            before.st_mtime_ns,
            size,
            mode,
        ):
            return stamp_of(before), record
    raise file_changed(path)


def _record(descriptor: int, size: int, head: bytes) -> bytes | None:
    """The digest of header and bytes; None when they are not `size` many."""
    record, count = sha256(head), 0
    buffer = memoryview(bytearray(CHUNK_BYTES))
    while count <= size and (got := os.readv(descriptor, [buffer])):
        record.update(buffer[:got])
        count += got
    return record.digest() if count == size else None


def read_other(tree: DiskTree, path: str, kind: Kind, modes: Modes) -> tuple[SelectedEntry, int]:
    """Digest a directory's header, a symlink, FIFO, socket or device."""
    parent, _, name = path.rpartition("/")
    link = tree.link(path) if kind is Kind.SYMLINK else ""
    mode = device = 0
    extra = b""
    if modes is Modes.EXACT or kind not in {Kind.SYMLINK, Kind.DIRECTORY}:
        directory = tree.directory(parent)
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if kind_of(status.st_mode) is not kind:
            raise file_changed(path)
        mode = status.st_mode
        device = status.st_rdev if kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE} else 0
        extra = attributes(f"/proc/self/fd/{directory}/{name}") if modes is Modes.EXACT else b""
    counted = modes.apply(kind, mode)
    record = sha256(header(kind, counted, 0, os.fsencode(link), device, extra)).hexdigest()
    return SelectedEntry(Entry(path, kind, counted, 0, link), None, f"sha256:{record}"), mode


def attributes(where: int | str) -> bytes:
    """Extended attributes as they are hashed: sorted, labels and ACLs left out. `where` is a descriptor or a path."""
    return b"".join(name.encode("utf-8", "surrogateescape") + value for name, value in read_attributes(where))


def read_attributes(where: int | str) -> list[tuple[str, bytes]]:
    """Extended attributes that count, sorted by name; none where the file system or the platform has none."""
    if not hasattr(os, "listxattr"):
        return []
    follow = isinstance(where, int)
    try:
        names = [name for name in os.listxattr(where, follow_symlinks=follow) if _counts(name)]
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENOSYS}:
            return []
        raise
    return [(name, os.getxattr(where, name, follow_symlinks=follow)) for name in sorted(names, key=os.fsencode)]


def _counts(name: str) -> bool:
    return name == "security.capability" or not name.startswith(("security.", "system.", "com.apple."))
