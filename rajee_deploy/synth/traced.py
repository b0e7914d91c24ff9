"""What a depfile names, as inputs of the fingerprint: values as they are now. It decides nothing about them."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.fingerprint import IGNORED, RECORD, Input, private_input
from rajee_deploy.model import Digest
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.ours import without_ours
from rajee_deploy.system.regular_files import digest_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.synth.tracing.depfile import Depfile

# What makes a directory of the module search path give other modules.
_MODULES = (".py", ".so", ".pyd", ".pth", ".dist-info", ".egg-info")


def traced_inputs(
    depfile: Depfile, settings: CdkSettings, declared: Container[str], *, is_foreign: bool = False
) -> Iterator[Input]:
    """The inputs; `is_foreign`: the depfile was made by another machine. `declared` are variables that
    count already.

    Paths are named from the project's root, or from the home directory, so that they are the same on every machine.
    """
    root = str(project_root(settings.app.resolve()))
    if depfile.is_whole:
        yield from _whole_inputs(depfile, settings, root, is_foreign=is_foreign)
    for path in depfile.read:
        yield Input(f"traced:read:{_portable(path, root)}", _describe(path))
    for path in depfile.listed:
        yield Input(f"traced:list:{_portable(path, root)}", _names(path))
    for path in depfile.searched:
        yield Input(f"traced:modules:{_portable(path, root)}", _names(path, _MODULES))
    if depfile.packages:
        from rajee_deploy.synth.tracing.distil import package_version
    for path in depfile.packages:
        yield Input(f"traced:package:{_portable(path, root)}", package_version(path))
    for name in depfile.variables:
        if name not in declared:
            yield private_input("traced:env", name, os.environ.get(name))
    for site, name in depfile.libraries:
        yield Input(f"traced:library:{name}", _version(site, name))
    for number, call in enumerate(depfile.impure):
        yield Input(f"impure:{number}", call)


def _whole_inputs(depfile: Depfile, settings: CdkSettings, root: str, *, is_foreign: bool) -> Iterator[Input]:
    """The entries of a kernel's record, as things are now."""
    from rajee_deploy.synth.entry_values import EntryValues

    values = EntryValues(root, settings.ignore, settings.app.resolve(), depfile.entries, is_foreign=is_foreign)
    yield Input(RECORD, "whole")
    for entry in depfile.entries:
        if values.is_ignored(entry):
            yield Input(IGNORED + entry.path, "by cdk.ignore")
        else:
            yield Input(f"traced:{entry.kind}:{entry.path}", values.of(entry))
    values.remember()


def _describe(path: str) -> str:
    """What lies at a path: `absent`, `dir`, or mode and digest of a file."""
    place = Path(path)
    try:
        found = place.stat()
        if stat.S_ISDIR(found.st_mode):
            return "dir"
        if not stat.S_ISREG(found.st_mode):
            return "special"
        return f"{'755' if found.st_mode & stat.S_IXUSR else '644'} sha256:{digest_of(place)}"
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    except OSError as error:
        return f"unreadable ({error.strerror})"


def _names(path: str, endings: tuple[str, ...] = ()) -> str:
    """A digest of the names in a directory; with `endings` only of those, and of the packages."""
    try:
        names = [
            name
            for name in without_ours(Path(path))
            if not endings or name.endswith(endings) or Path(path, name, "__init__.py").exists()
        ]
    except OSError as error:
        return f"unreadable ({error.strerror})"
    kept = sorted(name for name in names if name not in ("__pycache__", ".git"))
    return str(Digest("sha256", hashlib.sha256(b"\0".join(map(os.fsencode, kept))).hexdigest()))


def _version(site: str, name: str) -> str:
    """The installed version of a library, from the name of its metadata directory."""
    found = sorted(path.name.removesuffix(".dist-info") for path in Path(site).glob(f"{name}-*.dist-info"))
    return " ".join(found) or "absent"


def _portable(path: str, root: str) -> str:
    if path == root or path.startswith(root + "/"):
        return os.path.relpath(path, root)
    home = str(Path.home())
    return "~" + path[len(home) :] if path.startswith(home + "/") else path
