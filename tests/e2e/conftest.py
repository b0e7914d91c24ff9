"""A copy of this repository, a sandbox of its own, and the command as a user types it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import given
import pytest
import session
from e2e.any_app import REGIONS, Apps, Twins
from sandboxes import note_images_of, own_cloud, start, variables

from rajee_deploy.sandbox import control

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Shell:
    """A shell in the copy, whose AWS is the sandbox."""

    folder: Path
    environment: dict[str, str]

    def run(self, line: str, *, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one line; fails unless it ends with `code`."""
        ended = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == code, f"$ {line}\n{ended.stdout}\n{ended.stderr}"
        return ended


@pytest.fixture(scope="module")
def registry_port():
    """The port that images are pushed to: a module may stand a proxy there. 0: the sandbox's own."""
    return 0


@pytest.fixture(scope="module")
def envoy():
    """The image that Envoy's is taken for. The stand-in that people have is 110 MB, which an engine packs with each
    push to a new registry: four seconds of a processor."""
    return given.small_envoy()


@pytest.fixture(scope="module")
def shell(tmp_path_factory, registry_port, envoy):
    work = tmp_path_factory.mktemp("e2e")
    folder = work / "rajee"
    copy_repository(folder)
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(given.ENVOY, envoy))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
    environment = {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RAJEE_DEPLOY_STATE_DIR": str(work / "state"),
        "RAJEE_DEPLOY_CACHE_DIR": str(work / "cache"),
        "TMPDIR": str(work / "tmp"),
        "RAJEE_DEPLOY_ENVIRONMENT": "sandbox-offline",
    }
    (work / "tmp").mkdir()
    found = Shell(folder, environment)
    given.stand_ins()
    with variables(environment):
        start(RAJEE_SANDBOX_REGISTRY_PORT=str(registry_port))
        environment |= control.environment(environment)
    try:
        note_images_of(environment["AWS_ENDPOINT_URL"])
        session.note("registry", f"localhost:{registry_port}")
        yield found
    finally:
        with variables(environment):
            assert control.stop() is not None, "the sandbox died during the tests"


@pytest.fixture(scope="module")
def bootstrapped(shell):
    """The shell, where the sandbox's account is as `cdk bootstrap` leaves it."""
    given.bootstrap(shell.environment)
    return shell


@pytest.fixture(scope="module")
def synthesised(bootstrapped):
    """The same, where the app gives what a synth of the reference service left: for what is not about a synth."""
    given.write_app(bootstrapped.folder / "infra", given.reference_service())
    return bootstrapped


def copy_repository(folder: Path) -> None:
    """What git would commit of this checkout, and the installed CDK CLI by a link."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, map(os.fsdecode, names.split(b"\0"))):
        if (TOP / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, folder / name)
    (folder / "infra" / "node_modules").symlink_to(TOP / "infra" / "node_modules")


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    """Makes checkouts of apps of tests/apps, beside a sandbox of the module's own; see any_app.py."""
    with _apps(tmp_path_factory.mktemp("apps")) as made:
        yield made


@pytest.fixture(scope="module")
def twins(tmp_path_factory, apps):
    """Makes two checkouts of an app, the second beside a sandbox where nothing but the CDK CLI deploys."""
    with _apps(tmp_path_factory.mktemp("theirs")) as theirs:
        yield lambda name: Twins(apps(name), theirs(name))


@contextmanager
def _apps(work: Path) -> Iterator[Apps]:
    with own_cloud(work / "state") as variables:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
        path = [str(BIN), str(TOP / "infra" / "node_modules" / ".bin"), os.environ["PATH"]]
        environment = {
            **kept,
            **variables,
            "PATH": os.pathsep.join(path),
            "RAJEE_DEPLOY_STATE_DIR": str(work / "state"),
            "RAJEE_DEPLOY_CACHE_DIR": str(work / "cache"),
            "TMPDIR": str(work / "tmp"),
            "npm_config_update_notifier": "false",
        }
        (work / "tmp").mkdir()
        note_images_of(environment["AWS_ENDPOINT_URL"])
        for region in REGIONS:
            given.bootstrap(environment, region)
        yield Apps(work, environment, given.node_modules)
