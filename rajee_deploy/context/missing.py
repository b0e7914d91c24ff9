"""Why a path that the Dockerfile names is not there: removed, ignored, left behind, or simply missing.

Owns the error for such a path. Must never change what is selected.
"""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rajee_deploy.context import globs
from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from rajee_deploy.context.deployignore import DeployIgnored
    from rajee_deploy.context.ignore import Matcher
    from rajee_deploy.context.view import Tree
    from rajee_deploy.model import ContextRead


_SHOWN = 8  # names at the top of a build context


class NotSentError(DeployError):
    """What is there is not sent, for no instruction that is known asks for it as it must be asked for; one more
    instruction, like a trigger of a base image, might."""


def explain(
    read: ContextRead, path: str, tree: Tree, removed: DeployIgnored | None, ignored: Matcher | None
) -> DeployError:
    """The error for `path` (absolute in the context), which `read` needs and the build would not get.

    `tree` is the context as it lies on disk, `removed` and `ignored` the rules that were laid over it.
    """
    where = str(read.location)
    problem = f'"{path}": not found in the build context ({read.instruction.value} {read.source})'
    try:
        found, kind, links = follow(Filtered(tree, None), path, last=True)
    except LinkLoopError:
        found, kind, links = path.lstrip("/"), None, ()
    if kind is None:
        return DeployError("source-not-found", problem, where=where, hint=_hint_nearby(tree, found, links))
    steps = [step for name in (*links, found) for step in steps_to(tree, name)]
    rules = [rule for name, of in steps if removed is not None and (rule := removed.rule_for(name, of))]
    if rules:
        return DeployError(
            "source-deployignored",
            f"{read.instruction.value} {read.source} names {path}, which .deployignore removes",
            where=where,
            cause=f"{rules[0].where}: {rules[0].text}",
            hint="drop the rule, or add an exception (!…) behind it",
        )
    decided = [rule for name, _ in steps if ignored is not None and (rule := ignored.last_match(name))]
    if decided:
        return DeployError(
            "source-not-found",
            problem,
            where=where,
            cause=f"{decided[-1].where} ignores it: {decided[-1].text}",
            hint="drop the rule, or add an exception (!…) behind it",
        )
    return NotSentError("source-not-found", problem, where=where, hint=_hint_left_behind(path, links))


def explain_pattern(read: ContextRead, directory: str, tree: Tree) -> NotSentError:
    """The error for a pattern that matches nothing in a directory (absolute in the context) of which nothing is sent.

    `tree` is the context as it lies on disk.
    """
    return NotSentError(
        "source-not-found",
        f"{read.instruction.value} {read.source} matches nothing in the build context",
        where=str(read.location),
        cause=f"no instruction brings anything of {directory}, and BuildKit fails where a pattern has no directory to "
        "look in",
        hint=literal_hint(read, tree)
        or "drop the line, check the ignore rules, or keep a file of that name there; a pattern without a directory "
        "may match nothing",
    )


def literal_hint(read: ContextRead, tree: Tree) -> str:
    """How to write a pattern that was meant as the name of an entry; "" where there is no such entry."""
    path = globs.clean(read.selector.path)
    try:
        kind = follow(Filtered(tree, None), path, last=False)[1]
    except LinkLoopError:
        kind = None
    if kind is None:
        return ""
    name = path.lstrip("/")
    # `*` and `?` match themselves, and in brackets BuildKit's client does not understand them.
    return f"{name} is there, but its brackets make a pattern of it: write {name.replace('[', '[[]')}"


def steps_to(tree: Tree, path: str) -> list[tuple[str, Kind]]:
    """The entry and the directories above it, outermost first."""
    parts = path.split("/") if path else []
    names = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return [(name, tree.children(name.rpartition("/")[0])[name.rpartition("/")[2]]) for name in names]


def _hint_nearby(tree: Tree, path: str, links: tuple[str, ...]) -> str:
    shown = f"the symlink {links[-1]} leads to /{path}, which does not exist" if links else ""
    twin = _twin(tree, path)
    if twin:
        return (
            f"there is {twin!a}, which looks the same as {path!a} and is written with other code points: "
            "rename the file, or correct the Dockerfile"
        )
    names = ", ".join(near_names(tree, path))
    found = "; ".join(text for text in (shown, f"there is {names}" if names else "") if text)
    return found or _what_there_is(tree)


def _what_there_is(tree: Tree) -> str:
    names = sorted(tree.children(""))
    more = " …" if len(names) > _SHOWN else ""
    has = f"has {', '.join(names[:_SHOWN])}{more}" if names else "is empty"
    return f"sources are paths in the build context, which {has}: correct the line, or name another context"


def _twin(tree: Tree, path: str) -> str:
    """The path whose names differ in nothing that can be seen, such as Mac's decomposed accents; "" for none."""
    current = ""
    for part in path.split("/"):
        children = tree.children(current) if not current or _kind(tree, current) is Kind.DIRECTORY else {}
        same = unicodedata.normalize("NFC", part)
        found = part if part in children else next((n for n in children if unicodedata.normalize("NFC", n) == same), "")
        if not found:
            return ""
        current = f"{current}/{found}".lstrip("/")
    return current if current != path else ""


def _kind(tree: Tree, path: str) -> Kind | None:
    parent, _, name = path.rpartition("/")
    return tree.children(parent).get(name)


def near_names(tree: Tree, path: str) -> list[str]:
    """Paths whose last component is like the first one of `path` that is missing."""
    current = ""
    for part in path.split("/"):
        children = tree.children(current)
        if children.get(part) is not Kind.DIRECTORY:
            close = get_close_matches(part, children, n=3) if part not in children else []
            return [f"{current}/{name}".lstrip("/") for name in close]
        current = f"{current}/{part}".lstrip("/")
    return []


def _hint_left_behind(path: str, links: tuple[str, ...]) -> str:
    if links:
        return (
            f"BuildKit follows the symlink {links[0]} once in a build, for the first path (in sorted order) that "
            "leads through it: copy from its target instead"
        )
    return f"BuildKit reads {path} as an ignore pattern when it fetches it: rename it, or copy its directory"
