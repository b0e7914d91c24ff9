"""A second engine at an address of its own: a builder of buildx, a docker context, a shared cache. The first engine is
left as it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.build_settings import BuildSettings
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

BRIDGE = "rajeetest0"


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
    """Its own data, its own address, and a bridge of its own: with `--bridge=none`, or none named, an engine that
    starts takes the docker0 of the one that runs."""
    folder = tmp_path_factory.mktemp("second")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    ip("link", "add", BRIDGE, "type", "bridge")
    try:
        ip("address", "add", "10.213.7.1/24", "dev", BRIDGE)
        argv = [
            "dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid",
            f"--host=tcp://127.0.0.1:{port}", f"--bridge={BRIDGE}", "--iptables=false", "--ip6tables=false",
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
        ip("link", "delete", BRIDGE)


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
def test_a_cache_in_the_registry_spares_a_new_machine_the_work(second, far):
    """The first engine leaves the cache, the second one, which never built this, takes it."""
    lines = ("FROM scratch", "COPY busybox /bin/busybox", f'ENV AT="{far.folder}"', *running("cached"))
    name = far.access.uri.partition("/")[2]
    far.build(*lines, settings=BuildSettings(cache_to=("type=inline",)), tag="api")
    far.engine, far.events = Buildx("far"), []
    far.build(*lines, tag="c-2", settings=BuildSettings(cache_from=(name,)), name="api")
    ran = [event for event in far.events if "RUN" in event.name and event.seconds is not None]
    assert [event.cached for event in ran] == [True]
    assert second.address


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


def test_the_first_engine_still_runs_containers_and_steps(second, rig):
    """Last of the file but before the second engine's end; `test_first_engine_after` looks after it."""
    assert second.folder.is_dir()
    if rig.is_real:
        rig.build("FROM scratch", "COPY busybox /bin/busybox", f"ENV AT={os.getpid()}", *running(str(rig.folder)))
        assert rig.find_config("c-1") is not None


def running(mark: str) -> tuple[str, ...]:
    return (f'RUN ["/bin/busybox", "sh", "-c", "echo {mark} > /made"]',)
