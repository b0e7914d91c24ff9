"""What git's index says of a checkout, without what it notes of one machine's files (times, inodes).

https://git-scm.com/docs/index-format
"""

from __future__ import annotations

import hashlib
import struct

from rajee_deploy.system.regular_files import read_regular

_MOST_BYTES = 256 << 20  # of a checkout with millions of files
_HEAD = struct.Struct(">4sII")
_STATUS, _MODE, _NAMES = 62, 24, 0xFFF  # bytes of an entry before its path; where its mode is; the longest told length
_EXTENDED = 0x4000


def git_index(path: str) -> str | None:
    """A digest of paths, modes, object ids and stages; None for an index in a form that is not known here."""
    try:
        data = read_regular(path, _MOST_BYTES)
        magic, version, count = _HEAD.unpack_from(data)
        if magic != b"DIRC" or version not in (2, 3):
            return None
        told, at = hashlib.sha256(), _HEAD.size
        for _ in range(count):
            flags = int.from_bytes(data[at + 60 : at + 62], "big")
            start = at + _STATUS + (2 if flags & _EXTENDED else 0)
            end = data.index(b"\0", start + (flags & _NAMES if flags & _NAMES < _NAMES else 0))
            told.update(data[at + _MODE : at + _MODE + 4] + data[at + 40 : at + 60] + struct.pack(">H", flags))
            told.update(data[start : end + 1])
            at += (end - at + 8) // 8 * 8
    except (OSError, ValueError, struct.error):
        return None
    return f"index sha256:{told.hexdigest()}"
