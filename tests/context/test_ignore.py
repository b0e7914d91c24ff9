"""Ignore patterns: the upstream table, the oddities, and the file's syntax."""

from __future__ import annotations

import posixpath

import pytest
import tables
from hypothesis import example, given
from hypothesis import strategies as st

from rajee_deploy.context.globs import clean
from rajee_deploy.context.ignore import Matcher, Rule, go_expression, read_rules
from rajee_deploy.errors import DeployError


def matches(patterns, path):
    try:
        return Matcher([Rule(pattern) for pattern in patterns]).matches(path)
    except DeployError as error:
        return "error" if error.code == "ignore-pattern" else error.code


def walk(matcher, path):
    """Match a path as a walk does: with the flags of the directories above it."""
    parts = path.split("/")
    matched, flags = False, None
    for end in range(1, len(parts) + 1):
        matched, flags = matcher.step("/".join(parts[:end]), flags)
    return matched


def test_own_ignore_case(own_ignore_case):
    matcher = Matcher(read_rules(own_ignore_case["ignore"].encode(), "x"))
    for path in own_ignore_case["out"] + own_ignore_case["in"]:
        assert matcher.matches(path) is (path in own_ignore_case["out"]), path


def test_upstream_table():
    table = tables.public("patternmatcher_cases.json")
    if table is None:
        pytest.skip(tables.reason("patternmatcher_cases.json"))
    for case in table["cases"]:
        wanted = "error" if case["error"] else case["match"]
        assert matches(case["patterns"], case["path"]) == wanted, case
    for case in table["compile"]:
        wanted = (case["match_type"], case["regexp"] or "")
        assert go_expression(clean(case["pattern"])) == wanted, case
    for case in table["ignorefile"]:
        assert [rule.text for rule in read_rules(case["content"].encode(), "x")] == case["patterns"], case
    for case in table["clean"]:
        matcher = Matcher([Rule(pattern) for pattern in case["patterns"]])
        assert len(matcher.patterns) == case["active"], case
        assert matcher.has_exceptions is bool(case["exclusions"]), case


@pytest.mark.parametrize(
    ("patterns", "path", "wanted"),
    [
        (["node_modules"], "src/node_modules/x", False),
        (["node_modules"], "node_modules/x", True),
        (["*.log"], "a/b.log", False),
        (["foo/"], "foo", True),
        (["**x"], "ax", True),
        (["**x*"], "ax", False),
        (["a**/*.txt"], "a/d/f.txt", True),
        (["[!a]"], "b", False),
        (["[!a]"], "a", True),
        (["./a"], "a", True),
        (["a//b"], "a/b", True),
        (["**", "!util/docker/web"], "util/docker/web/foo", False),
        (["abc/**"], "abc", False),
        (["dir/*"], "dir", False),
        (["**/dir"], "dir/file", True),
        (["{a,b}"], "a", False),
        (["a^b*"], "a^bc", False),
        (["a^b"], "a^b", True),
        (["[a*]b"], "a]b", True),
        (["\\d"], "7", True),
        (["\\y"], "y", "error"),
        (["[z-a]"], "a", "error"),
        (["a*/[b"], "x", "error"),
        (["!./a", "a"], "a", True),
        (["  a  "], "a", True),
        (["é*"], "éa", True),
        (["?"], "ab", False),
        (["X*"], "a", False),
        (["a", "!X*"], "a", True),
        (["a*", "!?"], "ab", True),
        (["a", "![^a]"], "a", True),
        (["[^a]"], "a", False),
        (["[^a]"], "b/c", True),
        (["/X/"], "X/a", False),
        (["X"], "X", True),
        (["a/*"], "a/b/c", True),
        (["a/?"], "a/bc", False),
        (["**"], "a/b", True),
        (["a/**"], "a/b/c", True),
        (["a/**"], "ab", False),
        (["**/a/**"], "x/a/b", True),
        (["**/a/**"], "a", False),
        (["**/*.c"], "x/y.c", True),
        (["**/*.c"], "x/y.cc", False),
        (["a.c"], "abc", False),
        (["a*.c"], "abxc", False),
        (["*(b)|{c}$+"], "a(b)|{c}$+", True),
        (["*\\*"], "a*", True),
        (["*\\*"], "ab", False),
        (["*\udcff"], "a\udcfe", True),
        (["!a"], "a", False),
        (["!a", "a"], "a", True),
        (["a", "!a"], "a", False),
        (["a", "!a/b"], "a/b", False),
        (["a", "!a/b"], "a/c", True),
        (["!"], "a", "error"),
        (["! a"], "a", False),
        (["", "  ", "a"], "a", True),
    ],
)
def test_where_tools_disagree(patterns, path, wanted):
    assert matches(patterns, path) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"\xef\xbb\xbfa\n#b\n #c\n\\#d", ["a", "#c", "\\#d"]),
        (b"a\r\n\r\nb\r\n", ["a", "b"]),
        (b"! x\n!/y\n/z\n/\n//q/", ["!x", "!y", "z", "/", "q"]),
        (b"./a\na//b\nd/../a\n../up\na/", ["a", "a/b", "a", "../up", "a"]),
        (b"foo\\ ", ["foo\\"]),
        ("\u00a0a\u2003".encode(), ["a"]),
        (b"\x1ca", ["\x1ca"]),
    ],
)
def test_reading_an_ignore_file(text, wanted):
    assert [rule.text for rule in read_rules(text, ".dockerignore")] == wanted


