"""A world that changes while the first synth runs: what the app saw is not what lies there afterwards."""

from __future__ import annotations

import os
import signal

import pytest
from sampled import some
from synth.ways.apps import node, python
from synth.ways.way import link, rename, write
from synth.ways.world import obstacles

from rajee_deploy.errors import DeployError

pytestmark = pytest.mark.cdk
# The app says that it has looked, and goes on when somebody has changed the world.
PAUSE = (
    "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
    'print("looked:", os.getpid(), flush=True)\nsignal.sigwait([signal.SIGUSR1])'
)
SHARED = {"shared.json": "one\n"}
CASES = (
    (python("a file", "value", 'value = open("../shared.json").read()\n' + PAUSE, files=SHARED), write("shared.json")),
    (
        python("a file of the app", "value", 'value = open("x.json").read()\n' + PAUSE, files={"cdk/x.json": "one\n"}),
        write("cdk/x.json"),
    ),
    (
        python(
            "a file that an older one replaces",
            "value",
            'value = open("../shared.json").read()\n' + PAUSE,
            files={**SHARED, "old.json": "two\n"},
        ),
        rename("old.json", "shared.json"),
    ),
    (
        python("a listing", "value", 'value = sorted(os.listdir("../data"))\n' + PAUSE, files={"data/a": ""}),
        write("data/b"),
    ),
    (python("an absent file", "value", 'value = os.path.exists("../local")\n' + PAUSE), write("local")),
    (
        python("a link", "value", 'value = os.readlink("../current")\n' + PAUSE, prepare=(link("current", "v1"),)),
        link("current", "v2"),
    ),
    (
        node(
            "a file, by node",
            'new Promise((go) => process.once("SIGUSR1", () => go(value)))',
            'const value = fs.readFileSync("../shared.json");\nconst wait = setInterval(() => {}, 1000);\n'
            'process.once("SIGUSR1", () => clearInterval(wait));\nconsole.log("looked:", process.pid);',
            files=SHARED,
        ),
        write("shared.json"),
    ),
)


@pytest.mark.parametrize(
    ("way", "do"), some("changes during a synth", CASES, 8), ids=lambda each: getattr(each, "name", "")
)
def test_what_was_hashed_is_what_was_seen(make_world, way, do):
    world = make_world(way)
    pids: list[int] = []

    def on_line(line: str) -> None:
        _, found, pid = line.partition("looked: ")
        if found:
            if not pids:
                do.act(world)
            pids.append(int(pid))
            os.kill(pids[-1], signal.SIGUSR1)

    try:
        made, template = world.synthesise(on_line=on_line)
    except DeployError as error:
        if error.code == "file-changed":
            return
        raise
    assert pids
    _, truth = world.synthesise("truth", on_line)
    is_noticed = world.fingerprint().digest != made.fingerprint.digest or obstacles(made.fingerprint)
    assert template == truth or is_noticed, f"false no-op: {do.label} during the synth"
