"""What is said of this machine; and nothing is made by it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rajee_deploy.actions.doctor import machine
from rajee_deploy.actions.doctor.findings import Health
from rajee_deploy.errors import DeployError

OK, WARNING, ERROR, UNKNOWN = Health


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A home of its own, in which nothing is yet."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "own" / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "own" / "cache"))
    yield tmp_path / "own"
    assert not (tmp_path / "own" / "state").exists()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Makes programs, on a PATH with nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, text: str) -> None:
        (folder / name).write_text(text)
        (folder / name).chmod(0o700)

    return make


def refuse():
    raise DeployError("no-engine", "no Docker Engine answers", hint="start Docker")


def test_an_engine():
    (found,) = machine.check_engine(lambda: "Docker Engine 1, buildx 2")
    assert (found.health, found.text) == (OK, "Docker Engine 1, buildx 2")
    (found,) = machine.check_engine(refuse)
    assert (found.health, found.code, found.fix) == (ERROR, "no-engine", "start Docker")


@pytest.mark.usefixtures("programs")
def test_no_node():
    (found,) = machine.check_node()
    assert (found.health, found.code) == (ERROR, "node-missing")


def test_a_node_that_is_a_script_is_not_run(programs, tmp_path):
    programs("node", f"#!/bin/sh\necho v99.0.0\n: > {tmp_path / 'ran'}\n")
    (found,) = machine.check_node()
    assert (found.health, (tmp_path / "ran").exists()) == (UNKNOWN, False)


def test_strace():
    (found,) = machine.check_strace(lambda: "strace is not on PATH; install strace 5.3 or newer")
    assert (found.health, found.fix) == (WARNING, "install strace 5.3 or newer")
    assert found.text.startswith("strace is not on PATH: ")


def test_room_for_everything(places):
    found = list(machine.check_disk(lambda: Path("/")))
    assert [(each.check, each.subject) for each in found] == [
        ("disk", "cache"),
        ("disk", "temporary files"),
        ("disk", "engine"),
    ]
    assert all(" free in " in each.text for each in found)
    assert str(places / "cache") in found[0].text


@pytest.mark.usefixtures("places")
def test_an_engine_whose_disk_is_not_here():
    (*_, found) = machine.check_disk(lambda: None)
    assert (found.health, found.subject) == (UNKNOWN, "engine")
    (*_, found) = machine.check_disk(refuse)
    assert (found.health, "no Docker Engine answers" in found.text) == (UNKNOWN, True)
    assert len(list(machine.check_disk(None))) == 2


@pytest.mark.usefixtures("places")
def test_a_machine_without_docker_has_no_disk_of_docker():
    def fail():
        raise DeployError("docker-missing", "the docker command is not installed")

    assert [each.subject for each in machine.check_disk(fail)] == ["cache", "temporary files"]


def test_a_disk_that_does_not_answer(places, monkeypatch):
    def fail(_place):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", fail)
    (found, *_) = machine.check_disk(None)
    assert (found.health, found.text) == (
        UNKNOWN,
        f"cache: the room in {places / 'cache'} is not known: Input/output error",
    )


def directories() -> dict:
    return {each.check: each for each in machine.check_directories()}


def test_our_directories_are_not_made_to_find_out(places):
    assert {name: each.health for name, each in directories().items()} == {"cache": OK, "state": OK}
    assert not places.exists()


def test_a_file_where_a_directory_should_be(places):
    places.mkdir()
    (places / "cache").write_text("x")
    found = directories()
    assert (found["cache"].health, found["state"].health) == (WARNING, OK)
    assert found["cache"].text.startswith(f"{places / 'cache'} is no directory")
    assert "RAJEE_DEPLOY_CACHE_DIR" in found["cache"].fix


def test_a_directory_that_may_not_be_written_to(places, monkeypatch):
    """Root may write anywhere, so the system's answer is given."""
    places.mkdir()
    monkeypatch.setattr(machine.os, "access", lambda place, _mode: place != places)
    found = directories()
    assert [each.health for each in found.values()] == [WARNING, WARNING]
    assert f"{places / 'state'} may not be written to" in found["state"].text
