"""Go's globs: what Go's own documentation and tests say of path.Match."""

from __future__ import annotations

import pytest

from rajee_deploy.context.globs import BadPatternError, clean, has_wildcard, is_malformed_early, match, split_wildcard


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("", "."), ("./a", "a"), ("a//b/", "a/b"), ("d/../a", "a"), ("../a", "../a"), ("a/../..", ".."), ("/", "/"),
        ("/../a", "/a"), ("//a", "/a"), ("/a/./b/..", "/a"),
    ],
)  # fmt: skip
def test_clean(path, wanted):
    assert clean(path) == wanted


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        ("abc", "abc", True), ("*", "abc", True), ("*c", "abc", True), ("a*/b", "abc/b", True),
        ("a*/b", "a/c/b", False),
        ("*", "a/b", False), ("**/*.py", "a/b.py", True), ("**/*.py", "a/b/c.py", False), ("**/*.py", "c.py", False),
        ("a?b", "a/b", False), ("a?b", "a☺b", True), ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("[!a]", "!", True), ("[!a]", "b", False), ("a[^b]c", "a/c", True), ("[z-a]", "m", False),
        ("[\\]a]", "]", True),
        ("[*]", "*", True), ("a\\*b", "a*b", True), ("a\\*b", "axb", False), (".*", ".x", True), ("*", ".x", True),
        ("a*b?c*x", "abxbbxdbxebxczzx", True), ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("arr[[]0].txt", "arr[0].txt", True),
        ("*", "a\nb", True), ("[^a]", "\n", True),
    ],
)  # fmt: skip
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
