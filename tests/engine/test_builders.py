"""A second engine at an address of its own: a builder of buildx, a docker context, a shared cache. The first engine is
left as it was."""

from __future__ import annotations

import os
import shutil

import pytest
from engines import SecondEngine, docker, make_certificates, said_by, second_engine

from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import BuildSettings

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    with second_engine(tmp_path_factory.mktemp("second")) as engine:
        yield engine


@pytest.fixture
def far(second, rig):
    """A docker context `far` at the second engine, which is a builder of that name too, in the user's settings."""
    second.add_context("far")
    return rig


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_a_docker_context_on_another_host(second, far):
    before = second.cached()
    engine = Buildx("far")
    assert "far" in engine.check()
    far.engine = engine
    digest = far.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"', *running("far"))
    assert digest.startswith("sha256:")
    assert far.find_config("c-1")["architecture"] == "amd64"
    assert second.cached() > before


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_the_users_current_context_is_followed(second, far, monkeypatch):
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    before = second.cached()
    assert "Docker Engine" in far.engine.check()
    far.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"')
    assert second.cached() > before


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """An engine that is asked over TLS, by who has a certificate."""
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    with second_engine(tmp_path_factory.mktemp("guarded"), certificates=certificates) as engine:
        yield engine


@pytest.mark.parametrize("way", ["builder", "current context", "variables"])
@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_an_engine_behind_tls(guarded, rig, way, monkeypatch):
    guarded.add_context("guarded")
    if way == "current context":
        monkeypatch.setenv("DOCKER_CONTEXT", "guarded")
    if way == "variables":
        named = {"ca.pem": "ca.pem", "client.pem": "cert.pem", "client-key.pem": "key.pem"}
        for ours, dockers in named.items():
            shutil.copy2(guarded.certificates / ours, rig.folder / dockers)
        variables = {"HOST": guarded.address, "TLS_VERIFY": "1", "CERT_PATH": str(rig.folder)}
        for name, value in variables.items():
            monkeypatch.setenv(f"DOCKER_{name}", value)
    rig.engine = Buildx("guarded" if way == "builder" else None)
    before = guarded.cached()
    assert rig.engine.check()
    assert rig.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{rig.folder}"').startswith("sha256:")
    assert guarded.cached() > before


@pytest.mark.parametrize("way", ["builder", "current context"])
@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_an_engine_behind_ssh(second, rig, way, tmp_path, monkeypatch):
    """In place of ssh a program that runs, as it would on the other host, what docker wants to run there."""
    ssh = tmp_path / "ssh"
    there = f'unset DOCKER_CONTEXT; export DOCKER_HOST={second.address}; exec "$@"'
    ssh.write_text(f'#!/bin/sh\nwhile [ "$1" != docker ]; do shift; done\n{there}\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    docker("context", "create", "over-ssh", "--docker", "host=ssh://builder@far.test")
    if way == "current context":
        monkeypatch.setenv("DOCKER_CONTEXT", "over-ssh")
    rig.engine = Buildx("over-ssh" if way == "builder" else None)
    before = second.cached()
    assert rig.engine.check()
    rig.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{rig.folder}"')
    assert second.cached() > before


@pytest.mark.parametrize(("variable", "value"), [("DOCKER_HOST", "tcp://127.0.0.1:9"), ("DOCKER_CONTEXT", "not-there")])
@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_an_engine_that_does_not_answer(rig, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(DeployError) as caught:
        rig.engine.check()
    assert (caught.value.code, caught.value.where) == ("no-engine", f"{variable}={value}")
    assert value in caught.value.cause


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_an_engine_behind_tls_without_a_certificate(guarded, rig):
    SecondEngine(guarded.address).add_context("uninvited")
    rig.engine = Buildx("uninvited")
    with pytest.raises(DeployError) as caught:
        rig.engine.check()
    assert caught.value.code == "no-builder"
    assert "HTTPS server" in caught.value.cause


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_a_cache_in_the_registry_is_looked_at_under_its_full_name(far):
    """Whether a layer is found in it is the engine's business; here, that it asks where the settings say."""
    lines = ("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"', *running("cached"))
    name = far.access.uri.partition("/")[2]
    far.build(*lines, settings=BuildSettings(cache_to=("type=inline",)), tag="api")
    far.engine, far.events = Buildx("far"), []
    far.build(*lines, tag="c-2", settings=BuildSettings(cache_from=(name,)), name="api")
    assert f"importing cache manifest from {far.access.uri}:api" in [event.name for event in far.events]


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_where_no_cache_can_be_exported_the_error_says_what_to_do(classic):
    with pytest.raises(DeployError) as caught:
        classic.build("FROM scratch", "COPY app /app", settings=BuildSettings(cache_to=("team/cache",)))
    assert "`builder`" in caught.value.hint


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_a_builder_that_is_not_there(rig):
    assert rig.docker_config.is_dir()
    with pytest.raises(DeployError) as caught:
        Buildx("nowhere").check()
    assert (caught.value.code, caught.value.where) == ("no-builder", "builder nowhere")


def test_the_first_engine_is_left_as_it_was(tmp_path):
    """Its containers run on after a second one has started and ended, and new ones start with a network."""
    shutil.copy2("/bin/busybox", tmp_path / "busybox")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY busybox /bin/busybox\n")
    name = f"rajee-test-first-{os.getpid()}"
    docker("buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", name, str(tmp_path))
    try:
        docker("run", "--detach", "--name", name, name, "/bin/busybox", "sleep", "600")
        with second_engine(tmp_path) as engine:
            engine.docker("version")
        assert docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        assert "eth0" in docker("exec", name, "/bin/busybox", "ip", "address")
        assert "eth0" in said_by(name, "/bin/busybox", "ip", "address")[0]
    finally:
        docker("rm", "--force", name)
        docker("image", "rm", "--force", name)


def running(mark: str) -> tuple[str, ...]:
    return (f'RUN ["/bin/busybox", "sh", "-c", "echo {mark} > /made"]',)
