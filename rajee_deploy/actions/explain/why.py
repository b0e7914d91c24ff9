"""Why one path is, or is not, in an image's hash.

Asks the same rules in the same order as the selection does, so that the answer is the selection's own. It reads
directories (and, for what other stages would read, files); it must never decide what is selected.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.actions.explain.reads import taken_entries, takes
from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow
from rajee_deploy.context.globs import clean
from rajee_deploy.context.ignore import Matcher, Rule, read_rules
from rajee_deploy.context.missing import near_names, steps_to
from rajee_deploy.context.tree import DiskTree
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile.parser import parse
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import shown_path
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rajee_deploy.context import Selection
    from rajee_deploy.context.select import Chosen
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead


@dataclass(frozen=True, slots=True)
class ContextPath:
    """A path of a build context ("" is the main one), and the symlinks that the path as given leads through."""

    context: str
    path: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InHash:
    """These reads put it there. `files` and `size` are of the file, or of the directory's part in the hash. A file
    that is `withheld` arrives empty in the build."""

    place: ContextPath
    reads: tuple[ContextRead, ...]
    files: int
    size: int
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """Not hashed itself, but needed: a directory of which `files` are in the hash, or a symlink to what is."""

    place: ContextPath
    reads: tuple[ContextRead, ...]
    files: int


@dataclass(frozen=True, slots=True)
class RuledOut:
    """The last matching rule removes it, or removes the directory `at` above it."""

    place: ContextPath
    file: str
    line: int
    rule: str
    at: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """These reads would take it, but for their `--exclude`."""

    place: ContextPath
    reads: tuple[ContextRead, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """Nothing that the target needs reads it. `elsewhere`: reads of stages that the target does not reach."""

    place: ContextPath
    elsewhere: tuple[ContextRead, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """It does not exist. `near` are names like it."""

    place: ContextPath
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """It lies in none of the build contexts that the image reads, which are `roots`."""

    path: str
    roots: tuple[str, ...]


Answer = InHash | OnTheWay | RuledOut | Excluded | Unread | Absent | Outside


def why(inputs: ImageInputs, path: str) -> tuple[Answer, ...]:
    """Why `path` is in the hash or is not: an answer for each build context that it lies in.

    `path` starts at the working directory, or at the main build context. DeployError where a directory cannot be read.
    """
    found = _places(inputs, path)
    if not found:
        return (Outside(path, tuple(shown_path(selection.root) for selection in inputs.selections.values())),)
    return tuple(_why(inputs, place) for place in found)


def _places(inputs: ImageInputs, path: str) -> list[ContextPath]:
    """Where the path may lie: as the shell means it if that exists, else from the top of the main build context."""
    roots = {name: os.path.realpath(selection.root) for name, selection in inputs.selections.items()}
    here = _inside(roots.items(), os.path.normpath(os.path.join(os.getcwd(), path)))  # noqa: PTH109, PTH118 -- texts
    if os.path.isabs(path):  # noqa: PTH117 -- a text
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
        return here or _inside(roots.items(), os.path.normpath(real))
    below = clean(path)
    in_main = [] if f"{below}/".startswith("../") else [ContextPath("", "" if below == "." else below)]
    if os.path.lexists(path):
        return here or [place for place in in_main if _exists(roots, place)]
    return in_main if any(_exists(roots, place) for place in in_main) else here or in_main


def _inside(roots: Iterable[tuple[str, str]], absolute: str) -> list[ContextPath]:
    return [
        ContextPath(name, absolute[len(root) :].lstrip("/"))
        for name, root in roots
        if absolute == root or absolute.startswith(root.rstrip("/") + "/")
    ]


def _exists(roots: dict[str, str], place: ContextPath) -> bool:
    return os.path.lexists(f"{roots[place.context]}/{place.path}")


def _why(inputs: ImageInputs, place: ContextPath) -> Answer:
    selection = inputs.selections[place.context]
    with DiskTree(selection.root) as disk:
        try:
            path, kind, links = follow(Filtered(disk, None), f"/{place.path}", last=False)
        except LinkLoopError:
            return Absent(place)
        place = ContextPath(place.context, path, links)
        if kind is None:
            return Absent(place, tuple(near_names(disk, path)))
        return (
            _selecting_answer(selection, place)
            or _find_rule(selection, disk, place)
            or _unread(inputs, selection, place)
        )


def _selecting_answer(selection: Selection, place: ContextPath) -> Answer | None:
    """The answer when the path, or something in it, is part of the selection."""
    known = {entry.entry.path: entry for entry in selection.records}
    if place.path in known or not place.path:
        hashing = [chosen for chosen in selection.chosen if takes(chosen, place.path)]
        if hashing:
            sizes = _sizes_below(selection, hashing, place.path)
            withheld = place.path in known and known[place.path].withheld
            return InHash(place, _reads(hashing), len(sizes), sum(sizes.values()), withheld)
    passing = [
        chosen
        for chosen in selection.chosen
        if place.path in chosen.passed or _sizes_below(selection, [chosen], place.path)
    ]
    if passing:
        return OnTheWay(place, _reads(passing), len(_sizes_below(selection, passing, place.path)))
    return None


def _sizes_below(selection: Selection, chosen: Sequence[Chosen], path: str) -> dict[str, int]:
    """The sizes of the hashed files at or below a path."""
    return {
        entry.entry.path: entry.entry.size
        for one in chosen
        for entry in taken_entries(selection, one)
        if entry.entry.kind is not Kind.DIRECTORY
        if not path or entry.entry.path == path or entry.entry.path.startswith(f"{path}/")
    }


def _reads(chosen: Iterable[Chosen]) -> tuple[ContextRead, ...]:
    return tuple(one.read for one in chosen)


def _find_rule(selection: Selection, disk: DiskTree, place: ContextPath) -> RuledOut | None:
    """The answer when a rule removes the path: `.deployignore` first, as the selection does."""
    rules = selection.rules
    steps = steps_to(disk, place.path)
    if rules.deployignore is not None:
        removed = DeployIgnored(disk, rules.deployignore, rules.deployignore_path)
        for name, kind in steps:
            rule = removed.rule_for(name, kind)
            if rule is not None:
                return _answer(place, rule, rule.text, name)
    if rules.ignore is not None:
        decided = deciding_rule(Matcher(read_rules(rules.ignore, rules.ignore_path)), [name for name, _ in steps])
        if decided is not None:
            return _answer(place, decided[0], _written_line(rules.ignore, decided[0]), decided[1])
    return None


def deciding_rule(matcher: Matcher, steps: Sequence[str]) -> tuple[Rule, str] | None:
    """The rule that keeps the last of `steps` (a path and the directories above it, outermost first) from being sent,
    and the step that it matches; None when nothing does.

    A walk, as BuildKit's client does it: a directory hands down what matched it, and one that is ignored is entered
    only where an exception may reach into it.
    """
    flags = None
    since: dict[int, str] = {}
    for name in steps:
        matched, flags = matcher.step(name, flags)
        for index in flags:
            since.setdefault(index, name)
        if matched and (name == steps[-1] or not matcher.can_revive(name)):
            return matcher.patterns[flags[-1]].rule, since[flags[-1]]
    return None


def _answer(place: ContextPath, rule: Rule, written: str, at: str) -> RuledOut:
    file, _, number = rule.where.rpartition(":")
    # The ignore files of a context's root have their bare name, one beside the Dockerfile has its path.
    return RuledOut(place, shown_path(Path(file)) if "/" in file else file, int(number), written, at)


def _written_line(ignore: bytes, rule: Rule) -> str:
    """The line of a rule as it stands in its file; the rule itself has its slashes cleaned."""
    number = int(rule.where.rpartition(":")[2])
    return ignore.removeprefix(b"\xef\xbb\xbf").split(b"\n")[number - 1].decode("utf-8", "surrogateescape").strip()


def _unread(inputs: ImageInputs, selection: Selection, place: ContextPath) -> Answer:
    excluding = [
        chosen.read
        for chosen in selection.chosen
        if chosen.read.selector.exclude
        and _would_take(selection, chosen.read._replace(selector=chosen.read.selector._replace(exclude=())), place.path)
    ]
    if excluding:
        return Excluded(place, tuple(excluding))
    others = (read for read in _other_reads(inputs) if read.context == place.context)
    return Unread(place, tuple(read for read in others if _would_take(selection, read, place.path)))


def _would_take(selection: Selection, read: ContextRead, path: str) -> bool:
    try:
        found = contexts.look_up(selection.root, [read], selection.rules, selection.modes)
    except DeployError:
        return False  # that read is of no build that works
    return takes(found.chosen[0], path) and (not path or any(entry.entry.path == path for entry in found.records))


def _other_reads(inputs: ImageInputs) -> Iterator[ContextRead]:
    """What the stages read that the target does not reach: each in turn taken for the last of a shorter file."""
    if inputs.recipe.widened:
        return
    path = shown_path(inputs.settings.dockerfile)
    known = {(read.location.start, read.selector) for read in inputs.recipe.reads}
    starts = [node.start for node in parse(inputs.dockerfile, path).nodes if node.name == "FROM"]
    lines = inputs.dockerfile.split(b"\n")
    for end, variant in product((*(start - 1 for start in starts[1:]), len(lines)), inputs.variants):
        try:
            text = b"\n".join([*lines[:end], b""])
            recipe = dockerfiles.resolve(text, replace(variant.options, target=None), path)
        except DeployError:
            continue  # a stage that cannot be built reads nothing
        for read in recipe.reads:
            if (read.location.start, read.selector) not in known:
                known.add((read.location.start, read.selector))
                yield read
