"""What a user should know about the entries that a build reads, although the build takes them as they are.

Owns these notices. Must never change what is selected or what counts; looked for only when a context is looked up in
full, since an answer that is recalled brings its notices along.
"""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING

from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.digest import Modes
from rajee_deploy.context.stamps import size_and_mode
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind, Notice
from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from rajee_deploy.context.answers import Question
    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.tree import DiskTree

_USUAL_MODES = {0o644, 0o755, 0o664, 0o775}
_SHOWN = 3
_MOST_HEADS = 2000  # files whose first bytes are looked at: this is advice, not a check
_HEAD_BYTES = 256
_POINTER_BYTES = range(100, 400)
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_CRLF_SCRIPT = re.compile(rb"#![^\n]*\r\n")


def cautions(question: Question, found: DigestedSelection, disk: DiskTree) -> Iterator[Notice]:
    """Every notice about the entries that a look-up found."""
    rules, reads = question.rules, question.reads
    if rules.ignore == b"" and rules.ignore_path != ".dockerignore":
        yield Notice(
            "empty-ignore-file",
            f"{rules.ignore_path} is empty: it switches .dockerignore off, but not under a `# syntax=` line",
        )
    if not any(found.wanted.values()) and any(read.selector.path == "/" for read in reads):
        yield Notice("empty-context", "nothing is left of the build context", reads[0].location.start)
    yield from _of_idle_lines(found)
    yield from _of_patterns(found)
    yield from _odd_modes(found)
    yield from _of_ours(disk.ours)
    yield from _of_git(question, found)
    yield from _of_heads(question, found, disk)


def _of_idle_lines(found: DigestedSelection) -> Iterator[Notice]:
    """Lines of `.deployignore` that git passes over, too, without a word."""
    tree = found.tree.tree
    if not isinstance(tree, DeployIgnored):
        return
    for number, why in tree.idle.items():
        yield Notice("ignore-matches-nothing", f"{tree.name}:{number} can match nothing, and removes nothing: {why}")


def _of_patterns(found: DigestedSelection) -> Iterator[Notice]:
    """Patterns that match nothing, which BuildKit takes, and those that were meant as a name."""
    from rajee_deploy.context.missing import literal_hint

    for one in found.chosen:
        read, selector = one.read, one.read.selector
        if read.widened or not (selector.wildcard or selector.include):
            continue
        source = f"{read.instruction.value} {read.source}"
        meant = "" if selector.include else literal_hint(read, found.tree.tree)
        if meant and all(item.path != selector.path.strip("/") for item in one.items):
            yield Notice(
                "source-is-pattern", f"{source} does not copy what has that name: {meant}", read.location.start
            )
        elif not one.items:
            yield Notice("source-matches-nothing", f"{source} matches nothing, and copies nothing", read.location.start)


def _odd_modes(found: DigestedSelection) -> Iterator[Notice]:
    odd = list(found.odd_modes(_USUAL_MODES)) if found.modes is Modes.GIT else []
    if odd:
        odd.sort(key=lambda each: os.fsencode(each[0].replace("/", "\0")))
        shown = [f"{path} ({mode & 0o7777:04o} → {Modes.GIT.apply(Kind.FILE, mode):04o})" for path, mode in odd]
        yield Notice("mode-normalised", f"built with the permissions git would give: {_some(shown)}")


def _of_ours(directories: AbstractSet[str]) -> Iterator[Notice]:
    outermost = sorted(
        each for each in directories if not any(each.startswith(f"{one}/") for one in directories if one != each)
    )
    if outermost:
        shown = _some([each or "." for each in outermost])
        yield Notice("own-files", f"what rajee-deploy itself keeps in {shown} is no input, and is in no image")


def _of_git(question: Question, found: DigestedSelection) -> Iterator[Notice]:
    """Git's own directory moves with every commit, and with every `git status`."""
    places = [directory for directory, names in found.wanted.items() if names.get(".git") is Kind.DIRECTORY]
    for directory in places[:1]:
        path = f"{directory}/.git".lstrip("/")
        yield Notice(
            "git-directory",
            f"{path} counts, so every commit and every `git status` makes another tag: "
            "list .git in .dockerignore, unless the build needs it",
            _line_of(question, found, path),
        )


def _of_heads(question: Question, found: DigestedSelection, disk: DiskTree) -> Iterator[Notice]:
    pointers, scripts = [], []
    for path in islice(_candidates(found), _MOST_HEADS):
        head = _head(disk, path)
        if head.startswith(_POINTER):
            pointers.append(path)
        elif _CRLF_SCRIPT.match(head):
            scripts.append(path)
    if pointers:
        yield Notice(
            "lfs-pointer",
            f"these are pointers of Git LFS and not the files: {_some(pointers)} (git lfs pull)",
            _line_of(question, found, pointers[0]),
        )
    if scripts:
        yield Notice(
            "crlf-script",
            f"no Linux can start a script whose first line ends in CR LF: {_some(scripts)} "
            "(set `*.sh text eol=lf` in .gitattributes, then check the files out anew)",
            _line_of(question, found, scripts[0]),
        )


def _candidates(found: DigestedSelection) -> Iterator[str]:
    """Files that may be pointers of Git LFS, by their size, or scripts, by their name or mode."""
    for directory, batch in found.batches.items():
        base = f"{directory}/" if directory else ""
        for name, stamp in zip(batch.names, batch.each_stamp(), strict=True):
            size, mode = size_and_mode(stamp)
            if size in _POINTER_BYTES or mode & 0o111 or name.endswith((".sh", ".bash")):
                yield base + name


def _head(disk: DiskTree, path: str) -> bytes:
    parent, _, name = path.rpartition("/")
    try:
        with open_regular(name, at=disk.directory(parent), follow=False) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, DeployError):
        return b""


def _line_of(question: Question, found: DigestedSelection, path: str) -> int:
    """The first line of the Dockerfile that takes an entry."""
    for read, chosen in zip(question.reads, found.chosen, strict=True):
        if any(item.path == path or (item.deep and _is_below(path, item.path)) for item in chosen.items):
            return read.location.start
    return 0


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
