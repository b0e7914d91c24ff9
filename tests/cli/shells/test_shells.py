"""The shells themselves: each reads its script, is typed into, and shows what there is."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from rajee_deploy.cli.shells.scripts import SCRIPTS

SETTINGS = """
[images.api]
repository = "team/api"
[images."$(touch${IFS}HACKED)"]
repository = "team/evil"
[cdk]
stacks = ["ApiStack", "Dev/**"]
parameters.ApiStack = { Size = "1" }
[environments.staging]
[environments.production]
"""


@pytest.fixture
def home(tmp_path):
    """A directory with settings, a script for each shell, and our command on PATH."""
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "rajee-deploy"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rajee_deploy "$@"\n')
    command.chmod(0o755)
    for shell, script in SCRIPTS.items():
        (tmp_path / f"script.{shell}").write_text(script)
    return tmp_path


def environment(home):
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "RAJEE_DEPLOY_CACHE_DIR") if name in os.environ}
    return {**kept, "HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "TERM": "xterm", "LANG": "C.UTF-8"}


class Terminal:
    """A shell that somebody types into."""

    def __init__(self, home, *argv):
        self.pid, self.descriptor = pty.fork()
        if not self.pid:
            os.chdir(home)
            os.execvpe(argv[0], argv, environment(home))  # noqa: S606
        self.shown = ""

    def type(self, text, until, seconds=20.0):
        """What is on the screen once `until` is among what came since."""
        begin, end = len(self.shown), time.monotonic() + seconds
        os.write(self.descriptor, text.encode())
        while time.monotonic() < end:
            if select.select([self.descriptor], [], [], 0.2)[0]:
                self.shown += os.read(self.descriptor, 65536).decode(errors="replace")
            since = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][B0]?|\r|\x07|\x08", "", self.shown[begin:])
            if re.search(until, since):
                return since
        raise AssertionError(f"{until} did not come after {text!r}:\n{self.shown[begin:]!r}")

    def end(self):
        os.write(self.descriptor, b"\x03\x04exit\n")
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)


# What is typed → what the line is then.
LINES = {
    "rajee-deploy plan -e sta\t": "rajee-deploy plan -e staging ",
    "rajee-deploy plan --environment=prod\t": "--environment=production",
    "rajee-deploy fing\t": "rajee-deploy fingerprint ",
    "rajee-deploy init --stacks Api\t": "--stacks ApiStack ",
    "rajee-deploy plan --parameters A\t": "ApiStack:Size=",
    "rajee-deploy plan --config rajee-d\t": r"--config rajee-deploy\.toml",
}


IMAGES = "rajee-deploy plan --image "
EVIL = "$(touch${IFS}HACKED)"  # the name of an image of somebody else's project


def check_installed(shell):
    """No skip, which would hide that nobody typed into it: `.ci/machine tests` installs each."""
    assert shutil.which(shell), f"the tests need {shell} (Debian: apt-get install {shell})"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("bash", "--norc", "--noprofile", "-i"), id="bash"),
        pytest.param(("zsh", "-f", "-i"), id="zsh"),
    ],
)
def test_what_is_typed_is_completed(home, argv):
    check_installed(argv[0])
    shell = Terminal(home, *argv)
    shell.type(f". ./script.{argv[0]}; PS1='% '; echo re''ady\n", r"ready\n")
    for typed, line in LINES.items():
        shell.type(typed, line)
        shell.type("\x15", "")
    assert "HACKED" in shell.type(f"{IMAGES}\t\t", r"touch")
    shell.type("\x15", "")
    shell.type(f"{IMAGES}\\$\t", "HACKED")
    shell.end()
    assert not (home / "HACKED").exists()


def test_what_fish_is_asked(home):
    check_installed("fish")
    asked = "\n".join(f"complete -C '{line.rstrip()}'" for line in LINES)
    ended = subprocess.run(
        ["fish", "--no-config", "-c", f". ./script.fish\n{asked}\ncomplete -C '{IMAGES}'"],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = [line.split("\t")[0] for line in ended.stdout.splitlines()]
    short = ["staging", "--environment=production", "fingerprint", "ApiStack", "ApiStack:Size=", "rajee-deploy.toml"]
    assert said == [*short, "api", EVIL]
    assert ended.stderr == ""
    assert not (home / "HACKED").exists()
