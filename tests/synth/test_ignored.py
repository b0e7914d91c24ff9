"""cdk.ignore: pathspec's own answers, remembered."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pathspec import GitIgnoreSpec

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.synth.ignored import IgnorePatterns
from rajee_deploy.system.ours import MARKER

PATTERNS = ["/raja/assets/", "*.md", "!keep.md", "build/"]
PATHS = ["raja/assets/", "raja/assets", "raja/", "a.md", "keep.md", "x/build/", "x/build", "x/\udcff.md"]


@pytest.fixture(autouse=True)
def _place(monkeypatch, tmp_path):
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path))


def test_answers_are_pathspecs_before_and_after_they_are_kept(tmp_path):
    expected = list(map(GitIgnoreSpec.from_lines(PATTERNS).match_file, PATHS))
    assert True in expected
    assert False in expected
    for _ in range(2):
        ignored = IgnorePatterns(PATTERNS)
        assert list(map(ignored, PATHS)) == expected
        ignored.remember()
    assert len([path for path in (tmp_path / "cdk").iterdir() if path.name != MARKER]) == 1


def test_other_patterns_have_other_answers():
    first = IgnorePatterns(["a"])
    assert first("a")
    first.remember()
    assert not IgnorePatterns(["b"])("a")
    assert not IgnorePatterns([])("a")


def test_answers_that_are_damaged_are_asked_again(tmp_path):
    ignored = IgnorePatterns(["a"])
    assert ignored("a")
    ignored.remember()
    (kept,) = (path for path in (tmp_path / "cdk").iterdir() if path.name != MARKER)
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"true", b"false"))
    assert kept.read_bytes() != whole
    assert IgnorePatterns(["a"])("a")


def test_pathspec_is_imported_only_for_what_was_never_asked():
    program = (
        "import sys; from rajee_deploy.synth.ignored import IgnorePatterns;"
        "i = IgnorePatterns(['a']); i('a'); i.remember();"
        "print('pathspec' in sys.modules)"
    )
    told = [subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout for _ in range(2)]
    assert told == [b"True\n", b"False\n"]


def test_a_pattern_that_is_none_is_an_error_of_the_settings():
    with pytest.raises(ConfigurationError) as caught:
        IgnorePatterns(["a", "!"])("x")
    assert caught.value.code == "ignore-pattern"
    assert "cdk.ignore holds a malformed pattern: !" in caught.value.problem
