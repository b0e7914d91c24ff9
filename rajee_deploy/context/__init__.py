"""Which entries of a build context a build reads, their digests, and the private copy that is built.

The public face of the room: `find_rules`, `look_up`, `staged`. Digests are BuildKit's own content digests, so an equal
digest means a cached step. Must never parse a Dockerfile, nor decide whether a build is needed.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.digest import Digests, Modes, SelectedEntry, read_entries
from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow, followed_patterns
from rajee_deploy.context.ignore import Matcher, Rule, read_rules
from rajee_deploy.context.missing import explain
from rajee_deploy.context.select import Chosen, MissingError, choose, followed_path
from rajee_deploy.context.stage import StagedContext, staging
from rajee_deploy.context.tree import DiskTree, entry_error
from rajee_deploy.model import Digest, Kind, Notice, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.context.view import Tree
    from rajee_deploy.model import ContextRead

__all__ = [
    "ContextRules",
    "Modes",
    "SelectedEntry",
    "Selection",
    "StagedContext",
    "find_rules",
    "look_up",
    "staged",
]

_USUAL_MODES = {0o644, 0o755, 0o664, 0o775}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ContextRules:
    """The ignore files in force: how errors call them, and their text (None: there is none)."""

    ignore_path: str = ".dockerignore"
    ignore: bytes | None = None
    deployignore_path: str = ".deployignore"
    deployignore: bytes | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a build reads of one context. `uses` in the order of the reads, `entries` sorted by the bytes of paths.

    `chosen` says which of the entries each use takes, in the order of the uses, and `rules` what was left out by.
    """

    root: Path
    modes: Modes
    uses: tuple[Use, ...]
    entries: tuple[SelectedEntry, ...]
    notices: tuple[Notice, ...]
    chosen: tuple[Chosen, ...] = ()
    rules: ContextRules = ContextRules()


def find_rules(root: Path, dockerfile: Path, *, main: bool = True) -> ContextRules:
    """Find the ignore files of a build context; a named context (`main=False`) has only its own `.dockerignore`.

    `<Dockerfile>.dockerignore` beside the Dockerfile replaces the root's `.dockerignore` entirely. Symlinks are
    followed inside the directory they lie in. DeployError `unreadable`.
    """
    specific = f"{dockerfile.name}.dockerignore"
    text = _read_inside(dockerfile.parent, specific) if main else None
    if text is not None:
        name = str(dockerfile.with_name(specific))
    else:
        name, text = ".dockerignore", _read_inside(root, ".dockerignore")
    return ContextRules(name, text, ".deployignore", _read_inside(root, ".deployignore") if main else None)


def look_up(root: Path, reads: Sequence[ContextRead], rules: ContextRules, modes: Modes = Modes.GIT) -> Selection:
    """Find and digest what the reads of one build context select.

    DeployErrors: `source-not-found`, `source-deployignored`, `source-loop`, `ignore-pattern`, `unreadable`,
    `file-changed`.
    """
    with _open(root) as disk:
        removed = None
        if rules.deployignore is not None:
            removed = DeployIgnored(disk, rules.deployignore, rules.deployignore_path)
        ignored = Matcher(read_rules(rules.ignore, rules.ignore_path)) if rules.ignore is not None else None
        tree = Filtered(removed or disk, ignored, _followed(removed or disk, reads))
        chosen = []
        for read in reads:
            try:
                chosen.append(choose(read, tree))
            except MissingError as error:
                raise explain(read, error.path, disk, removed, ignored) from error
        found = list(read_entries(disk, _wanted(tree, chosen), modes, tree.is_withheld))
    digests = Digests({entry.entry.path: entry.record for entry, _ in found}, tree.children)
    uses = tuple(Use(one.read, _digest(one, digests, tree)) for one in chosen)
    entries = tuple(sorted((entry for entry, _ in found), key=lambda entry: os.fsencode(entry.entry.path)))
    notices = tuple(_notices(rules, chosen, found, modes))
    return Selection(root, modes, uses, entries, notices, tuple(chosen), rules)


