"""Ctrl-C at any point: exit 130, no process and no temporary file left, and a rerun repairs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sampled import some

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
DOCKERFILE = "infra/raja_poc/assets/envoy/Dockerfile"
APP = "infra/given.py"
DEPLOYS, DEPLOYED = (f"{mark} (create|update) +RajeeEnvoyStack" for mark in "…✓")  # whichever case is the first
STAYS = """import subprocess, time
subprocess.Popen(["sh", "-c", "trap '' INT; sleep 1000 & wait"])
open({marker!r}, "w").close()
time.sleep(1000)
"""


@pytest.mark.parametrize(
    ("number", "awaited", "next_"),
    some(
        "interrupts",
        [
            # Both signals go the same way but for their handler: once while the engine works, once while node does.
            (signal.SIGINT, "… build envoy", "✓ build   envoy"),
            (signal.SIGINT, "123456789012 us-east-1", "… build envoy"),
            (signal.SIGINT, "… synth", "… find the engine"),
            (signal.SIGTERM, DEPLOYS, DEPLOYED),
            (signal.SIGINT, DEPLOYS, DEPLOYED),
            (signal.SIGTERM, '"sleep", "1000"', "✓ build   envoy"),
        ],
        3,
    ),
)
def test_an_interrupt_leaves_nothing_and_a_rerun_repairs(synthesised, awaited, next_, number):
    path = synthesised.folder / ENVOY
    path.write_text(f"# {awaited} {number}\n" + path.read_text())
    app = synthesised.folder / APP
    program = app.read_text()
    looking = synthesised.folder.parent / "looking"
    if "synth" in awaited:  # it would be over at once; and a real app has jsii for a child
        app.write_text(STAYS.format(marker=str(looking)) + program)
    dockerfile = synthesised.folder / DOCKERFILE
    kept = dockerfile.read_text()
    if "build" in awaited or "sleep" in awaited:  # it would be over in a third of a second
        dockerfile.write_text(kept.replace("AS tools\n", 'AS tools\nRUN ["/bin/busybox", "sleep", "1000"]\n'))
    mark = f"rajee-e2e-{os.getpid()}-{number}"
    environment = {**synthesised.environment, "RAJEE_TEST_MARK": mark}
    running = subprocess.Popen(
        ["rajee-deploy", "up", "-v"], cwd=synthesised.folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    said = []
    for line in running.stderr:
        said.append(line)
        if re.search(awaited, line):
            break
    else:
        pytest.fail("".join(said))
    if "synth" in awaited:
        wait_for(looking)
    time.sleep(0.1)
    running.send_signal(number)
    said.append(running.stderr.read())
    running.stderr.close()
    assert running.wait(30) == 130, "".join(said)
    assert "explain-error interrupted\n" in "".join(said)
    assert not re.search(next_, "".join(said)), "the interrupt came at a later step"
    assert processes_with(mark) == []
    assert leftovers(synthesised) == []
    dockerfile.write_text(kept)
    app.write_text(program)
    assert re.search(DEPLOYED, synthesised.run("rajee-deploy up").stderr)
    assert "Nothing to do" in synthesised.run("rajee-deploy up").stderr


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, "the app was not run"
        time.sleep(0.05)


def processes_with(mark: str) -> list[str]:
    """Processes whose environment carries the mark: whatever the command started, however deep."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def leftovers(shell) -> list[str]:
    """Temporary files of ours, but for the sandbox's, which still runs."""
    names = [path.name for path in (shell.folder.parent / "tmp").iterdir()]
    return [n for n in names if n.startswith(("rajee-deploy", "cdk.out")) and "-sandbox-" not in n]
