"""The lock file on disk: links stay links, modes stay, and what is no file is said."""

from __future__ import annotations

import os

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.lock import Lock, LockLine, read, write
from rajee_deploy.model import Digest

LOCK = Lock((LockLine("busybox:1.37", Digest("sha256", "a" * 64), "2026-11-25"),))


def test_a_lock_behind_a_link_is_written_there_and_keeps_its_mode(tmp_path):
    (tmp_path / "shared").mkdir()
    real = tmp_path / "shared" / "images.lock"
    write(real, Lock())
    real.chmod(0o640)
    (tmp_path / "rajee-deploy.lock").symlink_to("shared/images.lock")
    assert write(tmp_path / "rajee-deploy.lock", LOCK)
    assert (tmp_path / "rajee-deploy.lock").readlink().name == "images.lock"
    assert read(real) == read(tmp_path / "rajee-deploy.lock") == LOCK
    assert real.stat().st_mode & 0o777 == 0o640
    assert not write(tmp_path / "rajee-deploy.lock", LOCK)


def test_a_new_lock_has_the_mode_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "rajee-deploy.lock", LOCK)
    finally:
        os.umask(before)
    assert (tmp_path / "rajee-deploy.lock").stat().st_mode & 0o777 == 0o640


def test_a_dangling_link_is_no_empty_lock(tmp_path):
    path = tmp_path / "rajee-deploy.lock"
    assert read(path) == Lock()
    path.symlink_to("gone.lock")
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert caught.value.code == "lock-unreadable"
    assert caught.value.cause == "it is a link to gone.lock, which is not there"
    write(path, LOCK)
    assert read(tmp_path / "gone.lock") == LOCK


@pytest.mark.parametrize("target", [None, "/dev/zero", "."])
def test_what_is_no_file_is_said(tmp_path, target):
    path = tmp_path / "rajee-deploy.lock"
    os.mkfifo(path) if target is None else path.symlink_to(target)
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        read(path)
    assert caught.value.cause.endswith("and a regular file is needed")
    assert caught.value.hint
