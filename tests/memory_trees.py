"""A build context in memory."""

from __future__ import annotations

from rajee_deploy.context.ignore import Matcher, Rule
from rajee_deploy.context.tree import in_byte_order
from rajee_deploy.context.view import UnreadableError
from rajee_deploy.model import Kind

TREE = ["a", "b.md", "d/x", "d/y.md", "d/e/z", "d/empty/", "n/node_modules/m", "node_modules/m"]

LINKS = {
    "l": "d",
    "abs": "/d/e",
    "up": "../../d/x",
    "d/back": "../l/e/z",
    "loop": "pool",
    "pool": "loop",
    "root": "/",
    "broken": "nope",
    "dir": "d/",
}


class Memory:
    """A tree out of paths: "d/" is a directory, {"l": "target"} a symlink; it notes what was listed."""

    def __init__(self, paths, links=None, unreadable=()):
        self._kinds = {"": Kind.DIRECTORY}
        self._links = links or {}
        self._unreadable = unreadable
        self.listed = []
        for path in [*paths, *self._links]:
            name = path.rstrip("/")
            kind = Kind.DIRECTORY if path.endswith("/") else Kind.FILE
            self._kinds[name] = Kind.SYMLINK if path in self._links else kind
            while "/" in name:
                name = name.rpartition("/")[0]
                self._kinds.setdefault(name, Kind.DIRECTORY)

    def children(self, path):
        self.listed.append(path)
        if path in self._unreadable:
            raise UnreadableError("unreadable", f"{path} cannot be read", where=path)
        base = f"{path}/" if path else ""
        names = [p.removeprefix(base) for p in self._kinds if p and p.startswith(base) and "/" not in p[len(base) :]]
        return {name: self._kinds[base + name] for name in in_byte_order(names)}

    def link(self, path):
        return self._links[path]


def matcher(*patterns):
    return Matcher([Rule(pattern) for pattern in patterns]) if patterns else None
