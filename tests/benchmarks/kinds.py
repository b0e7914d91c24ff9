"""What each kind of edit costs, `cdk deploy` alone beside `up`: nothing, README.md, code, infrastructure.

One app as it is, twice, each with an AWS of its own, in turns. That AWS lets services be stable at once: measured is
the work before a rollout, so hashing, synth, build, push, CloudFormation's calls.
"""

from __future__ import annotations

import itertools
import shlex
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from any_app import APP, CDK, own_sandbox, run_line
from measure import COMMAND, REST, costs, goal, show

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3
# Wanted: what `up` takes of what `cdk deploy` takes.
GOALS = {"nothing": 0.2, "README.md": 0.2, "code": 0.9, "infrastructure": 1.2}


@dataclass(frozen=True)
class Side:
    """A copy of the app, and the command that deploys it."""

    folder: Path
    environment: dict[str, str]
    deploy: str

    @property
    def argv(self) -> list[str]:
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment.items())
        return ["env", "-i", "sh", "-c", f"cd {shlex.quote(str(self.folder))} && exec env {given} {self.deploy}"]


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as clouds:
        sides = {}
        for name in ("cdk deploy", "up"):
            state = Path(place) / name.replace(" ", "-")
            state.mkdir()
            environment = clouds.enter_context(own_sandbox(str(state)))
            sides[name] = _deployed(name, state, environment)
        time.sleep(REST)
        number = itertools.count()
        for kind, edit in _edits().items():

            def before(edit: Callable[[Path, int], None] = edit) -> None:
                count = next(number)
                for side in sides.values():
                    edit(side.folder, count)

            measured = costs({name: side.argv for name, side in sides.items()}, None, ROUNDS, before)
            theirs, ours = measured.values()
            show(f"cdk deploy, {kind} edited" if kind != "nothing" else "cdk deploy, nothing changed", theirs)
            show("rajee-deploy up, the same", ours, theirs)
            goal(f"of cdk deploy's time after an edit of {kind}", ours.wall / theirs.wall, GOALS[kind])


def _deployed(name: str, state: Path, environment: dict[str, str]) -> Side:
    folder = state / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("cdk.out", "node_modules", "__pycache__"))
    git = "git init -q && git add -A && git -c user.name=b -c user.email=b@example.com commit -qm one"
    run_line(f"{git} && {CDK} bootstrap --app '' aws://123456789012/us-east-1", folder, environment)
    if name == "up":
        run_line(f"{COMMAND} init --no-plan && {COMMAND} up --yes && {COMMAND} up", folder, environment)
        return Side(folder, environment, f"{COMMAND} up --yes")
    deploy = f"{CDK} deploy --all --method=direct --require-approval=never --output {state}/cdk.out"
    run_line(deploy, folder, environment)
    return Side(folder, environment, deploy)


def _edits() -> dict[str, Callable[[Path, int], None]]:
    """What is done to the app before each deployment; `count` makes each another one."""
    return {
        "nothing": lambda _folder, _count: None,
        "README.md": lambda folder, count: _append(folder / "README.md", f"edit {count}\n"),
        "code": lambda folder, count: _append(folder / "service" / "entries.py", f"# edit {count}\n"),
        "infrastructure": _edit_stack,
    }


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def _edit_stack(folder: Path, count: int) -> None:
    """Another greeting in the task's environment."""
    path = folder / "infrastructure" / "guestbook_stack.py"
    head, _, rest = path.read_text().partition('"GREETING": "')
    path.write_text(f'{head}"GREETING": "Welcome {count}{rest[rest.index(chr(34)) :]}')
