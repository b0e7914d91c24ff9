"""Go's globs: what Go's own documentation and tests say of path.Match."""

from __future__ import annotations

import itertools
import re

import pytest

from rajee_deploy.context.globs import (
    BadPatternError,
    character_class,
    clean,
    has_wildcard,
    is_malformed_early,
    match,
    split_wildcard,
    trim,
)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("", "."),
        ("./a", "a"),
        ("a//b/", "a/b"),
        ("d/../a", "a"),
        ("../a", "../a"),
        ("a/../..", ".."),
        ("/", "/"),
        ("/../a", "/a"),
        ("//a", "/a"),
        ("/a/./b/..", "/a"),
    ],
)
def test_clean(path, wanted):
    assert clean(path) == wanted


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/c/b", False),
        ("*", "a/b", False),
        ("**/*.py", "a/b.py", True),
        ("**/*.py", "a/b/c.py", False),
        ("**/*.py", "c.py", False),
        ("a?b", "a/b", False),
        ("a?b", "a☺b", True),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("[!a]", "!", True),
        ("[!a]", "b", False),
        ("a[^b]c", "a/c", True),
        ("[z-a]", "m", False),
        ("[\\]a]", "]", True),
        ("[*]", "*", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        (".*", ".x", True),
        ("*", ".x", True),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("arr[[]0].txt", "arr[0].txt", True),
        ("*", "a\nb", True),
        ("[^a]", "\n", True),
    ],
)
def test_match(pattern, name, wanted):
    assert match(pattern, name) is wanted


@pytest.mark.parametrize("pattern", ["[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "a*/[b"])
def test_malformed(pattern):
    with pytest.raises(BadPatternError):
        match(pattern, "a")


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [("[b", True), ("a[", True), ("a*/[b", False), ("*[b", True), ("*.[ab", True), ("*x[a]", False), ("*", False)],
)
def test_the_early_check_stops_at_the_first_mismatch(pattern, wanted):
    assert is_malformed_early(pattern) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("a", False), ("a*", True), ("a\\*", False), ("[", True), ("\\", False), ("\\\\?", True)]
)
def test_has_wildcard(text, wanted):
    assert has_wildcard(text) is wanted


def test_split_wildcard():
    assert split_wildcard("/a/b*/c") == ("/a", "b*/c")
    assert split_wildcard("/*") == ("", "*")
    assert split_wildcard("/a/b") == ("/a/b", "")


