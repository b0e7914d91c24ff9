"""A key in an ssh agent can be used by RUN, through the agent alone: a real agent, and OpenSSH's own client in RUN."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import BuildSettings

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("rig", ["buildx", "buildah"], indirect=True)]


@pytest.fixture
def short(rig, monkeypatch):
    """A place with a short name, for temporary files too: a socket's path has room for 107 bytes."""
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", None)
    with tempfile.TemporaryDirectory(prefix="rajee") as place:
        monkeypatch.setenv("TMPDIR", place)
        monkeypatch.setattr(tempfile, "tempdir", place)
        assert rig
        yield Path(place)


@pytest.fixture
def agent(short):
    """The address of an agent that holds one new key, and the key's public half."""
    address, key = short / "agent", short / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    started = subprocess.run(["ssh-agent", "-s", "-a", address], check=True, capture_output=True, text=True).stdout
    pid = int(re.search(r"SSH_AGENT_PID=(\d+)", started)[1])
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(address)}
        subprocess.run(["ssh-add", "-q", key], check=True, capture_output=True, env=environment)
        yield str(address), key.with_suffix(".pub").read_text().split()[1]
    finally:
        os.kill(pid, signal.SIGTERM)


def lines(rig, public: str, mount: str) -> tuple[str, ...]:
    """A RUN that ends well only where the agent answers, and has the key. `client` is ssh-add with its libraries."""
    client = rig.folder / "context" / "client"
    program = shutil.which("ssh-add")
    loaded = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for path in map(Path, (program, *re.findall(r"(/\S+) \(0x", loaded))):
        copy = client / path.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    (client / "etc").mkdir()
    (client / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    run = f"{program} -L | /bin/busybox grep -q -F {public}"
    return (
        "FROM scratch",
        "COPY busybox /bin/busybox",
        "COPY client /",
        f'RUN --mount={mount} ["/bin/busybox", "sh", "-c", "{run}"]',
    )


def test_the_users_own_agent(rig, agent, monkeypatch):
    address, public = agent
    monkeypatch.setenv("SSH_AUTH_SOCK", address)
    rig.build(*lines(rig, public, "type=ssh"), settings=BuildSettings(ssh=("default",)))
    assert rig.find_config("c-1")


def test_an_agent_that_is_named(rig, agent, monkeypatch):
    address, public = agent
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    rig.build(*lines(rig, public, "type=ssh,id=deploy"), settings=BuildSettings(ssh=(f"deploy={address}",)))
    assert rig.find_config("c-1")


def test_no_agent_is_given_unasked(rig, agent, monkeypatch):
    address, public = agent
    monkeypatch.setenv("SSH_AUTH_SOCK", address)
    with pytest.raises(DeployError) as caught:
        rig.build(*lines(rig, public, "type=ssh"))
    assert caught.value.code == "build-failed"
