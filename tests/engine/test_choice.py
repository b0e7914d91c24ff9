"""Which engine builds, by settings, environment and what this machine has."""

from __future__ import annotations

import shutil

import pytest

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.engine.choice import LocalEngine, choose_engine
from rajee_deploy.engine.docker_engine import docker_program
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.settings.build_settings import EngineKind, EngineSettings


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in ("RAJEE_DEPLOY_ENGINE", "CDK_DOCKER", "DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER"):
        monkeypatch.delenv(name, raising=False)


AUTO, BUILDX, BUILDAH = (EngineSettings(kind) for kind in EngineKind)


@pytest.mark.parametrize(
    ("settings", "environment", "program", "kind"),
    [
        (AUTO, None, None, LocalEngine),
        (BUILDX, None, None, Buildx),
        (BUILDAH, None, None, Buildah),
        (EngineSettings(builder="far"), None, None, Buildx),
        (AUTO, "buildah", None, Buildah),
        (BUILDAH, "buildx", None, Buildx),
        (BUILDX, "auto", None, LocalEngine),
        (AUTO, None, "/usr/bin/podman", Buildah),
        (AUTO, None, "/usr/bin/finch", Buildx),
        (BUILDX, None, "podman", Buildx),
    ],
)
def test_the_choice(settings, environment, program, kind, monkeypatch):
    for name, value in (("RAJEE_DEPLOY_ENGINE", environment), ("CDK_DOCKER", program)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert type(choose_engine(settings)) is kind


@pytest.mark.parametrize(("settings", "environment"), [(AUTO, "kaniko"), (EngineSettings(builder="far"), "buildah")])
def test_a_choice_that_cannot_be(settings, environment, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_ENGINE", environment)
    with pytest.raises(ConfigurationError):
        choose_engine(settings)


@pytest.mark.docker
def test_a_docker_engine_goes_first():
    assert "Docker Engine" in choose_engine(AUTO).check()


@pytest.mark.docker
def test_buildah_where_there_is_no_docker(monkeypatch, tmp_path):
    (tmp_path / "buildah").symlink_to(shutil.which("buildah"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "buildah" in choose_engine(AUTO).check()


@pytest.mark.docker
@pytest.mark.parametrize("variable", ["DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER"])
def test_an_engine_that_somebody_named_is_not_replaced(variable, monkeypatch):
    monkeypatch.setenv(variable, {"DOCKER_HOST": "tcp://127.0.0.1:9"}.get(variable, "nowhere"))
    with pytest.raises(DeployError) as caught:
        choose_engine(AUTO).check()
    assert caught.value.code in ("no-engine", "no-builder")


def test_neither_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError) as caught:
        choose_engine(AUTO).check()
    assert caught.value.code == "docker-missing"
    assert "buildah" in caught.value.hint


def test_cdk_docker_is_the_program_that_is_run(monkeypatch, tmp_path):
    program = tmp_path / "my-docker"
    program.write_text("#!/bin/sh\necho none of it >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(program))
    assert docker_program() == str(program)
    with pytest.raises(DeployError) as caught:
        choose_engine(AUTO).check()
    assert (caught.value.code, caught.value.where) == ("buildx-missing", str(program))
