"""Git's index as git itself writes it."""

from __future__ import annotations

import os
import subprocess

import pytest

from rajee_deploy.synth.git_index import git_index


def git(root, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)


@pytest.fixture
def index(tmp_path):
    git(tmp_path, "init", "-q")
    for name in ("a", "é b", "x" * 250):
        (tmp_path / name).write_text("1")
    git(tmp_path, "add", ".")
    return tmp_path / ".git" / "index"


def of_version(index, version: int) -> None:
    if version == 3:  # git writes it where a flag needs it
        git(index.parents[1], "update-index", "--skip-worktree", "a")
    else:
        git(index.parents[1], "update-index", "--index-version", str(version))
    assert int.from_bytes(index.read_bytes()[4:8], "big") == version


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_staged_counts_and_times_do_not(index, version):
    of_version(index, version)
    root, before, raw = index.parents[1], git_index(str(index)), index.read_bytes()
    assert before is not None
    os.utime(root / "a", ns=(1, 1))
    git(root, "update-index", "-q", "--refresh")
    git(root, "status")
    assert (git_index(str(index)), index.read_bytes() == raw and version == 2) == (before, False)
    (root / "a").write_text("2")
    (root / "é b").write_text("2")
    assert git_index(str(index)) == before
    git(root, "add", "é b")
    assert git_index(str(index)) not in (before, None)


@pytest.mark.parametrize(
    "words",
    [("rm", "--cached", "-q", "a"), ("mv", "a", "b"), ("update-index", "--chmod=+x", "a")],
    ids=["removed", "renamed", "made executable"],
)
def test_each_change_of_an_entry_counts(index, words):
    before = git_index(str(index))
    git(index.parents[1], *words)
    assert git_index(str(index)) not in (before, None)


def test_what_is_not_known_has_no_digest(index):
    of_version(index, 4)
    assert git_index(str(index)) is None
    for data in (b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\1", b"XXXX\0\0\0\2\0\0\0\0"):
        index.write_bytes(data)
        assert git_index(str(index)) is None
    index.unlink()
    assert git_index(str(index)) is None
