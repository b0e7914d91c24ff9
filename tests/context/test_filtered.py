"""The view through ignore rules, on trees in memory: what is sent, what is listed, where symlinks lead."""

from __future__ import annotations

import pytest

from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow, followed_patterns
from rajee_deploy.context.ignore import Matcher, Rule
from rajee_deploy.context.tree import in_byte_order
from rajee_deploy.context.view import UnreadableError
from rajee_deploy.model import Kind


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


def sent(view, path=""):
    out = []
    for name, kind in view.children(path).items():
        full = f"{path}/{name}".lstrip("/")
        out.append(full + ("/" if kind is Kind.DIRECTORY else ""))
        if kind is Kind.DIRECTORY:
            out.extend(sent(view, full))
    return out


TREE = ["a", "b.md", "d/x", "d/y.md", "d/e/z", "d/empty/", "n/node_modules/m", "node_modules/m"]


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        (["d"], ["a", "b.md", "n/", "n/node_modules/", "n/node_modules/m", "node_modules/", "node_modules/m"]),
        (["*", "!d/empty"], ["d/", "d/empty/"]),
        (["*", "!d/e"], ["d/", "d/e/", "d/e/z"]),
        (["*", "!d/e", "d/e/z"], ["d/", "d/e/"]),
        (["**", "!**/z"], ["d/", "d/e/", "d/e/z"]),
        (["d/*", "n", "node_modules", "**.md"], ["a", "d/"]),
        (["*", "!d", "d/e", "d/**/empty"], ["d/", "d/x", "d/y.md"]),
        (["d", "!d/x", "d", "[a-c]*", "n*"], ["d/", "d/x"]),
    ],
)
def test_what_is_sent(patterns, wanted):
    view = Filtered(Memory(TREE), matcher(*patterns))
    assert sent(view) == wanted
    fresh = Filtered(Memory(TREE), matcher(*patterns))
    for path in TREE:
        name = path.rstrip("/")
        assert (fresh.kind(name) is not None) is (path in wanted), path


def test_ignored_directories_are_not_listed():
    tree = Memory(TREE)
    assert sent(Filtered(tree, matcher("node_modules", "d", "!d2/**"))) == ["a", "b.md", *sent_below_n()]
    assert set(tree.listed) == {"", "n", "n/node_modules"}


def sent_below_n():
    return ["n/", "n/node_modules/", "n/node_modules/m"]


def test_an_exception_opens_only_its_own_way():
    tree = Memory(TREE)
    assert sent(Filtered(tree, matcher("*", "!d/e/*"))) == ["d/", "d/e/", "d/e/z"]
    assert sorted(set(tree.listed)) == ["", "d", "d/e"]


def test_only_followed_paths_are_sent_and_listed():
    tree = Memory(TREE)
    assert sent(Filtered(tree, None, matcher("d/e", "a"))) == ["a", "d/", "d/e/", "d/e/z"]
    assert sorted(set(tree.listed)) == ["", "d", "d/e"]


def test_withheld_files():
    view = Filtered(Memory(TREE), matcher("d", "!d/x", "d"))
    assert view.kind("d/x") is Kind.FILE
    assert view.is_withheld("d/x")
    assert not view.is_withheld("a")


def test_unreadable_directories_matter_only_when_they_are_sent():
    tree = Memory(TREE, unreadable=("d",))
    assert sent(Filtered(tree, matcher("d", "!d/x", "[bn]*"))) == ["a"]
    with pytest.raises(UnreadableError):
        sent(Filtered(tree, None))


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


@pytest.mark.parametrize(
    ("path", "last", "wanted"),
    [
        ("/a", True, ("a", Kind.FILE, ())),
        ("/l", True, ("d", Kind.DIRECTORY, ("l",))),
        ("/l", False, ("l", Kind.SYMLINK, ())),
        ("/l/e/z", False, ("d/e/z", Kind.FILE, ("l",))),
        ("/abs/z", True, ("d/e/z", Kind.FILE, ("abs",))),
        ("/up", True, ("d/x", Kind.FILE, ("up",))),
        ("/d/back", True, ("d/e/z", Kind.FILE, ("d/back", "l"))),
        ("/root", True, ("", Kind.DIRECTORY, ("root",))),
        ("/root/root/a", True, ("a", Kind.FILE, ("root", "root"))),
        ("/broken", True, ("nope", None, ("broken",))),
        ("/dir/x", True, ("d/x", Kind.FILE, ("dir",))),
        ("/missing/../a", True, ("a", Kind.FILE, ())),
        ("/A", True, ("A", None, ())),
    ],
)
def test_follow(path, last, wanted):
    assert follow(Filtered(Memory(TREE, LINKS), None), path, last=last) == wanted


def test_loops_end():
    with pytest.raises(LinkLoopError):
        follow(Filtered(Memory(TREE, LINKS), None), "/loop", last=True)


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (["/a"], ("a",)),
        (["/l/x"], ("d/x", "l")),
        (["/*/x"], ("*", "d/e/x", "d/x", "nope/x")),
        (["/d", "/d/x"], ("d",)),
        (["/root"], None),
        (["/nowhere/*"], ("nowhere/*",)),
        (["/l/x", "/l/y"], ("d/x", "l")),  # the second never gets its target
    ],
)
def test_followed_patterns(paths, wanted):
    links = LINKS if "/*/x" not in paths else {key: LINKS[key] for key in ("l", "abs", "broken")}
    assert followed_patterns(Memory(TREE, links), paths) == wanted
