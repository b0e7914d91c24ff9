"""A CDK app that gives a cloud assembly which a synth left.

For tests that deploy a real app and are not about its synth, which takes seven seconds of a processor.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import session

from rajee_deploy.stack.cdk import CDK_ENVIRONMENT

INFRA = Path(__file__).parents[1] / "infra"
NAME = "given"  # the directory beside cdk.json that the assembly lies in; a template in it can be edited
# An edited template gets another name for its upload, as the CDK would give it.
_APP = """
import hashlib, json, os, pathlib, shutil
out = pathlib.Path(os.environ["CDK_OUTDIR"])
shutil.copytree("given", out, dirs_exist_ok=True)
for assets in out.glob("*.assets.json"):
    for former, asset in json.loads(assets.read_text())["files"].items():
        now = hashlib.sha256((out / asset["source"]["path"]).read_bytes()).hexdigest()
        for path in (assets, out / "manifest.json"):
            path.write_text(path.read_text().replace(former, now))
"""


def write_app(directory: Path, assembly: Path) -> None:
    """Let the app in `directory` be one that gives this assembly."""
    shutil.copytree(assembly, directory / NAME)
    (directory / "given.py").write_text(_APP)
    settings = directory / "cdk.json"
    told = json.loads(settings.read_text()) if settings.exists() else {}
    settings.write_text(json.dumps({**told, "app": f"{sys.executable} given.py", "versionReporting": False}))


def edit(directory: Path, old: str, new: str) -> None:
    """Replace in its templates."""
    found = [path for path in (directory / NAME).glob("*.template.json") if old in path.read_text()]
    assert found, f"no template has {old!r}"
    for path in found:
        path.write_text(path.read_text().replace(old, new))


def reference_service() -> Path:
    """The assembly of the reference service in `dev`: synthesised once in a run of the tests, by whoever asks first."""
    directory = Path(os.environ[session.DIRECTORY])
    made = directory / "reference"
    with (directory / "reference.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            synthesise(INFRA, made, "--context=environment=dev")
    return made


def synthesise(app: Path, output: Path, *more: str) -> None:
    """A plain `cdk synth`."""
    cli = str(INFRA / "node_modules" / ".bin" / "cdk")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [cli, "synth", "--quiet", "--no-notices", "--output", str(output), *more],
        check=True, cwd=app, env={**os.environ, **CDK_ENVIRONMENT, "PATH": path}, capture_output=True,
    )  # fmt: skip
