"""What git says is its stdout alone, whatever it warns of, whoever owns the checkout, and whoever called us."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

import pytest
from git_programs import Plants

from rajee_deploy.errors import DeployError
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import ancestry, find_commit_id, find_repository, find_revision, find_subject
from rajee_deploy.image.labels import source_labels
from rajee_deploy.plan.state import Ancestry

OPTIONS = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
REVISION = "org.opencontainers.image.revision"


def git(directory, *arguments) -> str:
    argv = ["git", "-C", str(directory), *OPTIONS, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def commit(place, message="one") -> str:
    git(place, "add", "--all")
    git(place, "commit", "-qm", message)
    return git(place, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    place = tmp_path / "checkout"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "file").write_text("1")
    return place, commit(place)


@pytest.fixture
def shim(tmp_path, monkeypatch):
    """Put lines of shell before git."""

    def put(*lines: str) -> None:
        program = tmp_path / "bin" / "git"
        real = shutil.which("git")
        program.parent.mkdir()
        program.write_text("\n".join(("#!/bin/sh", *lines, f'exec {real} "$@"\n')))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.mark.parametrize(
    "warning",
    [
        "warning: unable to access '/root/.config/git/attributes': Permission denied",
        "12:00:00.0 git.c:439 trace: built-in: git status",
        "1" * 40,
        "M file",
    ],
)
def test_a_warning_is_no_answer(checkout, shim, warning):
    place, commit_id = checkout
    before = find_revision(place)
    shim(f'echo "{warning}" >&2')
    assert find_revision(place) == before
    assert not before.is_dirty
    assert find_commit_id(place) == commit_id
    assert find_subject(place, commit_id) == "one"


def test_a_trace_is_not_asked_for(checkout, monkeypatch):
    place, commit_id = checkout
    for name in ("GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE2", "GIT_CURL_VERBOSE"):
        monkeypatch.setenv(name, "1")
    assert find_revision(place).id == commit_id


def test_a_branch_called_head(checkout):
    place, commit_id = checkout
    git(place, "update-ref", "refs/heads/HEAD", "HEAD")
    found = find_revision(place)
    assert (found.id, found.branch, found.is_dirty) == (commit_id, "main", False)
    git(place, "symbolic-ref", "HEAD", "refs/heads/HEAD")
    assert find_revision(place).branch == "HEAD"
    with private_checkout(find_repository(place)) as private:
        private.move_to(commit_id)


@pytest.mark.parametrize(
    "name",
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_ATTR_SOURCE",
        "GIT_LITERAL_PATHSPECS",
    ],
)
def test_the_variables_of_a_hook_are_another_repository_s(checkout, monkeypatch, tmp_path, name):
    place, commit_id = checkout
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    found = find_revision(place)
    assert (found.id, found.is_dirty) == (commit_id, False)


def test_settings_that_a_person_gives_by_variables_stay(checkout, monkeypatch, shim):
    """So does safe.directory, which CI sets in this way."""
    place, commit_id = checkout
    shim("export GIT_TEST_ASSUME_DIFFERENT_OWNER=1")
    for name, value in {"COUNT": "1", "KEY_0": "safe.directory", "VALUE_0": "*"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert find_commit_id(place) == commit_id


def test_a_checkout_of_another_owner_is_told_in_git_s_own_words(checkout, shim):
    place, commit_id = checkout
    shim("export GIT_TEST_ASSUME_DIFFERENT_OWNER=1")
    for asked in (find_commit_id, find_revision, find_repository):
        with pytest.raises(DeployError) as caught:
            asked(place)
        error = caught.value
        assert (error.code, error.where) == ("git-refused", str(place))
        assert "dubious ownership" in error.cause
        assert f"git config --global --add safe.directory {place}" in error.hint
    assert ancestry(place, commit_id, "0" * 40) is Ancestry.UNKNOWN
    told: list[DeployError] = []
    assert REVISION not in source_labels(place, told.append)
    assert [error.code for error in told] == ["git-refused"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config", "[core"),
        ("HEAD", "rubbish"),
        ("config", "[extensions]\n\tunknown = 1\n[core]\n\trepositoryformatversion = 1\n"),
    ],
)
def test_a_broken_checkout_is_not_none(checkout, name, text):
    place, _ = checkout
    (place / ".git" / name).write_text(text)
    with pytest.raises(DeployError) as caught:
        find_commit_id(place)
    assert caught.value.code == "git-refused"
    assert caught.value.cause


def test_a_worktree_whose_repository_is_gone_is_told(checkout, tmp_path):
    place, _ = checkout
    git(place, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    shutil.move(place, tmp_path / "moved")
    with pytest.raises(DeployError) as caught:
        find_commit_id(tmp_path / "linked")
    assert caught.value.code == "git-refused"


# -- files with a filter, none of which runs


def pointer(data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n".encode()


@pytest.fixture
def large(checkout, tmp_path):
    """A checkout with a file of Git LFS, as LFS leaves it: git has the pointer, the checkout the file."""
    place, _ = checkout
    plants = Plants(tmp_path / "plants")
    (place / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n*.key filter=crypt\n")
    (place / "a.bin").write_bytes(pointer(b"large 1"))
    (place / "a.key").write_text("locked")
    first = commit(place, "with a large file")
    (place / "a.bin").write_bytes(pointer(b"large 2"))
    commit(place, "another")
    for name in ("lfs", "crypt"):
        for what in ("clean", "smudge", "process"):
            git(place, "config", f"filter.{name}.{what}", plants.program(f"{name} {what}"))
        git(place, "config", f"filter.{name}.required", "true")
    (place / "a.bin").write_bytes(b"large 2")
    yield place, first
    assert plants.ran == []


def test_a_file_of_lfs_is_compared_with_its_pointer(large):
    place, _ = large
    assert not find_revision(place).is_dirty
    os.utime(place / "a.bin", (1, 1))
    assert not find_revision(place).is_dirty
    (place / "a.bin").write_bytes(pointer(b"large 2"))  # where LFS does not have it
    assert not find_revision(place).is_dirty
    for other in (b"large 3", pointer(b"large 3"), b""):
        (place / "a.bin").write_bytes(other)
        assert find_revision(place).is_dirty, other
    (place / "a.bin").unlink()
    assert find_revision(place).is_dirty


def test_a_file_of_another_filter_is_unchanged_while_git_s_notes_fit(large):
    place, _ = large
    (place / "a.key").write_text("opened")
    assert find_revision(place).is_dirty
    # As a checkout with the filter leaves it: what git noted is of the file as the filter made it.
    blob = git(place, "rev-parse", "HEAD:a.key")
    git(place, "update-index", "--cacheinfo", f"100644,{blob},a.key")
    assert find_revision(place).is_dirty


def test_large_files_of_then_are_those_that_this_machine_has(large):
    place, first = large
    repository = find_repository(place)
    with private_checkout(repository) as private:
        private.move_to("HEAD")
        assert (private.directory / "a.bin").read_bytes() == b"large 2"
        assert private.pointers == frozenset()
        assert private.unfiltered == {"a.key"}
        private.move_to(first)
        assert private.pointers == {"a.bin"}
        assert (private.directory / "a.bin").read_bytes() == pointer(b"large 1")
        oid = hashlib.sha256(b"large 1").hexdigest()
        kept = repository.git_directory / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"large X")  # damaged
        private.move_to(first)
        assert private.pointers == {"a.bin"}
        kept.write_bytes(b"large 1")
        private.move_to(first)
        assert private.pointers == frozenset()
        assert (private.directory / "a.bin").read_bytes() == b"large 1"


def test_a_pointer_that_is_a_link_is_not_followed(large, tmp_path):
    place, _ = large
    outside = tmp_path / "outside"
    outside.write_bytes(pointer(b"large 2"))
    (place / "b.bin").symlink_to(outside)
    for name in ("lfs", "crypt"):
        git(place, "config", "--remove-section", f"filter.{name}")
    commit(place, "with a link")
    with private_checkout(find_repository(place)) as private:
        private.move_to("HEAD")
    assert outside.read_bytes() == pointer(b"large 2")


def test_a_filter_that_cannot_be_switched_off_is_not_run(large):
    place, _ = large
    with (place / ".git" / "config").open("a") as file:
        file.write('[filter "a=b"]\n\tclean = touch ran\n')
    assert find_revision(place).is_dirty
    with private_checkout(find_repository(place)) as private, pytest.raises(DeployError) as caught:
        private.move_to("HEAD")
    assert caught.value.code == "git-refused"
