"""One way to read a file: whatever else lies there is said, and nothing waits for it."""

from __future__ import annotations

import os
import socket

import pytest

from rajee_deploy.system.regular_files import UnfitFileError, amount, open_regular, read_json, read_regular, read_text


def _fifo(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        here = os.open(path.parent, os.O_RDONLY)
        one.bind(f"/proc/self/fd/{here}/{path.name}")  # its own path is too long for a socket
        os.close(here)


def _huge(path):
    with path.open("wb") as file:
        file.truncate(3 << 30)


UNFIT = {
    "a FIFO": (_fifo, "it is a FIFO (a pipe), and a regular file is needed"),
    "a socket": (_socket, "it is a socket, and a regular file is needed"),
    "a directory": (lambda path: path.mkdir(), "it is a directory, and a regular file is needed"),
    "a link to a FIFO": (lambda path: (_fifo(path.with_name("p")), path.symlink_to("p")), "it is a link to a FIFO"),
    "a link to a directory": (lambda path: path.symlink_to("."), "it is a link to a directory"),
    "a link to /dev/zero": (lambda path: path.symlink_to("/dev/zero"), "it is a link to a device"),
    "a link to /dev/stdin": (lambda path: path.symlink_to("/dev/ptmx"), "it is a link to a device"),
    "the environment": (lambda path: path.symlink_to("/proc/self/environ"), "it is a link to a file of /proc"),
    "3 GiB": (_huge, "it is 3.0 GiB long, and at most 1 MiB are read"),
}


@pytest.mark.parametrize(("make", "words"), UNFIT.values(), ids=UNFIT)
def test_what_is_no_regular_file_is_named(tmp_path, make, words):
    path = tmp_path / "settings"
    make(path)
    with pytest.raises(UnfitFileError) as caught:
        read_regular(path)
    assert caught.value.strerror.startswith(words)
    assert str(caught.value).startswith(f"{path}: it is ")


@pytest.mark.parametrize("name", ["a\0b", "half\ud800"])
def test_a_name_that_no_file_can_have_is_an_error_of_the_same_kind(tmp_path, name):
    with pytest.raises(OSError, match="no file can have this name"):
        read_regular(f"{tmp_path}/{name}")


def test_a_dangling_link_is_absent_and_a_loop_is_unreadable(tmp_path):
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "gone")
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(tmp_path / "loop")


def test_links_are_followed_unless_said_otherwise(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"text"
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(tmp_path / "link", follow=False)


def test_a_path_may_start_from_a_descriptor(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        assert read_regular("file", at=here) == b"text"
        (tmp_path / "link").symlink_to("/dev/zero")
        with pytest.raises(UnfitFileError, match="a link to a device"):
            read_regular("link", at=here)
    finally:
        os.close(here)


@pytest.mark.parametrize("size", [0, 1, 1 << 16, 200_000])
def test_a_file_is_read_whole_up_to_its_bound(tmp_path, size):
    (tmp_path / "file").write_bytes(b"x" * size)
    assert read_regular(tmp_path / "file", size) == b"x" * size
    if size:
        with pytest.raises(UnfitFileError, match="at most"):
            read_regular(tmp_path / "file", size - 1)


def test_a_file_that_grows_past_the_bound_meanwhile_is_not_read_on(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    with open_regular(path, most=10) as file:
        path.write_bytes(b"x" * 100_000)
        from rajee_deploy.system.regular_files import read_within

        with pytest.raises(UnfitFileError, match="longer than 10 bytes"):
            read_within(file, path, 10)


def test_a_text_and_a_document(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}
    path.write_bytes(b"\xff")
    assert read_text(path, errors="replace") == "\ufffd"
    with pytest.raises(ValueError, match="utf-8"):
        read_text(path)


@pytest.mark.parametrize(
    ("count", "text"), [(5, "5 bytes"), (1 << 20, "1 MiB"), (1536, "1.5 KiB"), (7 << 30, "7.0 GiB")]
)
def test_amounts(count, text):
    assert amount(count) == text
