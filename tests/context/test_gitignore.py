"""gitignore patterns mean what pathspec and git say, and take linear time.

pathspec's own answers come from its backend `simple`, Python's expressions; git's from `git check-ignore`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec
from sampled import examples

from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.gitignore import Patterns, read_lines
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind
from rajee_deploy.synth.ignored import IgnorePatterns

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

SEGMENTS = st.sampled_from(
    [
        "a",
        "b",
        "x",
        "ab",
        "*",
        "**",
        "?",
        "a*",
        "*b",
        "*a*b",
        "a*b*a",
        "*a",
        "a**b",
        "*.c",
        "a?b",
        "[ab]",
        "[!a]",
        "[^b]x",
        "[]a]",
        "[.-b]",
        "[a-]*x",
        "\\*",
        "\\a",
        "***",
        "é",
        "#",
        "a b",
    ]
)
PATTERNS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "/", "!", "!/", "**/"]),
    st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", "/**", " "]),
)
NAMES = st.sampled_from(
    ["a", "b", "x", "ab", "aab", "abab", "ax", "bx", "a.c", "*", "aXb", "é", "#", "a b", "a\n", "a\nb", "\udcff"]
)
PATHS = st.builds("{}{}".format, st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.sampled_from(["", "/"]))
MANY = st.lists(PATTERNS, min_size=1, max_size=3) | st.lists(PATTERNS, min_size=17, max_size=20)


@settings(max_examples=examples(100), deadline=None)
@given(MANY, st.lists(PATHS, min_size=1, max_size=10))
def test_answers_are_pathspecs(patterns, paths):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = GitIgnoreSpec.from_lines(patterns, backend="simple")
    assert [IgnorePatterns(patterns)(path) for path in paths] == [theirs.match_file(path) for path in paths]


def entries_of_git(place, lines: list[str], paths: list[str]) -> set[str]:
    """Which of these entries git ignores, asked as it goes through directories from the top."""
    (place / ".gitignore").write_text("\n".join(lines) + "\n")
    asked = "\0".join(paths).encode("utf-8", "surrogateescape")
    command = ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "-z", "--stdin", "--no-index"]
    found = subprocess.run(command, input=asked, capture_output=True, check=False, cwd=place)
    assert found.returncode in (0, 1), found.stderr
    return set(found.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""}


GIT_LINES = [
    "*.log",
    "a",
    "/a",
    "a/",
    "/a/",
    "a/b",
    "a/*",
    "a/**",
    "**/b",
    "a/**/b",
    "*a*b",
    "*a*b*a",
    "[ab]",
    "[!a]",
    "[^b]*",
    "[]a]",
    "[a-c]x",
    "?",
    "a?b",
    "\\*",
    "\\a",
    "*",
    "!a",
    "**",
    "a/**/",
    "*/b/*",
    "**/a*/**/*b",
    "x*y*z",
    "[a",
    "é*",
]
GIT_NAMES = ["a", "b", "ab", "abab", "aXb", "x.log", "*", "é1", "cx", "\udcff", "x1y2z", "]"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    place = tmp_path_factory.mktemp("checkout")
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    for name in GIT_NAMES:
        for other in GIT_NAMES:
            (place / name / f"{other}.d").mkdir(parents=True)
            (place / name / other).write_text("")
    return place


@pytest.mark.parametrize("second", ["", "!*b", "/a"])
def test_answers_are_gits(checkout, second):
    """For each line, alone and with another one behind it."""
    paths = [
        name + end for name in GIT_NAMES for end in ("", *(f"/{other}{d}" for other in GIT_NAMES for d in ("", ".d")))
    ]
    for line in GIT_LINES:
        lines = [line, second]
        theirs = entries_of_git(checkout, lines, paths)
        tree = DeployIgnored(None, "\n".join(lines).encode(), ".deployignore")
        ours = set()
        for path in paths:
            kind = Kind.DIRECTORY if (checkout / path).is_dir() else Kind.FILE
            above = path.rpartition("/")[0]
            if above in ours or tree.rule_for(path, kind) is not None:
                ours.add(path)
        assert ours == theirs, lines


HOSTILE = [
    ["a*a*a*a*a*a*a*aa*ab"],
    ["*a" * 30 + "b*"],
    ["**/a*/" * 12 + "b?"],
    ["*?" * 60 + "[!a]"],
    ["a*" * 30_000 + "a"],
    [f"a*a*a*a*{number}*" for number in range(20_000)],
    ["a*a*a*a*b*"] * 20_000,
    *([text[:60_000]] for text in ("a*" * 30_000, "a" * 60_000, "[a-z]" * 12_000)),
    [f"**/dir{number}/**" for number in range(5000)],
    [f"**/*q{number}*z" for number in range(5000)],
]


@pytest.mark.parametrize("lines", HOSTILE, ids=[lines[0][:20] for lines in HOSTILE])
def test_matching_ends(lines):
    """A pattern that backtracks takes longer than anybody waits; what is more than some seconds' work is said."""
    found = Patterns(read_lines(lines)[0], ".deployignore", whole=True)
    few = ["a" * 200, "/".join(["a"] * 100), "a" * 200 + "é"]
    paths = [*few, *(f"src/pkg{n % 50}/file{n}.py" for n in range(300))]
    refused = []
    for path in paths:
        try:
            next(found.matches(path), None)
        except DeployError as error:
            refused.append((error.code, error.where))
    assert set(refused) <= {("too-many-patterns", ".deployignore")}
    assert len(refused) < len(paths)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["b", "a" * 65_536], 1),
        (["*" * 500_000], 0),
        (["a" * 60_000] * 70, 8),
        (["#" * 70_000], None),
        (["a"] * 70_000, 65_536),
    ],
)
def test_what_would_take_minutes_to_read_is_refused(lines, place):
    """pathspec's time for one line grows with its square."""
    if place is None:
        assert read_lines(lines) == ([], {})
        return
    with pytest.raises(ValueError, match=r"characters|lines") as caught:
        read_lines(lines)
    assert caught.value.args[0] == place


def test_another_engine_of_pathspecs_changes_nothing(tmp_path):
    """pathspec takes it by itself where it is installed, and then fails for a name that is not UTF-8."""
    broken = """
class Set:
    @staticmethod
    def SearchSet(options):
        raise RuntimeError("re2 was taken")
class Options:
    pass
"""
    (tmp_path / "re2.py").write_text(broken)  # the one that it takes first
    program = textwrap.dedent("""
        from rajee_deploy.context.deployignore import DeployIgnored
        from rajee_deploy.model import Kind
        from rajee_deploy.synth.ignored import IgnorePatterns
        lines = ["*.md", "x*y*z"]
        tree = DeployIgnored(None, "\\n".join(lines).encode(), ".deployignore")
        from pathspec import GitIgnoreSpec
        try:
            GitIgnoreSpec.from_lines(lines)
        except RuntimeError as error:
            print(str(error).replace(" ", "-"))
        for path in ("\\udcff.md", "\\udcff", "x\\udcffyz"):
            print(tree.rule_for(path, Kind.FILE) is not None, IgnorePatterns(lines)(path))
    """)
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "cache")}
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=env)
    assert found.stdout.split() == ["re2-was-taken", "True", "True", "False", "False", "True", "True"]


def test_a_set_takes_a_slash_as_pathspecs_does():
    """git's takes none; but this is what decided which files count until now, and it only matters between two names."""
    found = Patterns(read_lines(["a[!b]c*d*e"])[0], "x", whole=True)
    assert next(found.matches("a/cde"), None) is not None