def test_rules_know_their_line():
    assert read_rules(b"# first\n\na\n", "x/.dockerignore")[0] == Rule("a", "x/.dockerignore:3")


def test_errors_name_the_line():
    with pytest.raises(DeployError) as caught:
        Matcher(read_rules(b"ok\n[a\n", ".dockerignore"))
    assert (caught.value.code, caught.value.where) == ("ignore-pattern", ".dockerignore:2")
    with pytest.raises(DeployError) as caught:
        read_rules(b"x\n" + b"y" * 65536, ".dockerignore")
    assert (caught.value.code, caught.value.where) == ("ignore-pattern", ".dockerignore:2")


def test_walking_and_opening_disagree_about_a_pattern_passed_over():
    matcher = Matcher([Rule("d"), Rule("!d/x"), Rule("d")])
    assert not walk(matcher, "d/x")
    assert matcher.matches("d/x")
    assert walk(matcher, "d/y")


def test_the_rule_that_decided():
    matcher = Matcher([Rule("*.md", "i:1"), Rule("!a.md", "i:2"), Rule("d", "i:3")])
    assert matcher.last_match("b.md") == Rule("*.md", "i:1")
    assert matcher.last_match("d/e/f") == Rule("d", "i:3")
    assert matcher.last_match("a.md") is None


