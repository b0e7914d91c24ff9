"""The build context as the engine gets it: what the client sends after ignore rules and followed paths.

Owns the walk that decides entry by entry what is sent, step for step as BuildKit's client does it (tonistiigi/fsutil,
filter.go and followlinks.go). Must never read a file, nor know which instruction asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.context import globs
from rajee_deploy.context.effort import Effort
from rajee_deploy.context.view import UnreadableError
from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.context.ignore import Flags, Matcher
    from rajee_deploy.context.view import Tree

MAX_LINKS = 255


class LinkLoopError(Exception):
    """Following symlinks did not end."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the rules say of one entry. `enter` is whether its children may still be sent."""

    sent: bool
    enter: bool
    include: Flags | None = None
    exclude: Flags | None = None


_ROOT = _Verdict(sent=True, enter=True)


class Filtered:
    """A view of a tree through ignore rules (`exclude`) and the paths the build follows (`include`); each may be None.

    Everything is found out when first asked and kept. An ignored directory is entered only where an exception could
    reach into it, and then exists only if something in it does.
    """

    def __init__(
        self, tree: Tree, exclude: Matcher | None, include: Matcher | None = None, effort: Effort | None = None
    ) -> None:
        self.tree = tree
        self.effort = effort or Effort()
        self._exclude = exclude
        self._include = include
        self._verdicts: dict[str, _Verdict] = {"": _ROOT}
        self._sent: dict[str, Mapping[str, Kind]] = {}
        self._touched: dict[tuple[Matcher, str], bool] = {}

    def link(self, path: str) -> str:
        """The text of a symlink."""
        return self.tree.link(path)

    def kind(self, path: str) -> Kind | None:
        """The kind of a sent entry, None when there is none of this name. No symlink is followed."""
        if not path:
            return Kind.DIRECTORY
        parent, _, name = path.rpartition("/")
        if parent and self._verdict_of(parent) is None:
            return None
        kind = self.tree.children(parent).get(name)
        return kind if kind is not None and self._is_sent(path, kind) else None

    def children(self, path: str) -> Mapping[str, Kind]:
        """Names of the entries sent of a directory, with their kinds, in byte order."""
        known = self._sent.get(path)
        if known is None:
            known = self._sent[path] = self._children(path)
        return known

    @property
    def may_withhold(self) -> bool:
        """Whether any file can be withheld at all."""
        return any(matcher is not None and matcher.has_exceptions for matcher in (self._include, self._exclude))

    def is_withheld(self, path: str) -> bool:
        """Whether a file's header is sent but its bytes are refused, so that it arrives empty.

        The client walks with the flags of parents and opens without them; after `d`, `!d/x`, `d` the two disagree.
        """
        parent = path.rpartition("/")[0]
        for matcher, wanted in ((self._include, True), (self._exclude, False)):
            if matcher is None or not matcher.has_exceptions:
                continue
            if not self._is_touched(matcher, parent) and not matcher.touches(path):
                matched = False
            else:
                matched = matcher.matches(path)
            if matched is not wanted:
                return True
        return False

    def _is_touched(self, matcher: Matcher, directory: str) -> bool:
        """Whether a pattern matches the directory or one above it."""
        if not directory:
            return False
        known = self._touched.get((matcher, directory))
        if known is None:
            known = matcher.touches(directory) or self._is_touched(matcher, directory.rpartition("/")[0])
            self._touched[matcher, directory] = known
        return known

    def _children(self, path: str) -> Mapping[str, Kind]:
        verdict = self._verdict_of(path)
        if verdict is None or not verdict.enter:
            return {}
        try:
            listed = self.tree.children(path)
        except UnreadableError:
            if verdict.sent:
                raise
            return {}
        self.effort.allow(len(listed))
        if self._exclude is None and self._include is None:
            return listed
        prefix = f"{path}/" if path else ""
        if self._exclude is None or self._include is not None or verdict.exclude:
            return {name: kind for name, kind in listed.items() if self._is_sent(prefix + name, kind)}
        touches = self._exclude.touches  # nothing is matched above, so only what a pattern touches needs a closer look
        return {
            name: kind
            for name, kind in listed.items()
            if not touches(path := prefix + name) or self._is_sent(path, kind)
        }

    def _is_sent(self, path: str, kind: Kind) -> bool:
        verdict = self._judge(path, kind)
        return verdict.sent or (kind is Kind.DIRECTORY and verdict.enter and bool(self.children(path)))

    def _verdict_of(self, path: str) -> _Verdict | None:
        """The verdict on a directory, None when there is none of this name."""
        known = self._verdicts.get(path)
        if known is not None:
            return known
        parent, _, name = path.rpartition("/")
        above = self._verdict_of(parent)
        if above is None or not above.enter or self.tree.children(parent).get(name) is not Kind.DIRECTORY:
            return None
        return self._judge(path, Kind.DIRECTORY)

    def _judge(self, path: str, kind: Kind) -> _Verdict:
        known = self._verdicts.get(path)
        if known is not None:
            return known
        above = self._verdicts[path.rpartition("/")[0]]
        sent = enter = above.enter
        include = exclude = None
        if self._include is not None and enter:
            matched, include = self._include.step(path, above.include)
            if not matched:
                sent = False
                enter = self._include.can_match_below(path)
        if self._exclude is not None and enter:
            matched, exclude = self._exclude.step(path, above.exclude)
            if matched:
                sent = False
                enter = self._exclude.can_revive(path)
        verdict = _Verdict(sent, enter, include, exclude)
        if kind is Kind.DIRECTORY:
            self._verdicts[path] = verdict
        return verdict