@contextmanager
def staged(selection: Selection, dockerfile_text: bytes, parent: Path | None = None) -> Iterator[StagedContext]:
    """A private directory holding exactly the selected entries, and beside it the Dockerfile with empty ignore rules.

    Modes are those of the selection, times follow from the bytes (stage.mtime_ns says why). `parent` is where it is
    made (default: where the system keeps temporary files). It is removed on every exit. DeployError `file-changed`
    when an entry is no longer what was selected.
    """
    with staging(selection.root, selection.entries, selection.modes, dockerfile_text, parent) as place:
        yield place


def _open(root: Path) -> DiskTree:
    try:
        return DiskTree(root)
    except OSError as error:
        raise entry_error(error, str(root)) from error


def _followed(tree: Tree, reads: Sequence[ContextRead]) -> Matcher | None:
    """What the client is asked to send for the reads; None for everything."""
    paths = {followed_path(read.selector): str(read.location) for read in reads}
    if not paths or "/" in paths:
        return None
    patterns = followed_patterns(tree, paths)
    if patterns is None:
        return None
    return Matcher(Rule(pattern, paths.get(f"/{pattern}", "")) for pattern in patterns)


def _wanted(tree: Filtered, chosen: Sequence[Chosen]) -> Mapping[str, Kind]:
    """The entries that the build needs, directories before what they hold, siblings together."""
    wanted: dict[str, Kind] = {}
    for one in chosen:
        for path in (*one.passed, *(item.path for item in one.items)):
            _add_with_parents(wanted, tree, path)
        for item in one.items:
            if item.deep:
                _add_below(wanted, tree, item.path)
    wanted.pop("", None)
    return dict(sorted(wanted.items(), key=lambda entry: os.fsencode(entry[0].replace("/", "\0"))))


def _add_with_parents(wanted: dict[str, Kind], tree: Filtered, path: str) -> None:
    while path not in wanted:
        kind = tree.kind(path)
        assert kind is not None, path  # noqa: S101 -- the selection came out of this very tree
        wanted[path] = kind
        path = path.rpartition("/")[0]


def _add_below(wanted: dict[str, Kind], tree: Filtered, path: str) -> None:
    stack = [path] if wanted[path] is Kind.DIRECTORY else []
    while stack:
        path = stack.pop()
        base = f"{path}/" if path else ""
        for name, kind in tree.children(path).items():
            wanted[base + name] = kind
            if kind is Kind.DIRECTORY:
                stack.append(base + name)


def _digest(chosen: Chosen, digests: Digests, tree: Filtered) -> Digest:
    def of(path: str, *, deep: bool) -> str:
        return digests.deep(path, tree.kind(path) or Kind.FILE) if deep else digests.shallow(path)

    found = [(item.key, of(item.path, deep=item.deep)) for item in chosen.items]
    if chosen.alone:
        return Digest.parse(found[0][1])
    return Digest("sha256", sha256(b"".join(key + text.encode() for key, text in found)).hexdigest())


def _notices(
    rules: ContextRules, chosen: Sequence[Chosen], found: Sequence[tuple[SelectedEntry, int]], modes: Modes
) -> Iterator[Notice]:
    if rules.ignore == b"" and rules.ignore_path != ".dockerignore":
        yield Notice(
            "empty-ignore-file",
            f"{rules.ignore_path} is empty: it switches .dockerignore off, but not under a `# syntax=` line",
        )
    if not found and any(one.read.selector.path == "/" for one in chosen):
        yield Notice("empty-context", "nothing is left of the build context", chosen[0].read.location.start)
    odd = [
        f"{entry.entry.path} ({mode & 0o7777:04o} → {entry.entry.mode:04o})"
        for entry, mode in found
        if modes is Modes.GIT and entry.entry.kind is Kind.FILE and mode & 0o7777 not in _USUAL_MODES
    ]
    if odd:
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        yield Notice("mode-normalised", f"built with the permissions git would give: {', '.join(odd[:_SHOWN])}{more}")


def _read_inside(directory: Path, name: str) -> bytes | None:
    """The bytes of a file, its symlinks rooted at the directory as BuildKit's are; None when there is none."""
    try:
        with DiskTree(directory) as tree:
            path, kind, _ = follow(Filtered(tree, None), name, last=True)
            if kind is not Kind.FILE:
                return None
            parent, _, base = path.rpartition("/")
            descriptor = os.open(base, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=tree.directory(parent))
    except (FileNotFoundError, NotADirectoryError, LinkLoopError):
        return None
    except OSError as error:
        raise entry_error(error, name) from error
    with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor
        return file.read()
