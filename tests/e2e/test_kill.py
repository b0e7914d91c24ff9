"""kill -9 at each step, and a network that is lost in the middle of a push: nothing is left, and a rerun repairs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from network import Network
from sampled import some

from rajee_deploy.system.temporary import LOCK

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ASSETS = "infra/raja_poc/assets/envoy"
PAYLOAD_BYTES = 3 << 20
MARK = f"rajee-e2e-kill-{os.getpid()}"


@pytest.fixture(scope="module")
def network():
    made = Network()
    yield made
    made.close()


@pytest.fixture(scope="module")
def registry_port(network):
    return network.port


@pytest.fixture(scope="module")
def deployed(synthesised, network):
    """The shell, after a first `up`; its image takes a payload that no engine can make smaller."""
    network.server_port = urlsplit(synthesised.environment["AWS_ENDPOINT_URL"]).port
    payload(synthesised)
    dockerfile = synthesised.folder / ASSETS / "Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text()}\nCOPY {ASSETS}/payload /payload\n")
    synthesised.run("rajee-deploy up")
    return synthesised


def payload(shell) -> None:
    (shell.folder / ASSETS / "payload").write_bytes(os.urandom(PAYLOAD_BYTES))


class Up:
    """`rajee-deploy up` while it runs."""

    def __init__(self, shell) -> None:
        self.shell = shell
        self.process = subprocess.Popen(
            ["rajee-deploy", "up", "-v"],
            cwd=shell.folder,
            stderr=subprocess.PIPE,
            text=True,
            env={**shell.environment, "RAJEE_TEST_MARK": MARK},
        )

    def await_line(self, words: str) -> None:
        for line in self.process.stderr:
            if words in line:
                return
        pytest.fail(f"up ended without {words!r}")

    def kill(self) -> None:
        """As the out-of-memory killer does; and all that it started must end by itself."""
        self.process.kill()
        assert self.process.wait() == -9
        self.process.stderr.close()
        wait_until(lambda: not processes_with(MARK))


def hashing(shell, _network) -> Up:
    """It reads a payload that is new, right behind its first line."""
    payload(shell)
    up = Up(shell)
    up.await_line("us-east-1")
    up.kill()
    return up


def staging(shell, _network) -> Up:
    payload(shell)
    up = Up(shell)
    # Killed between the directory and its lock, it would lie there for a day: nobody could tell whose it is.
    wait_until(lambda: any((shell.folder.parent / "tmp").glob(f"*-context-*/{LOCK}")), pause=0.001)
    up.kill()
    return up


def building(shell, _network) -> Up:
    """An instruction that takes very long."""
    dockerfile = shell.folder / ASSETS / "Dockerfile"
    kept = dockerfile.read_text()
    dockerfile.write_text(kept.replace("AS tools\n", 'AS tools\nRUN ["/bin/busybox", "sleep", "1000"]\n'))
    up = Up(shell)
    wait_until(lambda: sleeping_builds() > 0)
    up.kill()
    wait_until(lambda: sleeping_builds() == 0)
    dockerfile.write_text(kept)
    payload(shell)
    return up


def pushing(shell, network) -> Up:
    payload(shell)
    network.stand_still_after(PAYLOAD_BYTES // 2)
    up = Up(shell)
    assert network.reached.wait(120)
    up.kill()
    network.mend()
    return up


def deploying(shell, _network) -> Up:
    payload(shell)
    up = Up(shell)
    up.await_line("… update RajeeEnvoyStack")
    up.kill()
    return up


@pytest.mark.parametrize("step", some("kills", [hashing, staging, building, pushing, deploying], 4))
def test_kill_9_leaves_nothing_that_the_next_run_does_not_repair(deployed, network, step):
    step(deployed, network)
    left = leftovers(deployed)
    assert bool(left) == (step is not hashing), "the kill came at another step"
    again = deployed.run("rajee-deploy up").stderr
    assert leftovers(deployed) == []
    assert ("of runs that were killed" in again) == bool(left)
    assert "Nothing to do" in deployed.run("rajee-deploy up").stderr


@pytest.mark.parametrize("count", some("lost networks", [0, PAYLOAD_BYTES // 2], 2))
def test_a_network_lost_while_pushing(deployed, network, count):
    """For good: the engine itself gives up (after 50 s, once it has begun to send)."""
    payload(deployed)
    before = task_definitions(deployed)
    network.lose_after(count)
    ended = deployed.run("rajee-deploy up", code=1)
    assert network.reached.is_set()
    network.mend()
    assert "explain-error push-broken-off\n" in ended.stderr
    assert "run again" in ended.stderr
    assert (task_definitions(deployed), leftovers(deployed)) == (before, [])
    assert "✓ update  RajeeEnvoyStack" in deployed.run("rajee-deploy up").stderr
    assert "Nothing to do" in deployed.run("rajee-deploy up").stderr


@pytest.mark.parametrize("count", some("cut connections", [1000, PAYLOAD_BYTES - 1], 2))
def test_a_connection_cut_while_pushing_is_resumed(deployed, network, count):
    payload(deployed)
    network.cut_once_after(count)
    assert "✓ update  RajeeEnvoyStack" in deployed.run("rajee-deploy up").stderr
    assert network.reached.is_set()
    assert "Nothing to do" in deployed.run("rajee-deploy up").stderr


def task_definitions(shell) -> list[str]:
    environment = shell.environment
    ecs = boto3.client(
        "ecs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return ecs.list_task_definitions()["taskDefinitionArns"]


def sleeping_builds() -> int:
    """How many of our long instructions the engine runs."""
    return sum(b"sleep\x001000" in line for line in command_lines())


def command_lines() -> list[bytes]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def processes_with(mark: str) -> list[str]:
    """Processes whose environment carries the mark: whatever the command started, however deep."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def leftovers(shell) -> list[str]:
    """Temporary files of ours, but for the sandbox's, which still runs."""
    names = [path.name for path in (shell.folder.parent / "tmp").iterdir()]
    return [n for n in names if n.startswith(("rajee-deploy", "cdk.out")) and "-sandbox-" not in n]


def wait_until(holds, *, seconds: float = 60, pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(pause)