def follow(tree: Filtered, path: str, *, last: bool) -> tuple[str, Kind | None, tuple[str, ...]]:
    """Resolve an absolute path inside the context: where it leads, what is there (None: nothing), the symlinks passed.

    Symlinks are rooted at the context, `..` never leaves it; `last` says whether a symlink at the end is followed too.
    LinkLoopError past 255 of them. Rules: BuildKit's content hash (getFollowLinks).
    """
    current, links = "", []
    kind: Kind | None = Kind.DIRECTORY
    parts = path.split("/")
    while parts:
        current = globs.clean(f"/{current}/{parts.pop(0)}")[1:]
        kind = tree.kind(current)
        if kind is not Kind.SYMLINK or (not last and not parts):
            continue
        links.append(current)
        if len(links) > MAX_LINKS:
            raise LinkLoopError(path)
        target = tree.link(current)
        rest = target.split("/")
        parts = [*(rest[:-1] if rest[-1] == "" and not parts else rest), *parts]
        current = "" if target.startswith("/") else current.rpartition("/")[0]
    return current, kind, tuple(links)


@dataclass(frozen=True, slots=True)
class Followed:
    """The include patterns that fetching paths comes to, with the targets of symlinks on their way, and those symlinks:
    without one of them the same paths would come to less."""

    patterns: tuple[str, ...]
    links: frozenset[str]


def follow_all(tree: Tree, paths: Iterable[str], effort: Effort | None = None) -> Followed | None:
    """What fetching `paths` comes to; None for all.

    A wildcard component looks at the symlinks it matches and follows them too. Every symlink is followed for the first
    path (in sorted order) that passes it and never again: with `l -> d`, `COPY l/a` and `COPY l/b` in one Dockerfile
    leave d/b behind, and the build fails. Rules: fsutil's FollowLinks.
    """
    found: set[str] = set()
    links: set[str] = set()
    symlinks = _Symlinks(tree, effort or Effort())
    waiting = sorted((path.lstrip("/") for path in paths), reverse=True)
    while waiting:
        current, rest, targets = _first_stop(symlinks, waiting.pop())
        if current not in found:
            found.add(current)
            links.update(targets)
            waiting.extend(globs.clean(f"/{target}/{rest}")[1:] for target in reversed(targets.values()))
    return None if "." in found else Followed(tuple(_without_nested(sorted(found))), frozenset(links))


def _first_stop(symlinks: _Symlinks, path: str) -> tuple[str, str, dict[str, str]]:
    """The path up to its first symlink (else all of it), what is left of it, and where the symlinks there lead."""
    current = "."
    parts = path.split("/")
    for index, part in enumerate(parts):
        current = globs.clean(f"{current}/{part}")
        targets = symlinks.targets(current)
        if targets:
            return current, "/".join(parts[index + 1 :]), targets
    return current, "", {}


class _Symlinks:
    """The symlinks in the directories of a tree."""

    def __init__(self, tree: Tree, effort: Effort) -> None:
        self._tree = tree
        self._effort = effort
        self._in: dict[str, list[str]] = {}

    def targets(self, path: str) -> dict[str, str]:
        """The symlinks that `path` names, and where they lead."""
        parent, _, base = path.rpartition("/")
        if not globs.has_wildcard(base):
            is_link = _names(self._tree, parent).get(base) is Kind.SYMLINK
            return {path: _target(self._tree, path)} if is_link else {}
        if parent not in self._in:
            names = _names(self._tree, parent)
            self._in[parent] = [name for name, kind in names.items() if kind is Kind.SYMLINK]
        self._effort.spend(4 * len(self._in[parent]), 1, path)
        matched = [f"{parent}/{name}".lstrip("/") for name in self._in[parent] if _matches(base, name)]
        return {link: _target(self._tree, link) for link in matched}


def _target(tree: Tree, path: str) -> str:
    link = tree.link(path)
    return globs.clean(link if link.startswith("/") else f"/{path.rpartition('/')[0]}/{link}")[1:]


def _names(tree: Tree, path: str) -> Mapping[str, Kind]:
    """The names in a directory, none when the path is not one."""
    current = ""
    for part in path.split("/") if path else ():
        if tree.children(current).get(part) is not Kind.DIRECTORY:
            return {}
        current = f"{current}/{part}".lstrip("/")
    return tree.children(current)


def _matches(pattern: str, name: str) -> bool:
    try:
        return globs.match(pattern, name)
    except globs.BadPatternError:
        return False


def _without_nested(patterns: list[str]) -> list[str]:
    """Drop what lies below the last one kept, of a sorted list."""
    kept: list[str] = []
    for pattern in patterns:
        if not kept or not pattern.startswith(f"{kept[-1]}/"):
            kept.append(pattern)
    return kept
