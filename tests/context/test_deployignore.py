"""`.deployignore` removes, in gitignore's syntax, before BuildKit's rules."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rajee_deploy.context import look_up
from rajee_deploy.errors import DeployError

TREE = {"a.log": "l", "keep.log": "k", "d/a.log": "l", "d/b": "b", "build/x": "x", "sub/build/x": "x", "file": "f"}


def paths(selection):
    return [entry.entry.path for entry in selection.entries if entry.digest]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["*.log"], ["build/x", "d/b", "file", "sub/build/x"]),
        (["*.log", "!keep.log"], ["build/x", "d/b", "file", "keep.log", "sub/build/x"]),
        (["build/"], ["a.log", "d/a.log", "d/b", "file", "keep.log"]),
        (["/build", "!build/x", "*.log"], ["d/b", "file", "sub/build/x"]),
        (["file/", "*.log", "build"], ["d/b", "file"]),
        (["# *", "", "*.log", "b*"], ["file"]),
        (["d/**", "!d/b", "*.log", "build"], ["d/b", "file"]),  # d itself is not removed, so b may be taken back
        (["**/build/** ", "*.log", "d"], ["file"]),
        (["*", "!d", "!d/b"], ["d/b"]),
        (["*/", "!/d/", "*.log"], ["d/b", "file"]),
        (["d/**/", "*.log", "build"], ["d/b", "file"]),
    ],
)
def test_git_rules(build, read, rules, lines, wanted):
    assert paths(look_up(build(TREE), [read("/")], rules(deploy=lines))) == wanted


def test_it_never_adds(build, read, rules):
    assert paths(look_up(build(TREE), [read("/")], rules("d", "*.log", deploy=["!d/b", "build"]))) == ["file"]


def test_a_named_source_that_it_removes_is_an_error(build, read, rules):
    with pytest.raises(DeployError) as caught:
        look_up(build(TREE), [read("/build/x", line=9)], rules(deploy=["# mine", "", "build/\r", ""]))
    error = caught.value
    assert (error.code, error.where, error.cause) == ("source-deployignored", "Dockerfile:9", ".deployignore:3: build/")


def test_a_wildcard_just_matches_less(build, read, rules):
    assert paths(look_up(build(TREE), [read("/*.log", wildcard=True)], rules(deploy=["a.log"]))) == ["keep.log"]


def test_a_malformed_pattern_is_an_error(build, read, rules):
    with pytest.raises(DeployError) as caught:
        look_up(build(TREE), [read("/")], rules(deploy=["!"]))
    assert caught.value.code == "ignore-pattern"


def test_pathspec_is_not_imported_without_the_file():
    code = "import sys, rajee_deploy.context; sys.exit('pathspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sets_that_python_minds_are_git_s_or_an_error(build, read, rules):
    root = build({"a": "A", "[": "B"})
    assert [entry.entry.path for entry in look_up(root, [read("/")], rules(deploy=["[[]"])).entries] == ["a"]
    with pytest.raises(DeployError) as caught:
        look_up(root, [read("/")], rules(deploy=["[z-a]"]))
    assert (caught.value.code, caught.value.where) == ("ignore-pattern", ".deployignore:1")


@pytest.mark.parametrize(("line", "why"), [("[a", "a bracket has no closing ]"), ("/", "it names nothing")])
def test_a_line_that_can_match_nothing_is_told(build, read, rules, line, why):
    found = look_up(build({"a": "A"}), [read("/")], rules(deploy=["# mine", line, "", "b"]))
    (notice,) = [one for one in found.notices if one.code == "ignore-matches-nothing"]
    assert notice.message == f".deployignore:2 can match nothing, and removes nothing: {why}"
    assert paths(found) == ["a"]
