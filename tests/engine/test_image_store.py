"""Which engines keep images in the classic store."""

from __future__ import annotations

import pytest
from engines import second_engine

from rajee_deploy.engine.image_store import has_classic_store
from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import EngineKind, EngineSettings

AUTO = EngineSettings()


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("RAJEE_DEPLOY_ENGINE", "CDK_DOCKER", "DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.docker
@pytest.mark.parametrize("containerd", [True, False])
def test_a_docker_engine_says_which_store_it_has(containerd, tmp_path, monkeypatch):
    with second_engine(tmp_path, containerd_store=containerd) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        assert has_classic_store(AUTO) is not containerd
        monkeypatch.delenv("DOCKER_HOST")
        engine.add_context("named")
        assert has_classic_store(EngineSettings(EngineKind.BUILDX, "named")) is not containerd


@pytest.mark.docker
def test_buildah_has_none():
    assert has_classic_store(EngineSettings(EngineKind.BUILDAH)) is False


def test_another_builder_keeps_images_in_no_store(monkeypatch, tmp_path):
    """It is asked nothing: made up, as far as the docker command goes."""
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '"buildx version") echo github.com/docker/buildx v0.13.1 ;;\n'
        '*inspect*) printf "Name:   builder\\nDriver: docker-container\\nStatus: running\\n" ;;\n'
        "*) exit 1 ;;\n"
        "esac\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(docker))
    assert has_classic_store(EngineSettings(EngineKind.BUILDX, "builder")) is False


def test_an_engine_that_does_not_answer_tells_nothing(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(DeployError):
        has_classic_store(AUTO)
