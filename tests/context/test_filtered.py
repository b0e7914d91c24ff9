"""The view through ignore rules, on trees in memory: what is sent, what is listed, where symlinks lead."""

from __future__ import annotations

import pytest
from memory_trees import LINKS, TREE, Memory, matcher

from rajee_deploy.context.filtered import Filtered, LinkLoopError, follow, follow_all
from rajee_deploy.context.view import UnreadableError
from rajee_deploy.model import Kind


def sent(view, path=""):
    out = []
    for name, kind in view.children(path).items():
        full = f"{path}/{name}".lstrip("/")
        out.append(full + ("/" if kind is Kind.DIRECTORY else ""))
        if kind is Kind.DIRECTORY:
            out.extend(sent(view, full))
    return out


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


def patterns_of(tree, paths):
    found = follow_all(tree, paths)
    return found.patterns if found is not None else None


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
    assert patterns_of(Memory(TREE, links), paths) == wanted


DEEP = {"d/rel": "e/z", "d/e/abs": "/a", "d/e/up": "../x", "d/dir": "e/", "X": "d", "d/e/X": "/X/X"}


@pytest.mark.parametrize(
    ("path", "last", "wanted"),
    [
        ("/d/rel", True, ("d/e/z", Kind.FILE, ("d/rel",))),
        ("/d/e/abs", True, ("a", Kind.FILE, ("d/e/abs",))),
        ("/d/e/up", True, ("d/x", Kind.FILE, ("d/e/up",))),
        ("/d/dir/z", True, ("d/e/z", Kind.FILE, ("d/dir",))),
        ("/d/dir", True, ("d/e", Kind.DIRECTORY, ("d/dir",))),
        ("/X/x", False, ("d/x", Kind.FILE, ("X",))),
        ("/X", False, ("X", Kind.SYMLINK, ())),
        ("/d/e/X", True, ("d/X", None, ("d/e/X", "X"))),
        ("/", True, ("", Kind.DIRECTORY, ())),
        ("/a/b", True, ("a/b", None, ())),
        ("/d/rel/y", True, ("d/e/z/y", None, ("d/rel",))),
    ],
)
def test_follow_inside_directories(path, last, wanted):
    assert follow(Filtered(Memory(TREE, DEEP), None), path, last=last) == wanted


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (["/d/rel"], ("d/e/z", "d/rel")),
        (["/d/e/abs"], ("a", "d/e/abs")),
        (["/d/e/up/y"], ("d/e/up", "d/x/y")),
        (["/d/dir/z"], ("d/dir", "d/e/z")),
        (["/X"], ("X", "d")),
        (["/Xa"], ("Xa",)),
        (["X/x", "/d/x"], ("X", "d/x")),
        (["/d/*"], ("d/*", "d/e")),
        (["/d/r*/y"], ("d/e/z/y", "d/r*")),
        (["/d/e/[/z"], ("d/e/[/z",)),
        (["/."], None),
        (["/d/e/X"], ("X", "d/X", "d/e/X")),
        (["/d", "/d/e", "/da"], ("d", "da")),
        ([], ()),
        (["/a/b"], ("a/b",)),
        (["/d/e/z/rel"], ("d/e/z/rel",)),
    ],
)
def test_followed_patterns_inside_directories(paths, wanted):
    assert patterns_of(Memory(TREE, DEEP), paths) == wanted


def test_the_longest_way_through_symlinks_has_255():
    links = {f"l{number}": f"l{number + 1}" for number in range(255)}
    tree = Filtered(Memory(["l255", "m"], links), None)
    assert follow(tree, "/l0", last=True)[0] == "l255"
    links["m"] = "l0"
    with pytest.raises(LinkLoopError):
        follow(Filtered(Memory(["l255"], links), None), "/m", last=True)


def test_whether_anything_can_be_withheld():
    tree = Memory(TREE)
    assert Filtered(tree, matcher("a", "!b")).may_withhold
    assert Filtered(tree, None, matcher("a", "!b")).may_withhold
    assert not Filtered(tree, matcher("a"), matcher("b")).may_withhold
    assert not Filtered(tree, None).may_withhold
    assert not Filtered(tree, None).is_withheld("a")


@pytest.mark.parametrize(
    ("exclude", "include", "path", "wanted"),
    [
        (("d", "!d/x", "d"), (), "d/x", True),
        (("d", "!d/x"), (), "d/x", False),
        (("d/e", "!d/e/z", "d/e"), (), "d/e/z", True),
        (("*.md", "!b.md"), (), "b.md", False),
        (("*.md", "!b.md"), (), "d/x", False),
        ((), ("d", "!d/x"), "d/x", True),
        ((), ("d", "!d/x"), "d/y.md", False),
        ((), ("!d/x", "d"), "d/e/z", False),
    ],
)
def test_what_is_withheld(exclude, include, path, wanted):
    assert Filtered(Memory(TREE), matcher(*exclude), matcher(*include)).is_withheld(path) is wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("", Kind.DIRECTORY),
        ("a", Kind.FILE),
        ("d", Kind.DIRECTORY),
        ("d/x", Kind.FILE),
        ("d/no", None),
        ("a/x", None),
        ("no/x", None),
        ("d/e/z", None),
        ("d/e", None),
        ("d/empty", Kind.DIRECTORY),
    ],
)
def test_the_kind_of_what_is_sent(path, wanted):
    assert Filtered(Memory(TREE), matcher("d/e")).kind(path) is wanted


def test_what_is_below_something_that_is_not_sent_is_not_there():
    view = Filtered(Memory(TREE), matcher("d"))
    assert (view.children("d"), view.children("no"), view.children("a")) == ({}, {}, {})
    assert Filtered(Memory(TREE, {"l": "a"}), None).link("l") == "a"
