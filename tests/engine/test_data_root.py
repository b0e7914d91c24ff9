"""Where the engine keeps its images: told only for one that runs here."""

from __future__ import annotations

import pytest

from rajee_deploy.engine.data_root import find_data_root
from rajee_deploy.errors import DeployError


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A docker command that says what it is told to, and an engine of this machine."""
    program = tmp_path / "docker"

    def say(text: str, code: int = 0) -> None:
        program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
        program.chmod(0o700)

    say("")
    monkeypatch.setenv("CDK_DOCKER", str(program))
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/docker.sock")
    return say


def test_of_an_engine_here(docker, tmp_path):
    docker(str(tmp_path))
    assert find_data_root() == tmp_path


@pytest.mark.parametrize("said", ["", "/not/there", "relative", "<no value>"])
def test_a_place_that_is_not_on_this_machine(docker, said):
    docker(said)
    assert find_data_root() is None


def test_a_docker_that_fails(docker, tmp_path):
    docker(str(tmp_path), code=1)
    assert find_data_root() is None


def test_an_engine_elsewhere_is_not_asked(docker, tmp_path, monkeypatch):
    docker(str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert find_data_root() is None


def test_no_docker(monkeypatch, tmp_path):
    monkeypatch.setenv("CDK_DOCKER", str(tmp_path / "none"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/docker.sock")
    with pytest.raises(DeployError) as caught:
        find_data_root()
    assert caught.value.code == "docker-missing"
