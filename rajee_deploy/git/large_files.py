"""Files of Git LFS: git holds a pointer, and the file itself lies in the checkout. No program of LFS's runs.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import open_regular, read_regular

if TYPE_CHECKING:
    import os
    from pathlib import Path

LFS = "lfs"  # the name of its filter
_MOST_BYTES = 1024  # of a pointer
_CHUNK = 1 << 20
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)


def pointer_to(path: str | os.PathLike[str]) -> bytes | None:
    """The pointer to a regular file, as LFS writes it, or the file itself where it is a pointer: LFS leaves those where
    it does not have the file. None for what is no file."""
    try:
        with open_regular(path, follow=False) as file:
            told, size = hashlib.sha256(), 0
            while data := file.read(_CHUNK):
                if not size and _POINTER.fullmatch(data):
                    return data
                told.update(data)
                size += len(data)
    except OSError:
        return None
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{told.hexdigest()}\nsize {size}\n".encode()


def fill_in(path: Path, git_directory: Path, present: Path) -> bool:
    """Put the file in the place of its pointer, from what LFS keeps of this repository or from the checkout's own file.

    False where neither has it. What is no pointer stays as it is. OSError.
    """
    about = path.lstat()  # a link may lead out of the checkout
    pointer = read_regular(path, _MOST_BYTES) if stat.S_ISREG(about.st_mode) and about.st_size <= _MOST_BYTES else b""
    found = _POINTER.fullmatch(pointer)
    if found is None:
        return True
    oid = found[1].decode()
    for each in (git_directory / "lfs" / "objects" / oid[:2] / oid[2:4] / oid, present):
        if pointer_to(each) == pointer and each.stat().st_size == int(found[2]):
            with open_regular(each) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            return True
    return False
