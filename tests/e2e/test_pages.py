"""What README and docs show is what the commands say: the scenes of one story, on the reference service, at 80 columns.

    RAJEE_WRITE_PAGES=1 python -m pytest tests/e2e/test_pages.py

writes the blocks of the pages anew; without it they are compared. The tests of this file run in their order.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import given
import pages
import pytest
from e2e.conftest import Shell
from e2e.shop import write_shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
STACK = "infra/raja_poc/stacks/rajee_envoy_stack.py"
PROFILES = "infra/raja_poc/stacks/profiles.py"
WHO = "git -c user.name=T -c user.email=t@localhost -c commit.gpgsign=false"
HOME = "/home/ann"


@dataclass(frozen=True)
class Scene:
    """Commands whose output a page shows, after edits (file, old text, new text; "" for the end of the first line),
    committed where `commit` says what was done. Each command ends with `code`. `is_of_shop`: where `init` is shown."""

    name: str
    commands: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...] = ()
    commit: str = ""
    code: int = 0
    is_of_shop: bool = False


STORY = (
    Scene("doctor", ("rajee-deploy doctor",), code=1),
    Scene("init", ("rajee-deploy init",), is_of_shop=True),
    Scene("first-up", ("rajee-deploy up",), commit="the first"),
    Scene("nothing-to-do", ("rajee-deploy up",)),
    Scene("since-deployed", ("rajee-deploy explain --since deployed",), ((ENVOY, "", "  # edited"),)),
    Scene("code-plan", ("rajee-deploy plan",), commit="envoy.yaml"),
    Scene("code-up", ("rajee-deploy up",)),
    Scene("same-template", ("rajee-deploy plan",), ((STACK, "", "  # edited"),)),
    Scene("infra-plan", ("rajee-deploy plan",), ((PROFILES, "tasks=1,", "tasks=2,"),)),
    Scene("rollback", ("rajee-deploy rollback",)),
    Scene("status", ("rajee-deploy status",)),
    Scene("report", ("rajee-deploy report",)),
    Scene(
        "explain", ("rajee-deploy explain", "rajee-deploy explain README.md", "rajee-deploy explain infra/compose.yaml")
    ),
    Scene("verify", ("rajee-deploy verify",)),
)


@pytest.fixture(scope="module")
def project(shell):
    """The copy as a git repository. The app imports the construct from its own directory, as if it were installed."""
    shutil.copytree(shell.folder / "rajee_deploy", shell.folder / "infra" / "raja_poc" / "rajee_deploy")
    shell.run("git init -q -b main && echo node_modules >> .git/info/exclude && echo rajee_deploy >> .git/info/exclude")
    return shell


@pytest.fixture(scope="module")
def shop(shell):
    """Another repository, with an app that nobody edited."""
    folder = shell.folder.parent / "shop"
    write_shop(folder)
    (folder / "node_modules").symlink_to(shell.folder / "infra" / "node_modules")
    variables = {name: value for name, value in shell.environment.items() if name != "RAJEE_DEPLOY_ENVIRONMENT"}
    found = Shell(folder, variables)
    found.run("git init -q -b main && echo node_modules >> .git/info/exclude")
    return found


@pytest.mark.parametrize("scene", STORY, ids=lambda scene: scene.name)
def test_a_page_shows_what_the_command_says(project, shop, scene):
    if scene.name == "init":  # `doctor` shows what comes before
        given.bootstrap(project.environment)
    for name, old, new in scene.edits:
        edit(project.folder / name, old, new)
    if scene.commit:
        project.run(f"git add --all && {WHO} commit -q -m '{scene.commit}'")
    said = "\n".join(screen(shop if scene.is_of_shop else project, command, scene.code) for command in scene.commands)
    if os.environ.get("RAJEE_WRITE_PAGES"):
        pages.write(scene.name, said)
    shown = [block for block in pages.blocks() if block.name == scene.name]
    for block in shown:
        assert pages.gist(block.body) == pages.gist(said), f"{block.page.name} shows something else than\n{said}"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    changed = text.replace(old, new) if old else text.replace("\n", f"{new}\n", 1)
    assert changed != text
    path.write_text(changed)


def screen(shell, command: str, code: int) -> str:
    """What is seen of a command, in the places that a user's machine has."""
    said = shell.run(f"{command} 2>&1", code=code, COLUMNS="80", NO_COLOR="1", HOME=str(shell.folder.parent)).stdout
    for place, name in (
        (shell.environment["RAJEE_DEPLOY_STATE_DIR"], f"{HOME}/.local/state/rajee-deploy"),
        (shell.environment["RAJEE_DEPLOY_CACHE_DIR"], f"{HOME}/.cache/rajee-deploy"),
        (shell.environment["TMPDIR"], "/tmp"),
        (str(shell.folder.parent), HOME),
    ):
        said = said.replace(place, name)
    said = re.sub(r"localhost:\d+", "localhost:5000", said)
    said = re.sub(r"rajee-tests/envoy:rajee-tests-[\w-]+", "rajee-stand-in/envoy:distroless-v1.38.0", said)
    return f"$ {command}\n" + re.sub(r"[ \t]+$", "", said, flags=re.MULTILINE)
