"""Which ignore files are in force for a build context, and their text.

Owns finding and reading them. Must never read a pattern.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.context.tree import DiskTree, entry_error
from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_within

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ContextRules(NamedTuple):
    """The ignore files in force: how errors call them, and their text (None: there is none)."""

    ignore_path: str = ".dockerignore"
    ignore: bytes | None = None
    deployignore_path: str = ".deployignore"
    deployignore: bytes | None = None


def find_rules(root: Path, dockerfile: Path, *, main: bool = True) -> ContextRules:
    """Find the ignore files of a build context; a named context (`main=False`) has only its own `.dockerignore`.

    `<Dockerfile>.dockerignore` beside the Dockerfile replaces the root's `.dockerignore` entirely. Symlinks are
    followed inside the directory they lie in. DeployError `unreadable`.
    """
    specific = f"{dockerfile.name}.dockerignore"
    text = read_inside(dockerfile.parent, specific) if main else None
    if text is not None:
        name = str(dockerfile.with_name(specific))
    else:
        name, text = ".dockerignore", read_inside(root, ".dockerignore")
    return ContextRules(name, text, ".deployignore", read_inside(root, ".deployignore") if main else None)


def read_inside(directory: Path, name: str) -> bytes | None:
    """The bytes of a file, its symlinks rooted at the directory as BuildKit's are; None when there is none.
    DeployError `unreadable`."""
    try:
        descriptor = os.open(directory / name, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return _read_followed(directory, name)
        raise entry_error(error, name) from error
    return _read(descriptor, name)


def _read_followed(directory: Path, name: str) -> bytes | None:
    """The same for a symlink."""
    from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow
    from rajee_deploy.model import Kind

    try:
        with DiskTree(directory) as tree:
            path, kind, _ = follow(Filtered(tree, None), name, last=True)
            if kind is not Kind.FILE:
                return None
            parent, _, base = path.rpartition("/")
            return _read(os.open(base, _FLAGS, dir_fd=tree.directory(parent)), name)
    except (FileNotFoundError, NotADirectoryError, LinkLoopError):
        return None
    except OSError as error:
        raise entry_error(error, name) from error


def _read(descriptor: int, name: str) -> bytes | None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as file:
        try:
            return read_within(file, name, DOCKERFILE_BYTES)
        except OSError as error:
            raise entry_error(error, name) from error
