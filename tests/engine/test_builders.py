"""A second engine at an address of its own: a builder of buildx, a docker context, a shared cache. The first engine is
left as it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.build_settings import BuildSettings
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker


@dataclass
class SecondEngine:
    address: str
    folder: Path

    def images_pulled_or_built(self) -> str:
        """What its build cache holds."""
        return docker("--host", self.address, "system", "df", "--format", "{{json .}}")


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
    return done.stdout


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    with second_engine(tmp_path_factory.mktemp("second")) as engine:
        yield engine


@contextmanager
def second_engine(folder: Path):
    """Its own data, its own address, and a bridge of its own: with `--bridge=none`, or none named, an engine that
    starts takes the docker0 of the one that runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    bridge = f"rajee{port}"
    ip("link", "add", bridge, "type", "bridge")
    try:
        ip("address", "add", "10.213.7.1/24", "dev", bridge)
        argv = [
            "dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid",
            f"--host=tcp://127.0.0.1:{port}", f"--bridge={bridge}", "--iptables=false", "--ip6tables=false",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
        try:
            await_engine(f"tcp://127.0.0.1:{port}", process, folder / "log")
            yield SecondEngine(f"tcp://127.0.0.1:{port}", folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    finally:
        ip("link", "delete", bridge)


def await_engine(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run(["docker", "--host", address, "version"], capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def far(second, rig):
    """A docker context `far` at the second engine, which is a builder of that name too, in the user's settings."""
    docker("context", "create", "far", "--docker", f"host={second.address}")
    return rig


def cached(engine: SecondEngine) -> int:
    """How many pieces of builds the engine keeps."""
    rows = [json.loads(line) for line in engine.images_pulled_or_built().splitlines()]
    return next(int(row["TotalCount"]) for row in rows if row["Type"] == "Build Cache")


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_a_docker_context_on_another_host(second, far):
    before = cached(second)
    engine = Buildx("far")
    assert "far" in engine.check()
    far.engine = engine
    digest = far.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"', *running("far"))
    assert digest.startswith("sha256:")
    assert far.find_config("c-1")["architecture"] == "amd64"
    assert cached(second) > before


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_the_users_current_context_is_followed(second, far, monkeypatch):
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    before = cached(second)
    assert "Docker Engine" in far.engine.check()
    far.build("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"')
    assert cached(second) > before


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
def test_where_no_cache_can_be_exported_the_error_says_what_to_do(rig):
    with pytest.raises(DeployError) as caught:
        rig.build("FROM scratch", "COPY app /app", settings=BuildSettings(cache_to=("team/cache",)))
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
            docker("--host", engine.address, "version")
        assert docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        assert "eth0" in docker("exec", name, "/bin/busybox", "ip", "address")
        assert "eth0" in docker("run", "--rm", name, "/bin/busybox", "ip", "address")
    finally:
        docker("rm", "--force", name)
        docker("image", "rm", "--force", name)


def running(mark: str) -> tuple[str, ...]:
    return (f'RUN ["/bin/busybox", "sh", "-c", "echo {mark} > /made"]',)
