"""Which repository a directory lies in: never one that a commit brought along."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.git.layout import enclosing
from rajee_deploy.git.place import enclosing_repository, is_sparse
from rajee_deploy.git.revisions import find_commit_id, find_repository, find_revision

OPTIONS = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


def git(directory, *arguments) -> str:
    argv = ["git", "-C", str(directory), *OPTIONS, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def made(place) -> str:
    """A repository with one commit; its id."""
    place.mkdir(parents=True, exist_ok=True)
    git(place, "init", "-q", "-b", "main")
    (place / "file").write_text(str(place))
    git(place, "add", "file")
    git(place, "commit", "-qm", place.name)
    return git(place, "rev-parse", "HEAD")


def embed(place, other) -> str:
    """Make a directory that git takes for a bare repository, of plain files, as a commit may hold them."""
    commit = made(other)
    shutil.copytree(other / ".git", place, dirs_exist_ok=True)
    git(place, "config", "core.bare", "false")
    git(place, "config", "core.worktree", str(place))
    return commit


@pytest.fixture
def project(tmp_path):
    place = tmp_path / "project"
    return place, made(place)


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_repository_that_a_commit_holds_is_not_taken_for_the_checkout_s(project, tmp_path, below):
    place, commit = project
    theirs = embed(place / "svc", tmp_path / "theirs")
    inside = place / "svc" / below
    inside.mkdir(parents=True, exist_ok=True)
    assert git(inside, "rev-parse", "HEAD") == theirs  # so it is to git
    assert find_commit_id(inside) == commit
    assert find_repository(inside).top == place
    assert find_revision(inside).id == commit


def test_nor_is_one_that_leads_elsewhere_by_a_file(project, tmp_path):
    """HEAD and `commondir` are enough for git."""
    place, commit = project
    made(tmp_path / "theirs")
    (place / "svc").mkdir()
    (place / "svc" / "HEAD").write_text("ref: refs/heads/main\n")
    (place / "svc" / "commondir").write_text(f"{tmp_path}/theirs/.git\n")
    assert find_commit_id(place / "svc") == commit


def test_outside_of_a_checkout_such_a_directory_is_none(tmp_path):
    embed(tmp_path / "svc", tmp_path / "theirs")
    assert find_commit_id(tmp_path / "svc") == ""
    with pytest.raises(DeployError) as caught:
        find_repository(tmp_path / "svc")
    assert caught.value.code == "no-checkout"


def test_an_old_git_is_asked_from_where_it_meets_no_other(project, tmp_path):
    """Before git 2.38 there is no safe.bareRepository."""
    place, _ = project
    embed(place / "svc", tmp_path / "theirs")
    assert enclosing(place / "svc") == (place, place)
    (place / "src").mkdir()
    assert enclosing(place / "src") == (place, place / "src")


@pytest.mark.parametrize("what", ["directory", "fifo", "link to nothing", "link to a device"])
def test_what_is_no_repository_is_passed_over_as_git_does(project, what):
    place, commit = project
    inner = place / "inner"
    inner.mkdir()
    match what:
        case "directory":
            (inner / ".git").mkdir()
        case "fifo":
            os.mkfifo(inner / ".git")
        case "link to nothing":
            (inner / ".git").symlink_to("nowhere")
        case _:
            (inner / ".git").symlink_to("/dev/zero")
    assert git(inner, "rev-parse", "HEAD") == commit
    assert find_commit_id(inner) == commit


def test_a_worktree_and_a_separate_git_directory(project, tmp_path):
    place, commit = project
    git(place, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert find_commit_id(tmp_path / "linked") == commit
    assert find_repository(tmp_path / "linked").top == tmp_path / "linked"
    git(place, "init", "-q", "--separate-git-dir", str(tmp_path / "apart"))
    assert find_repository(place).git_directory == tmp_path / "apart"


@pytest.mark.parametrize("linked", [False, True])
def test_a_sparse_checkout(project, tmp_path, linked):
    place, commit = project
    if linked:
        git(place, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
        place = tmp_path / "linked"
    (place / "below").mkdir()
    assert not is_sparse(place / "below")
    git(place, "sparse-checkout", "set", "--no-cone", "/other")
    assert is_sparse(place / "below")
    assert find_revision(place).id == commit
    assert not find_revision(place).is_dirty


def test_a_variable_of_gits_that_is_not_followed_is_told(project, tmp_path, monkeypatch):
    place, _ = project
    monkeypatch.setenv("GIT_DIR", str(place / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(DeployError, match="no checkout") as caught:
        find_repository(tmp_path / "elsewhere")
    assert f"gitdir: {place}/.git" in caught.value.hint
    (tmp_path / "elsewhere" / ".git").write_text(f"gitdir: {place}/.git\n")
    assert find_repository(tmp_path / "elsewhere").git_directory == place / ".git"


def test_a_path_with_a_line_end(tmp_path):
    commit = made(tmp_path / "a\nb")
    assert find_commit_id(tmp_path / "a\nb") == commit


def test_a_checkout_whose_files_are_said_to_be_elsewhere(project):
    place, _ = project
    git(place, "config", "core.worktree", "/")
    with pytest.raises(DeployError) as caught:
        enclosing_repository(place)
    assert (caught.value.code, caught.value.where) == ("git-refused", str(place))
    assert "core.worktree" in caught.value.cause


def test_a_ceiling_that_a_person_set_holds(project, monkeypatch):
    place, commit = project
    (place / "below" / "deep").mkdir(parents=True)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(place / "below"))
    assert find_commit_id(place / "below" / "deep") == ""
    assert find_commit_id(place) == commit