PATTERNS = st.lists(st.text(st.sampled_from(list("ab/*?[]^!-\\.Qd ")), min_size=0, max_size=6), min_size=1, max_size=4)
PATHS = st.lists(st.text(st.sampled_from(list("abd.]^-")), min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda parts: posixpath.join(*(part.replace(".", "x") if part in {".", ".."} else part for part in parts))
)


@given(PATTERNS, PATHS)
def test_nothing_but_deploy_errors(patterns, path):
    assert matches(patterns, path) in {True, False, "error"}


@given(PATTERNS, PATHS)
def test_without_exceptions_walking_and_opening_agree(patterns, path):
    try:
        matcher = Matcher([Rule(pattern) for pattern in patterns if not pattern.strip().startswith("!")])
        assert walk(matcher, path) is matcher.matches(path)
    except DeployError:
        return


@given(PATTERNS, PATHS)
@example(["a**/b"], "ab")
@example(["**/**/a"], "a")
def test_the_shortcuts_never_say_no_wrongly(patterns, path):
    try:
        matcher = Matcher([Rule(pattern) for pattern in patterns])
        matched = any(p.match(path) for p in matcher.patterns if not p.exception)
        assert matcher.touches(path) or not matched
        parent = path.rpartition("/")[0]
        if parent and matched:
            assert matcher.can_match_below(parent)
    except DeployError:
        return


def test_what_no_pattern_touches_costs_no_walk_through_the_list():
    matcher = Matcher([Rule("*.md"), Rule("!d"), Rule("n")])
    assert matcher.nothing == ()
    assert matcher.step("d", None) == (False, matcher.nothing)
    for path, parent in (("a", None), ("d/a", matcher.nothing), ("d", matcher.nothing)):
        assert matcher.step(path, parent)[1] is matcher.nothing
    assert matcher.step("n", None) == (True, (2,))
    assert matcher.step("n/a", (2,)) == (True, (2,))
    assert matcher.step("n/a", None) == (True, (2,))
    assert matcher.step("d/a.md", matcher.nothing) == (False, ())
    assert matcher.step("a.md", None) == (True, (0,))
    assert matcher.step("d", (0,)) == (False, (0, 1))


FILLER = [Rule(text) for number in range(100) for text in (f"z{number}", f"!z{number}/*z", f"**/z*{number}")]


@given(PATTERNS, PATHS)
@example(["**", "!**/b", "a**"], "a/b")
@example(["a*[b-a]"], "ab")
def test_among_many_patterns_each_means_what_it_means_alone(patterns, path):
    """Many are asked by an index. What is put before them matches nothing here."""
    rules = [Rule(pattern) for pattern in patterns]
    answers = []
    for before in ([], FILLER):
        try:
            matcher = Matcher([*before, *rules])
            answers.append((walk(matcher, path), matcher.matches(path), matcher.last_match(path)))
        except DeployError as error:
            answers.append(error.code)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("pattern", "kind", "tail", "whole"),
    [
        ("a/b", "exact", "", ("a/b",)),
        ("a/**", "prefix", "", ()),
        ("**/a", "suffix", "/a", ("a",)),
        ("**a", "suffix", "a", ()),
        ("**/*.pyc", "regexp", ".pyc", ()),
        ("*.X", "regexp", ".X", ()),
        ("a**/b", "regexp", "b", ()),
        ("a*", "regexp", "", ()),
        ("*/a", "regexp", "a", ()),
        ("a?X", "regexp", "X", ()),
        ("*\\a", "regexp", "", ()),
        ("*\\ab", "regexp", "b", ()),
        ("[a]b", "regexp", "b", ()),
        ("*é", "regexp", "", ()),
        ("*\\Qa", "regexp", "", ()),
        ("**", "suffix", "", ()),
        ("a", "exact", "", ("a",)),
        ("X", "exact", "", ("X",)),
    ],
)
def test_how_a_pattern_is_seen(pattern, kind, tail, whole):
    (found,) = Matcher([Rule(pattern)]).patterns
    assert (found.kind, found.tail, found.whole_texts) == (kind, tail, whole)


@pytest.mark.parametrize(
    ("pattern", "directory", "wanted"),
    [
        ("a", "a", False),
        ("a/b", "a", True),
        ("a/b", "a/b", False),
        ("a/b", "x", False),
        ("a/b/c", "a", True),
        ("a/*", "a", True),
        ("a/*", "x", False),
        ("a/*", "a/b", False),
        ("*", "a", False),
        ("*/b", "a", True),
        ("**/b", "a/b/c", True),
        ("a/**", "a/b/c", True),
        ("a/**", "x", False),
        ("a/[b]", "a/x/y", True),
        ("a/[b]", "x", False),
        ("a\\*", "a", True),
        ("ab/c", "a", False),
        ("a/b*/c", "a", True),
        ("a/b*/c", "a/b/c", False),
        ("X/**", "X", True),
        ("a?/b", "x", True),
        ("a**", "x", True),
    ],
)
def test_where_a_pattern_may_match(pattern, directory, wanted):
    (found,) = Matcher([Rule(pattern)]).patterns
    assert found.reaches_below(directory) is wanted
    assert Matcher([Rule(pattern)]).can_match_below(directory) is wanted
    assert Matcher([Rule("!" + pattern)]).can_revive(directory) is wanted
    assert not Matcher([Rule(pattern)]).can_revive(directory)
    assert not Matcher([Rule("!" + pattern)]).can_match_below(directory)


def test_exceptions_are_counted():
    assert Matcher([Rule("a"), Rule("!b")]).has_exceptions
    assert not Matcher([Rule("a")]).has_exceptions


def test_a_malformed_pattern_is_named():
    with pytest.raises(DeployError) as caught:
        Matcher([Rule("a", "f:1"), Rule("[", "f:2")])
    assert (caught.value.code, caught.value.where) == ("ignore-pattern", "f:2")
    late = Matcher([Rule("a*[b-a]", "f:3")])
    assert late.touches("x")
    with pytest.raises(DeployError) as caught:
        late.matches("ab")
    assert (caught.value.code, caught.value.where) == ("ignore-pattern", "f:3")
