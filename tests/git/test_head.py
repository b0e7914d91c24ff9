"""What is checked out, read from git's files as git itself says it; silence where they are not as they mostly are."""

from __future__ import annotations

import os
import subprocess

import pytest

from rajee_deploy.git.head import Head, find_head


@pytest.fixture
def repository(tmp_path):
    top = tmp_path / "repository"
    top.mkdir()
    _git(top, "init", "--quiet", "--initial-branch=topic/one")
    return top


def _git(top, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *words], cwd=top, check=True, capture_output=True, text=True).stdout.strip()


def _commit(top) -> str:
    _git(top, "commit", "--allow-empty", "--quiet", "-m", "one")
    return _git(top, "rev-parse", "HEAD")


def test_a_branch_loose_packed_detached_and_in_a_worktree(repository, tmp_path):
    commit = _commit(repository)
    below = repository / "below"
    below.mkdir()
    assert find_head(below) == Head("topic/one", commit)
    _git(repository, "pack-refs", "--all")
    assert not (repository / ".git/refs/heads/topic/one").exists()
    assert find_head(repository) == Head("topic/one", commit)
    _git(repository, "worktree", "add", "--quiet", "-b", "two", str(tmp_path / "linked"))
    assert find_head(tmp_path / "linked") == Head("two", commit)
    _git(repository, "checkout", "--quiet", "--detach")
    assert find_head(repository) == Head("", commit)


def test_nothing_is_said_outside_of_a_repository_and_before_its_first_commit(repository, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    assert find_head(outside) is None
    assert find_head(repository) is None


@pytest.mark.parametrize(
    "head", ["ref: refs/heads/.invalid", "ref: ../../secret", "ref: /etc/passwd", "", "\x00", "ref:"]
)
def test_other_files_say_nothing(repository, head):
    _commit(repository)
    (repository / ".git/HEAD").write_text(head)
    assert find_head(repository) is None


def test_a_pipe_is_not_waited_for(repository):
    _commit(repository)
    (repository / ".git/HEAD").unlink()
    os.mkfifo(repository / ".git/HEAD")
    assert find_head(repository) is None
