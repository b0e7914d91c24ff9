"""The files and commands of a step of GitHub Actions, and what becomes of it where they cannot be written."""

from __future__ import annotations

import io
import os
import sys
import threading

import pytest

from rajee_deploy.system import github
from rajee_deploy.system.github import OUTPUT, SUMMARY, annotate, group, write_outputs, write_summary
from rajee_deploy.system.streams import _Raw, _stream


def test_what_was_there_stays(tmp_path, monkeypatch):
    for variable in (SUMMARY, OUTPUT):
        (tmp_path / variable).write_text("there\n")
        monkeypatch.setenv(variable, str(tmp_path / variable))
    assert (write_summary("## new"), write_outputs({"tag": "a", "changed": "true"})) == ("", "")
    assert (tmp_path / SUMMARY).read_text() == "there\n## new\n"
    assert (tmp_path / OUTPUT).read_text() == "there\ntag=a\nchanged=true\n"


def test_steps_that_write_at_once_do_not_mix(tmp_path, monkeypatch):
    monkeypatch.setenv(SUMMARY, str(tmp_path / "summary"))
    texts = [sign * 3000 for sign in "abcdefgh"]
    threads = [threading.Thread(target=write_summary, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted((tmp_path / "summary").read_text().splitlines()) == texts


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_file_there_is_nothing_to_write(monkeypatch, given):
    monkeypatch.delenv(SUMMARY, raising=False)
    if given is not None:
        monkeypatch.setenv(SUMMARY, given)
    assert write_summary("x") == ""


def directory(place):
    place.mkdir()
    return place


def fifo(place):
    os.mkfifo(place)
    return place


def full(place):
    place.write_bytes(b"x" * github._MOST_OF_A_SUMMARY)
    return place


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (directory, "Is a directory"),
        (fifo, "No such device or address"),
        (full, "it would be longer than GitHub takes of a step"),
        (lambda place: place / "no" / "file", "No such file or directory"),
        (lambda _place: "/dev/full", "it is a device, and a regular file is needed"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path, monkeypatch, make, problem):
    monkeypatch.setenv(SUMMARY, str(make(tmp_path / "summary")))
    assert write_summary("x") == f"{SUMMARY}: {problem}"


def said(monkeypatch, tmp_path, act) -> str:
    """What `act` writes to a safe stderr."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    descriptor = os.open(tmp_path / "said", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(sys, "stderr", _stream(None, _Raw(descriptor, pytest.fail), lines=True))
    act()
    sys.stderr.flush()
    os.close(descriptor)
    return (tmp_path / "said").read_text()


def test_a_group_holds_what_is_said_meanwhile_and_ends_with_an_error(monkeypatch, tmp_path):
    def build():
        with group("build\n::error::x"):
            sys.stderr.write("::error::of a build\n")
            raise KeyError

    def act():
        with pytest.raises(KeyError):
            build()

    lines = said(monkeypatch, tmp_path, act).splitlines()
    assert lines == ["::group::build%0A::error::x", "\\u003a:error::of a build", "::endgroup::"]


def test_a_command_begins_a_line(monkeypatch, tmp_path):
    def act():
        sys.stderr.write("half a line")
        annotate("a\nb", title="build-failed", file="Dockerfile", line="3")
        sys.stderr.write("::no command\n")

    lines = said(monkeypatch, tmp_path, act).splitlines()
    assert lines == [
        "half a line",
        "::error file=Dockerfile,line=3,title=build-failed::a%0Ab",
        "\\u003a:no command",
    ]


def test_a_stream_that_nobody_made_safe_takes_commands_too(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    annotate("x", title="t", file="", line="")
    assert sys.stderr.getvalue() == "::error title=t::x\n"
