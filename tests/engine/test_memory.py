"""What an engine remembers of build contexts after it was killed in the midst of a transfer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tarfile
import threading
import time
import uuid

import pytest
from engines import second_engine

from rajee_deploy.context import Roots
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.model import Platform
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.settings import ImageSettings

pytestmark = [pytest.mark.docker, pytest.mark.proof]  # a second engine, killed in the midst of 256 MiB

NOWHERE = PushAccess("127.0.0.1:1/app", "nobody", "nothing")
LARGE = 256 << 20


@pytest.fixture
def root(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\nLABEL test={uuid.uuid4().hex}\nCOPY . /\n")
    return tmp_path


def inputs(root):
    settings = ImageSettings(
        name="app",
        context=root / "app",
        dockerfile=root / "Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/amd64"),),
        target=None,
        build_args={},
        build_contexts={},
    )
    with Roots(root / "memory") as roots:
        return read_inputs(settings, None, roots)


def build(root, on_event=lambda _event: None):
    """Build as the tool does; it fails, for there is no registry. Then the image's file `a`, asked of the engine."""
    with build_request(inputs(root), NOWHERE.uri) as request:
        with pytest.raises(DeployError):
            Buildx().build_and_push(request, NOWHERE, on_event)
        argv = ["docker", "buildx", "build", "--provenance=false", f"--output=type=tar,dest={root}/image.tar"]
        subprocess.run([*argv, "-f", request.dockerfile, request.context], check=True, capture_output=True)
    with tarfile.open(root / "image.tar") as archive:
        return request.context.name, archive.extractfile("a").read()


def kill_in_a_transfer(root, pid):
    """Build, and kill the engine while it has the small file and waits for the large one."""
    moving = threading.Event()

    def kill():
        assert moving.wait(60)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with build_request(inputs(root), NOWHERE.uri) as request:
        with pytest.raises(DeployError) as caught:
            Buildx().build_and_push(request, NOWHERE, lambda event: event.moved > 4 << 20 and moving.set())
        killer.join()
    return caught.value


def test_it_is_never_asked_for_that_name_again(root, tmp_path_factory, monkeypatch):
    """It has the new file then, and the old digests: the next build would be CACHED, with the old file."""
    place = tmp_path_factory.mktemp("e")
    (root / "app/a").write_text("old")
    try:
        with second_engine(place) as engine:
            monkeypatch.setenv("DOCKER_HOST", engine.address)
            before, _ = build(root)
            assert build(root)[0] == before
            (root / "app/a").write_text("new")
            with (root / "app/large").open("wb") as file:
                for _ in range(LARGE >> 20):
                    file.write(os.urandom(1 << 20))
            pid = int((place / "pid").read_text())
            error = kill_in_a_transfer(root, pid)
            assert re.search("Unavailable|EOF|reset|closed", error.cause)
            (place / "pid").unlink()
        time.sleep(1)  # its containerd ends too
        (root / "app/large").unlink()
        with second_engine(place) as engine:
            monkeypatch.setenv("DOCKER_HOST", engine.address)
            name, found = build(root)
            assert (name != before, found) == (True, b"new")
    finally:
        subprocess.run(["umount", place / "data"], check=False, capture_output=True)
