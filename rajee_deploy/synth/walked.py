"""The files that count whatever a synth was seen to read: below the app (`declared_files`), or, beside a record that
tells of all files, those of the CDK CLI and the lock files (`files_of_cli`).

They end where the project ends, at the checkout's border: of a link that leads beyond it, to a directory or to what is
no usual file, only the text counts. Whoever asks learns of these links, since an app may read what is behind them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest
from rajee_deploy.synth.ignored import IgnorePatterns
from rajee_deploy.system.extent import extent_of, project_root
from rajee_deploy.system.ours import without_ours
from rajee_deploy.system.regular_files import LARGE, UnfitFileError, open_regular, read_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.system.extent import Extent

_MOST_BYTES = 1 << 30  # of a file that counts: to hash more takes longer than a synth
# Outputs, caches and installed packages: the first two are not read, the last are counted by lock files and versions.
LEFT_OUT = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "cdk.out",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".DS_Store",
    }
)
_LOCKS = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "requirements.txt",
        "constraints.txt",
        "Pipfile.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pylock.toml",
        ".python-version",
        ".nvmrc",
        ".node-version",
        ".tool-versions",
    }
)


class Beyond(NamedTuple):
    """A link that leads out of the project and is not followed: its name among the inputs, and its text."""

    name: str
    text: str


def declared_files(settings: CdkSettings, beyond: list[Beyond] | None = None) -> Iterator[tuple[str, str, Digest]]:
    """The files (name, what it is, digest); `beyond` gets the links that lead out of the project."""
    is_ignored = IgnorePatterns(settings.ignore)
    walk = FileWalk(is_ignored, _borders(settings), beyond)
    yield from walk.directory(settings.app, "")
    for number, path in enumerate(settings.inputs):
        yield from walk.path(path, f"input:{number}:{path.name}")  # two of them may have one name
    personal = Path.home() / ".cdk.json"  # the CLI merges it into cdk.json
    if os.path.isfile(personal):  # noqa: PTH113 -- in a home that may not be entered there is none, for the CLI too
        yield from walk.path(personal, "~/.cdk.json")
    is_ignored.remember()


def files_of_cli(settings: CdkSettings) -> Iterator[tuple[str, str, Digest]]:
    """What counts beside the record of the app itself: what the CDK CLI reads, declared inputs, and what is locked."""
    walk = FileWalk(IgnorePatterns(()), _borders(settings))
    for name in ("cdk.json", "cdk.context.json"):
        if os.path.lexists(settings.app / name):
            yield from walk.path(settings.app / name, name)
    for number, path in enumerate(settings.inputs):
        yield from walk.path(path, f"input:{number}:{path.name}")  # two of them may have one name
    personal = Path.home() / ".cdk.json"  # the CLI merges it into cdk.json
    if os.path.isfile(personal):  # noqa: PTH113 -- in a home that may not be entered there is none, for the CLI too
        yield from walk.path(personal, "~/.cdk.json")
    yield from _locks(settings.app.resolve(), walk)


def _borders(settings: CdkSettings) -> Mapping[str, Extent | None]:
    """The real directories that are the project, or are named by the settings to be read; and how far each may be
    walked. DeployError `whole-machine`."""
    borders: dict[str, Extent | None] = {}
    for path in settings.inputs:
        borders[os.path.realpath(path)] = extent_of("an input in cdk.inputs", path, settings.project)
    own = str(project_root(settings.app.resolve()))
    return {own: extent_of("the CDK app", settings.app, settings.project), **borders}


def _locks(app: Path, walk: FileWalk) -> Iterator[tuple[str, str, Digest]]:
    """The lock files of the app and of the directories above it in the checkout: where nothing is installed, they alone
    tell what would be."""
    root = project_root(app)
    for place in (app, *app.parents):
        if place != root and root not in place.parents:
            return
        for name in sorted(_LOCKS):
            if (place / name).is_file():
                yield from walk.path(place / name, f"lock:{os.path.relpath(place / name, root)}")


class Coverage:
    """Whether a declared input covers a path, so that any change of it changes the fingerprint."""

    def __init__(self, settings: CdkSettings) -> None:
        self._app = Path(os.path.realpath(settings.app))
        self._is_ignored = IgnorePatterns(settings.ignore)
        self._inputs = tuple(Path(os.path.realpath(path)) for path in settings.inputs)
        self._personal = str(Path.home() / ".cdk.json")

    def __call__(self, path: str) -> bool:
        """`path` is absolute."""
        asked = Path(path)
        real = Path(os.path.realpath(asked.parent)) / asked.name
        if path == self._personal or self._is_input(real):
            return True
        if self._app not in real.parents:
            return real == self._app
        parts = real.relative_to(self._app).parts
        if any(map(_is_left_out, parts)):
            return False
        steps = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
        steps.append("/".join(parts) + "/" * real.is_dir())
        return not any(self._is_ignored(step) for step in steps)

    def _is_input(self, real: Path) -> bool:
        """Whether it is an input, or below one, and the walk (see `declared_files`) does not leave it out there."""
        for number, each in enumerate(self._inputs):
            if real == each:
                return True
            if each in real.parents:
                parts = real.relative_to(each).parts
                name = f"input:{number}:{each.name}/"
                steps = [name + "/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
                steps.append(name + "/".join(parts) + "/" * real.is_dir())
                return not any(map(_is_left_out, parts)) and not any(self._is_ignored(step) for step in steps)
        return False


class FileWalk:
    """Lists files by the ignore rules; follows links, since synth does, and enters no directory twice of which it left
    nothing out: by another name, the rules may say something else."""

    def __init__(
        self,
        is_ignored: Callable[[str], bool],
        borders: Mapping[str, Extent | None],
        beyond: list[Beyond] | None = None,
    ) -> None:
        self._is_ignored = is_ignored
        self._borders = borders
        self._has_extents = any(extent is not None for extent in borders.values())
        self._beyond = beyond if beyond is not None else []
        self._entered: set[str] = set()
        self._passed_by = 0  # entries, by a rule

    def directory(self, directory: Path, prefix: str) -> Iterator[tuple[str, str, Digest]]:
        real = os.path.realpath(directory)
        if real in self._entered:
            return
        self._entered.add(real)
        before = self._passed_by
        try:
            names = without_ours(directory)
        except OSError as error:
            raise _unreadable(directory, error) from error
        extent = self._extent(real)
        if extent is not None:
            extent.listed(len(names))
        if not names and prefix:
            yield prefix, "empty", Digest("sha256", hashlib.sha256(b"").hexdigest())
        for name in names:
            if _is_left_out(name):
                continue
            is_directory = (directory / name).is_dir()
            if self._is_ignored(prefix + name + "/" * is_directory):
                self._passed_by += 1
            else:
                yield from self.path(directory / name, prefix + name)
        if self._passed_by != before:
            self._entered.discard(real)

    def path(self, path: Path, name: str) -> Iterator[tuple[str, str, Digest]]:
        """One entry: (name, what it is, digest). A link gives its text, and then what it leads to."""
        try:
            if path.is_symlink():
                yield f"{name}@", "link", Digest("sha256", hashlib.sha256(os.fsencode(path.readlink())).hexdigest())
                if not self._is_inside(os.path.realpath(path)):
                    yield from self._outside(path, name)
                    return
            if path.is_dir():
                yield from self.directory(path, name + "/")
            elif path.is_file():
                with open_regular(path, most=_MOST_BYTES) as file:
                    if (extent := self._extent(os.path.realpath(path))) is not None:
                        extent.to_read(os.fstat(file.fileno()).st_size)
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    executable = os.fstat(file.fileno()).st_mode & stat.S_IXUSR
                yield name, "755" if executable else "644", Digest("sha256", digest)
        except OSError as error:
            raise _unreadable(path, error) from error

    def _is_inside(self, real: str) -> bool:
        return any(_lies_in(real, border) for border in self._borders)

    def _extent(self, real: str) -> Extent | None:
        if not self._has_extents:
            return None
        return next((extent for border, extent in self._borders.items() if _lies_in(real, border)), None)

    def _outside(self, path: Path, name: str) -> Iterator[tuple[str, str, Digest]]:
        """What a link leads to that leaves the project: a file of usual size is read, all else is only told."""
        try:
            with open_regular(path, most=LARGE) as file:
                executable = os.fstat(file.fileno()).st_mode & stat.S_IXUSR
                digest = hashlib.sha256(read_within(file, path, LARGE)).hexdigest()
        except FileNotFoundError:
            return
        except UnfitFileError:
            if path.exists():
                self._beyond.append(Beyond(name, os.fspath(path.readlink())))
            return
        yield name, "755" if executable else "644", Digest("sha256", digest)


def _lies_in(real: str, border: str) -> bool:
    return real == border or real.startswith(border.rstrip("/") + "/")


def _is_left_out(name: str) -> bool:
    return name in LEFT_OUT or name.endswith(".pyc")


def _unreadable(path: Path, error: OSError) -> DeployError:
    return DeployError(
        "unreadable",
        "an input of the CDK app cannot be read",
        where=str(path),
        cause=error.strerror or str(error),
        hint="give yourself the permission, or name it in cdk.ignore if synth does not read it",
    )
