"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from rajee_deploy.system.atomic import write_atomically


@pytest.mark.parametrize("durable", [False, True])
def test_it_takes_the_place_of_what_was_there(tmp_path, durable):
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")
    write_atomically(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o640)])
def test_who_may_read_it(tmp_path, private, mode):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"", private=private)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("durable", [False, True])
def test_no_room_leaves_what_was_there_and_no_draft(tmp_path, no_room, durable):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="large"), no_room(1000):
        write_atomically(path, b"x" * 5000, durable=durable)
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failure_leaves_what_was_there_and_no_draft(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_directory_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing/file", b"new")


def test_many_at_once_never_meet_and_never_mix(tmp_path):
    contents = {bytes([65 + number]) * 5000 for number in range(16)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: write_atomically(tmp_path / "file", data), sorted(contents)))
    assert (tmp_path / "file").read_bytes() in contents
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
