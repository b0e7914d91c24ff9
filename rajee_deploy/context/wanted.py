"""From what the reads choose to the entries that the build needs, directory by directory.

Owns that table and its order. Must never read a file, nor decide what is selected.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.context.filtered import Filtered
    from rajee_deploy.context.select import Chosen

Wanted = dict[str, "Mapping[str, Kind]"]


def wanted_entries(tree: Filtered, chosen: Sequence[Chosen]) -> Wanted:
    """For each directory the entries of it that the build needs, in byte order; a directory before those inside it.

    A directory that is taken as a whole shares its listing with the tree: a million entries are not copied.
    """
    whole: Wanted = {}
    parts: dict[str, dict[str, Kind]] = {}
    for one in chosen:
        for item in one.items:
            if item.deep and item.path not in whole and tree.kind(item.path) is Kind.DIRECTORY:
                _add_below(whole, tree, item.path)
    for one in chosen:
        for path in (*one.passed, *(item.path for item in one.items)):
            _add_with_parents(whole, parts, tree, path)
    some = {path: dict(sorted(names.items(), key=_by_name)) for path, names in parts.items()}
    return dict(sorted({**some, **whole}.items(), key=_by_path))


def _by_name(item: tuple[str, object]) -> bytes:
    return os.fsencode(item[0])


def _by_path(item: tuple[str, object]) -> bytes:
    return os.fsencode(item[0].replace("/", "\0"))


def _add_below(whole: Wanted, tree: Filtered, path: str) -> None:
    stack = [path]
    while stack:
        path = stack.pop()
        whole[path] = children = tree.children(path)
        base = f"{path}/" if path else ""
        stack.extend(base + name for name, kind in children.items() if kind is Kind.DIRECTORY)


def _add_with_parents(whole: Wanted, parts: dict[str, dict[str, Kind]], tree: Filtered, path: str) -> None:
    while path:
        parent, _, name = path.rpartition("/")
        names = parts.setdefault(parent, {}) if parent not in whole else None
        if names is not None:
            if name in names:
                return
            kind = tree.kind(path)
            assert kind is not None, path  # noqa: S101 -- the selection came out of this very tree
            names[name] = kind
        path = parent
