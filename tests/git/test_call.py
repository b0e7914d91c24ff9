"""Which revision is checked out, and which of two is the older: asked of real git."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from rajee_deploy.git.revisions import Revision, ancestry, find_revision, public_address
from rajee_deploy.plan.state import Ancestry

SOURCE = "https://example.com/team/app"
OPTIONS = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


def git(directory, *arguments) -> str:
    argv = ["git", "-C", str(directory), *OPTIONS, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def commit(directory, text) -> str:
    (directory / "file").write_text(text)
    git(directory, "add", "file")
    git(directory, "commit", "-qm", text)
    return git(directory, "rev-parse", "HEAD")


def committed(directory) -> int:
    return int(git(directory, "log", "-1", "--format=%ct"))


@pytest.fixture
def checkout(tmp_path):
    place = tmp_path / "checkout"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    return place


def test_a_checkout_says_what_it_is(checkout):
    identifier = commit(checkout, "one")
    git(checkout, "remote", "add", "origin", "https://user:secret@example.com/team/app.git")
    assert find_revision(checkout) == Revision(
        identifier, is_dirty=False, branch="main", source=SOURCE, committed=committed(checkout)
    )
    (checkout / "untracked").write_text("x")
    assert not find_revision(checkout).is_dirty
    (checkout / "file").write_text("two")
    git(checkout, "checkout", "-q", "--detach")
    assert find_revision(checkout) == Revision(
        identifier, is_dirty=True, branch="", source=SOURCE, committed=committed(checkout)
    )


def test_no_revision_before_the_first_commit_nor_outside_of_a_repository(checkout, tmp_path):
    assert find_revision(checkout) is None
    assert find_revision(tmp_path) is None


def test_no_revision_where_git_is_not_installed(checkout, monkeypatch):
    identifier = commit(checkout, "one")
    monkeypatch.setenv("PATH", str(checkout))
    assert find_revision(checkout) is None
    assert ancestry(checkout, identifier, "0" * 40) is Ancestry.UNKNOWN


def test_which_of_two_is_the_older(checkout):
    first, second = commit(checkout, "one"), commit(checkout, "two")
    git(checkout, "checkout", "-q", "-b", "side", first)
    side = commit(checkout, "three")
    assert ancestry(checkout, first, first) is Ancestry.SAME
    assert ancestry(checkout, first, second) is Ancestry.OLDER
    assert ancestry(checkout, second, first) is Ancestry.NEWER
    assert ancestry(checkout, second, side) is Ancestry.DIVERGED


def test_what_a_clone_lacks_is_unknown(checkout, tmp_path):
    first, second = commit(checkout, "one"), commit(checkout, "two")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{checkout}", str(shallow))
    assert ancestry(shallow, first, second) is Ancestry.UNKNOWN
    assert ancestry(shallow, second, first) is Ancestry.UNKNOWN
    assert ancestry(checkout, first, "-") is Ancestry.UNKNOWN


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@host.test:2222/o/r.git", "https://host.test/o/r"),
        ("https://x-access-token:ghs_1@github.com/o/r", "https://github.com/o/r"),
        ("https://host.test:8443/o/r.git?token=1#x", "https://host.test:8443/o/r"),
        ("http://host.test/r", "http://host.test/r"),
        ("/srv/git/r.git", ""),
        ("../r", ""),
        ("file:///srv/r", ""),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_the_public_address(url, public):
    assert public_address(url) == public


def test_a_git_that_does_not_know_whether_a_clone_is_shallow_is_not_believed(checkout, tmp_path, monkeypatch):
    """Before 2.15 git prints the question back."""
    first = commit(checkout, "one")
    git(checkout, "checkout", "-q", "--orphan", "side")
    side = commit(checkout, "two")
    assert ancestry(checkout, first, side) is Ancestry.DIVERGED
    real = shutil.which("git")
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    for answer in ("echo --is-shallow-repository", "exit 128"):
        old.write_text(f'#!/bin/sh\ncase "$*" in *--is-shallow-repository*) {answer};; *) exec {real} "$@";; esac\n')
        old.chmod(0o755)
        assert ancestry(checkout, first, side) is Ancestry.UNKNOWN
