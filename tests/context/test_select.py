"""What one read selects of a tree in memory: the items that are hashed, in their order and under their names."""

from __future__ import annotations

import pytest
from memory_trees import LINKS, TREE, Memory

from rajee_deploy.context.filtered import Filtered
from rajee_deploy.context.select import MissingError, choose, followed_path
from rajee_deploy.errors import DeployError
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId


def selection(tree, path, *, source="x", **selector):
    read = ContextRead(ReadBy.COPY, Location("D", 3, 3), StageId(0, None), source, Selector(path, **selector))
    found = choose(read, tree)
    assert found.read is read
    return [(item.key, item.path, item.deep) for item in found.items], found.alone, found.passed


@pytest.mark.parametrize(
    ("path", "selector", "wanted"),
    [
        ("/a", {}, ([(b"", "a", True)], True, ())),
        ("/X/e", {}, ([(b"", "d/e", True)], True, ("X",))),
        ("/X", {"follow": False}, ([(b"", "X", True)], True, ())),
        ("/*", {"wildcard": True, "exclude": ("*",)}, ([], False, ("",))),
        ("/[ab]*", {"wildcard": True}, ([(b"\0a", "a", False), (b"\0b.md", "b.md", False)], False, ("",))),
        ("/a*", {"wildcard": True}, ([(b"\0a", "a", False)], False, ("",))),
        ("/d/x*", {"wildcard": True}, ([(b"\0x", "d/x", False)], False, ("d",))),
        ("/X*", {"wildcard": True}, ([(b"\0X", "d", True)], False, ("", "X"))),
        ("/X*", {"wildcard": True, "follow": False}, ([(b"\0X", "X", False)], False, ("",))),
        ("/d/x", {"exclude": ("y",)}, ([(b"\0", "d/x", False)], True, ("d/x",))),
        ("/d/e", {"exclude": ("y",)}, ([(b"\0", "d/e", False), (b"\0z", "d/e/z", False)], False, ("d/e",))),
        (
            "/",
            {"include": ("d/x",), "required": ("/d/x",)},
            ([(b"\0d", "d", False), (b"\0d\0x", "d/x", False)], False, ("",)),
        ),
        (
            "/d",
            {"include": ("e/z", "x")},
            (
                [(b"\0", "d", False), (b"\0e", "d/e", False), (b"\0e\0z", "d/e/z", False), (b"\0x", "d/x", False)],
                False,
                ("d",),
            ),
        ),
        (
            "/d",
            {"include": ("e",), "exclude": ("e/z",)},
            ([(b"\0", "d", False), (b"\0e", "d/e", False)], False, ("d",)),
        ),
        ("/*/x", {"wildcard": True}, ([(b"\0d\0x", "d/x", False)], True, ("",))),
        ("/[a-z]/x", {"wildcard": True}, ([(b"\0d\0x", "d/x", False)], True, ("",))),
        (
            "/d*",
            {"wildcard": True, "exclude": ("e", "empty", "*.md")},
            ([(b"\0d", "d", False), (b"\0d\0x", "d/x", False)], False, ("",)),
        ),
        ("/no*", {"wildcard": True, "exclude": ("m",)}, ([(b"\0node_modules", "node_modules", False)], False, ("",))),
        ("/no", {"exclude": ("m",)}, ([], False, ())),
    ],
)
def test_what_a_read_selects(path, selector, wanted):
    assert selection(Filtered(Memory(TREE, {"X": "d"}), None), path, **selector) == wanted


def test_a_path_that_only_looks_like_a_wildcard():
    tree = Filtered(Memory(["d*/x", "d*/y", "dx/x"]), None)
    assert selection(tree, "/d*", exclude=("y",)) == (
        [(b"\0", "d*", False), (b"\0x", "d*/x", False)],
        False,
        ("d*",),
    )
    assert selection(tree, "/d*/x") == ([(b"", "d*/x", True)], True, ())


def test_only_what_may_be_selected_is_listed():
    for selector, listed in (
        ({"exclude": ("e",)}, {"", "d", "d/empty"}),
        ({"include": ("x",)}, {"", "d"}),
        ({"include": ("e/*",)}, {"", "d", "d/e"}),
    ):
        tree = Memory(TREE)
        selection(Filtered(tree, None), "/d", **selector)
        assert set(tree.listed) == listed
    tree = Memory(TREE)
    selection(Filtered(tree, None), "/d/*.md", wildcard=True)
    assert set(tree.listed) == {"", "d"}


@pytest.mark.parametrize(
    ("path", "selector", "code"),
    [
        ("/loop", {}, "source-loop"),
        ("/loop*", {"wildcard": True}, "source-loop"),
        ("/[a-", {"wildcard": True}, "ignore-pattern"),
        ("/d", {"exclude": ("[",)}, "ignore-pattern"),
    ],
)
def test_why_a_read_cannot_be_looked_up(path, selector, code):
    with pytest.raises(DeployError) as caught:
        selection(Filtered(Memory(TREE, LINKS), None), path, source="the source", **selector)
    assert (caught.value.code, caught.value.where) == (code, "D:3")


@pytest.mark.parametrize(
    ("path", "selector", "missing", "is_searched"),
    [
        ("/no", {}, "/no", False),
        ("/d/../no/", {}, "/no", False),
        ("/no/x*", {"wildcard": True}, "/no", True),
        ("/d", {"include": ("x",), "required": ("/d/no",)}, "/d/no", False),
        ("/broken", {}, "/broken", False),
    ],
)
def test_what_must_be_there(path, selector, missing, is_searched):
    with pytest.raises(MissingError) as caught:
        selection(Filtered(Memory(TREE, LINKS), None), path, **selector)
    assert (caught.value.path, str(caught.value), caught.value.is_searched) == (missing, missing, is_searched)


@pytest.mark.parametrize(
    ("selector", "wanted"),
    [
        (Selector("/a/../b/"), "/b"),
        (Selector("/"), "/"),
        (Selector("/a", include=("b/c",)), "/a/b/c"),
        (Selector("/", include=("X", "y")), "/X"),
    ],
)
def test_the_path_that_is_asked_for(selector, wanted):
    assert followed_path(selector) == wanted
