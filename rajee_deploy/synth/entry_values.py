"""What the entries of a list (see `tracing.depfile`) are now, as texts for the fingerprint.

A list may come from somebody hostile: an entry of the checkout is looked up without following any link, nothing but a
regular file is opened, and of what lies elsewhere it is only told what kind of thing is there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import pwd
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.model import Digest
from rajee_deploy.synth.ignored import IgnorePatterns
from rajee_deploy.synth.noise import is_noise, tells_commit
from rajee_deploy.synth.tracing.portable import is_in, local, temporary_places
from rajee_deploy.system.ours import without_ours
from rajee_deploy.system.regular_files import LARGE, UnfitFileError, open_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.synth.tracing.depfile import TracedEntry

_PASSING = frozenset({".git", "__pycache__", ".DS_Store"})  # names that a directory gets by itself
_WORD = re.compile(r"[A-Za-z_]\w*")
_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".css", ".node", ".wasm")
_MODULES = (".py", ".so", ".pyd", ".pth", ".dist-info", ".egg-info")
_DEPTH = 2  # below which no directory of a search for modules is looked for one
_ABSENT = "absent"


class EntryValues:
    """The values of entries in one checkout; `is_foreign`: of a list that came from elsewhere."""

    def __init__(
        self, root: str, ignore: Sequence[str], app: Path, entries: Sequence[TracedEntry], *, is_foreign: bool
    ) -> None:
        self._is_foreign = is_foreign
        self._root = root
        self._app = str(app)
        self._ignored = IgnorePatterns(ignore)
        self._may_ignore = bool(ignore)
        self._directories: dict[str, str] = {root: "dir"}
        self._words = _ModuleWords([path for path in map(self._module, entries) if path])

    def is_ignored(self, entry: TracedEntry) -> bool:
        """Whether the settings call it noise (cdk.ignore, from the app's directory)."""
        path = local(entry.path, self._root)
        if not self._may_ignore or not is_in(path, self._app) or path == self._app:
            return False
        parts = os.path.relpath(path, self._app).split("/")
        is_directory = entry.kind in ("list", "modules") or Path(path).is_dir()
        steps = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
        return any(map(self._ignored, [*steps, "/".join(parts) + "/" * is_directory]))

    def remember(self) -> None:
        """Keep what was asked of the ignore rules."""
        self._ignored.remember()

    def of(self, entry: TracedEntry) -> str:
        """The value. Never raises: what cannot be read is a value as well."""
        if entry.kind == "environment":
            return _environment()
        if entry.kind == "self":
            return _own(entry.path, self._root)
        if entry.kind == "upward":
            return _sought(self._root, entry.path)
        if ".." in entry.path.split("/"):  # no list of ours has it, and it leads out of the checkout
            return "no place"
        path = local(entry.path, self._root)
        if not is_in(path, self._root):
            return _kind(path) if self._is_foreign else _value(entry, path, self._words)
        return self._blocked(path) or _value(entry, path, self._words)

    def _module(self, entry: TracedEntry) -> str:
        """Where a module of the checkout lies that a list names; "" for anything else, which is not opened."""
        is_module = entry.kind == "file" and entry.path.startswith("./") and entry.path.endswith(".py")
        path = local(entry.path, self._root)
        return path if is_module and ".." not in path.split("/") and not self._blocked(path) else ""

    def _blocked(self, path: str) -> str:
        """What lies in the way of a path in the checkout; "" where there are directories alone."""
        folder = os.path.dirname(path)  # noqa: PTH120 -- thousands of texts
        if self._root in (path, folder):
            return ""
        if folder not in self._directories:
            above = self._blocked(folder)
            kind = above or _kind(folder)
            self._directories[folder] = kind if kind in ("dir", _ABSENT) else f"{kind} in the way"
        return "" if self._directories[folder] == "dir" else self._directories[folder]


class _ModuleWords:
    """The words in an app's own modules: one of them may be the name of a package that holds no module."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._known: set[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._known is None:
            self._known = set()
            for path in self._paths:
                if _kind(path) == "file":
                    self._known |= set(_WORD.findall(read_text(path, LARGE, "replace")))
        return word in self._known


def _value(entry: TracedEntry, path: str, words: _ModuleWords) -> str:
    kind = _kind(path)
    if kind == "link":
        return f"link {_text(path)}"
    if kind == "dir":
        return _names(path, entry, words) if entry.kind in ("list", "modules", "scripts") else kind
    if entry.kind == "made":
        content = _content(path) if kind == "file" else kind
        return "as made" if kind == _ABSENT or content.partition(":")[2] in entry.but else content
    if kind == "file" and entry.kind == "file":
        return _index(path) if path.endswith("/.git/index") else _content(path)
    return _status(path) if kind == "file" and entry.kind == "stat" else kind


def _index(path: str) -> str:
    from rajee_deploy.synth.git_index import git_index

    return git_index(path) or _content(path)


def _kind(path: str) -> str:
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except (OSError, ValueError) as error:
        return f"unreadable ({getattr(error, 'strerror', None) or error})"
    for is_kind, name in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "dir"), (stat.S_ISLNK, "link")):
        if is_kind(mode):
            return name
    return "special"


def _text(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 -- a text
    except OSError as error:
        return f"unreadable ({error.strerror})"


def _content(path: str) -> str:
    try:
        with open_regular(path, follow=False) as file:
            mode = os.fstat(file.fileno()).st_mode
            return f"{_bit(mode)} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except UnfitFileError:
        return "special"
    except OSError as error:
        return f"unreadable ({error.strerror})"


def _status(path: str) -> str:
    try:
        found = os.lstat(path)
    except OSError as error:
        return f"unreadable ({error.strerror})"
    return f"{_bit(found.st_mode)} {found.st_size} bytes"


def _bit(mode: int) -> str:
    return "755" if mode & stat.S_IXUSR else "644"


def _names(path: str, entry: TracedEntry, words: _ModuleWords) -> str:
    """A digest of the names in a directory with their kinds."""
    try:
        names = [name for name in without_ours(Path(path)) if name not in entry.but and not _is_passing(name)]
        if entry.kind == "modules":
            names = [name for name in names if _is_module(path, name, words)]
        elif entry.kind == "scripts":
            names = [name for name in names if name.endswith(_SCRIPTS) or _holds_script(f"{path}/{name}")]
        told = sorted(os.fsencode(f"{name}/{_kind(f'{path}/{name}')}") for name in names)
    except OSError as error:
        return f"unreadable ({error.strerror})"
    return str(Digest("sha256", hashlib.sha256(b"\0".join(told)).hexdigest()))


def _is_module(path: str, name: str, words: _ModuleWords) -> bool:
    if name.endswith(_MODULES) or _holds_modules(f"{path}/{name}", _DEPTH):
        return True
    return name.isidentifier() and name not in _NO_MODULES and name in words and _kind(f"{path}/{name}") == "dir"


def _holds_script(path: str) -> bool:
    """Whether a directory is what a script may import by its name."""
    return any(_kind(f"{path}/{name}") != _ABSENT for name in ("package.json", *(f"index{end}" for end in _SCRIPTS)))


def _holds_modules(path: str, depth: int) -> bool:
    """Whether a directory may be a package: one without `__init__.py` is one as well."""
    if os.path.basename(path) in _NO_MODULES:  # noqa: PTH119 -- a text
        return False
    try:
        with os.scandir(path) as found:
            entries = list(found)
    except OSError:
        return False
    if any(entry.name.endswith(_MODULES) for entry in entries):
        return True
    return depth > 1 and any(entry.is_dir() and _holds_modules(entry.path, depth - 1) for entry in entries)


# Directories that tools make beside the modules, and that no import takes for a package.
_NO_MODULES = frozenset(
    {
        "node_modules",
        "cdk.out",
        ".venv",
        "venv",
        ".git",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".idea",
        ".vscode",
        ".hypothesis",
    }
)


def _is_passing(name: str) -> bool:
    return name in _PASSING or name.endswith(".pyc")


def _sought(root: str, name: str) -> str:
    """Whether a name is in one of the directories above the checkout."""
    if "/" in name or name in ("", ".", ".."):
        return "no name"
    above = os.path.dirname(root)  # noqa: PTH120 -- a text
    while above != os.path.dirname(above):  # noqa: PTH120 -- a text
        if _kind(f"{above}/{name}") != _ABSENT:
            return "present"
        above = os.path.dirname(above)  # noqa: PTH120 -- a text
    return _ABSENT if _kind(f"/{name}") == _ABSENT else "present"


def own_names(root: str) -> dict[str, str]:
    """What a template may say of the place where it was made: its checkout, and who made it where."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = ""
    return {
        "checkout": root,
        "home": str(Path.home()),
        "user": user,
        "host": os.uname().nodename,
        "temporary": temporary_places()[0],
    }


def _own(name: str, root: str) -> str:
    text = own_names(root).get(name, "").encode("utf-8", "surrogateescape")
    return str(Digest("sha256", hmac.new(b"self", text, "sha256").hexdigest()))


def _environment() -> str:
    """A keyed digest of all variables but those that tell nothing."""
    told = sorted(
        f"{name}={value}" for name, value in os.environ.items() if not is_noise(name) and not tells_commit(name)
    )
    text = "\0".join(told).encode("utf-8", "surrogateescape")
    return str(Digest("sha256", hmac.new(b"environment", text, "sha256").hexdigest()))