@pytest.mark.parametrize(
    ("ranges", "inside", "outside"),
    [
        (((0x61, 0x63),), "abc", "`dX^-"),
        (((0x61, 0x61), (0x78, 0x7A)), "axyz", "bw{X"),
        (((0x5A, 0x41), (0x61, 0x61)), "a", "AZMX"),
        (((0x5D, 0x5E),), "]^", "\\_"),
        (((0xDC80, 0xDCFF), (0x10FFFF, 0x10FFFF)), "\udcff\U0010ffff", "aX"),
        ((), "", "aX\n"),
        (((0x5A, 0x41),), "", "AZMX\n"),
    ],
)
def test_classes_of_characters(ranges, inside, outside):
    for negated in (False, True):
        expression = re.compile(character_class(ranges, negated=negated))
        assert {character: expression.fullmatch(character) is None for character in inside + outside} == {
            **dict.fromkeys(inside, negated),
            **dict.fromkeys(outside, not negated),
        }
    assert character_class(ranges) == character_class(ranges, negated=False)


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        ("", "", True),
        ("", "a", False),
        ("X", "X", True),
        ("X*X", "XaX", True),
        ("[a-cx]", "b", True),
        ("[a-cx]", "x", True),
        ("[a-cx]", "d", False),
        ("[^a-c]", "X", True),
        ("[^a-c]", "b", False),
        ("[^z-a]", "m", True),
        ("[\\-x]", "-", True),
        ("[\\-x]", "\\", False),
        ("[a\\-c]", "b", False),
        ("[\\a-\\c]", "b", True),
        ("[[]", "[", True),
        ("[a]]", "a]", True),
        ("[a][b]", "ab", True),
        ("?", "/", False),
        ("?", "é", True),
        ("??", "ab", True),
        ("a\\\\", "a\\", True),
        ("\\a", "a", True),
        ("a.b", "axb", False),
        ("a+", "a+", True),
        ("*.*", "a", False),
        ("**", "a/b", False),
        ("a*", "a", True),
        ("*a", "ba/a", False),
        ("[é-ü]", "ö", True),
        ("[^^]", "^", False),
        ("[a^]", "^", True),
        ("[]-a]b", "", "bad"),
        ("[-a]", "-", "bad"),
        ("[\udc80]", "\udc80", "bad"),
        ("[a-\udcff]", "a", "bad"),
        ("[\udcff-a]", "a", "bad"),
        ("[\\", "a", "bad"),
        ("[a\\]", "a", "bad"),
        ("[a-]", "a", "bad"),
        ("[a", "a", "bad"),
        ("a\\", "a", "bad"),
        ("[a]*[", "a", "bad"),
        ("[^]", "a", "bad"),
        ("[\udc7f]", "\udc7f", True),
        ("[\ue000]", "\ue000", True),
    ],
)
def test_match_at_its_edges(pattern, name, wanted):
    if wanted == "bad":
        with pytest.raises(BadPatternError):
            match(pattern, name)
    else:
        assert match(pattern, name) is wanted


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (".[b", True),
        (".*[b", True),
        ("..[b", True),
        ("a[b", True),
        ("?[b", True),
        ("?*[b", True),
        ("*?[b", True),
        ("*a*[b", False),
        ("*.*[b", True),
        (".*a*[b", False),
        ("*", False),
        ("**", False),
        ("**[b", True),
        ("", False),
        ("X*[b", False),
        ("*X[b", True),
        ("[.]*[b", True),
        ("[^.]*[b", False),
        ("\\.*[b", True),
        ("\\", True),
        ("a*\\", False),
        (".*\\", True),
        ("??*[b", False),
        ("*..*[b", False),
        ("*?*[b", True),
        ("*?*?*[b", False),
    ],
)
def test_how_far_the_early_check_looks(pattern, wanted):
    assert is_malformed_early(pattern) is wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/..", "/"),
        ("..", ".."),
        ("../..", "../.."),
        ("a/../../b", "../b"),
        ("X/./X/", "X/X"),
        (".", "."),
        ("./", "."),
        ("/.", "/"),
        ("a/..", "."),
        ("/a/../..", "/"),
        ("...", "..."),
        ("a/.../b", "a/.../b"),
        ("//", "/"),
    ],
)
def test_clean_at_its_edges(path, wanted):
    assert clean(path) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[", True),
        ("]", False),
        ("?", True),
        ("\\?", False),
        ("\\\n*", True),
        ("\\*", False),
        ("\\\\*", True),
        ("a\\", False),
        ("", False),
        ("\\[\\*\\?", False),
        ("X", False),
        ("\n*", True),
    ],
)
def test_has_wildcard_at_its_edges(text, wanted):
    assert has_wildcard(text) is wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/a?/b*", ("", "a?/b*")),
        ("/a/b/[c]", ("/a/b", "[c]")),
        ("/", ("/", "")),
        ("/a/\\*/c", ("/a/\\*/c", "")),
        ("*", ("", "*")),
    ],
)
def test_split_wildcard_at_its_edges(path, wanted):
    assert split_wildcard(path) == wanted


def test_trim():
    assert trim("\t\n\v\f\r \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000X a X\u3000 ") == "X a X"
    assert trim("\x1c\u200b") == "\x1c\u200b"


def test_stars_are_matched_once_and_in_linear_time():
    """As with all ways tried, on every short pattern; those that would be tried for ever end."""
    for length in range(1, 5):
        for letters in itertools.product("ab*?/", repeat=length):
            pattern = "".join(letters)
            naive = re.compile(re.sub(r"\*+", "[^/]*", pattern.replace("?", "[^/]")))
            for name in ("", "a", "ab", "aab", "abab", "a/b", "aab/ab", "ba/aab", "/", "abba"):
                assert match(pattern, name) == (naive.fullmatch(name) is not None), (pattern, name)
    assert not match("*" + "a*" * 60 + "b", "a" * 20_000)
    assert match("*" + "a*" * 60 + "b", "a" * 20_000 + "b")
