"""An app as it is: a no-op `up` against its no-op `cdk deploy`, and what an edit costs that no COPY reads."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from measure import COMMAND, REST, TOP, costs, goal, private, show

if TYPE_CHECKING:
    from collections.abc import Iterator

CDK = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
APP = TOP / "tests" / "apps" / "fargate_py"


def run() -> None:
    """In one sandbox: the CDK's own deployment first, since ours takes the app over."""
    with tempfile.TemporaryDirectory() as state, own_sandbox(state) as environment:
        folder = Path(state) / "app"
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("cdk.out", "node_modules", "__pycache__"))
        git = "git init -q && git add -A && git -c user.name=b -c user.email=b@example.com commit -qm one"
        run_line(f"{git} && {CDK} bootstrap --app '' aws://123456789012/us-east-1", folder, environment)
        deploy = f"{CDK} deploy --all --method=direct --require-approval=never --output {state}/cdk.out"
        run_line(deploy, folder, environment)
        by_cdk = _cost("cdk deploy", deploy, folder, environment, 3)
        show("cdk deploy --all of an app as it is, nothing changed", by_cdk)
        run_line(f"{COMMAND} init --no-plan && {COMMAND} up --yes", folder, environment)
        time.sleep(REST)
        run_line(f"{COMMAND} up", folder, environment)
        ours = _cost("up", f"{COMMAND} up", folder, environment, 9)
        show("rajee-deploy up, nothing changed", ours, by_cdk)
        goal("times faster than cdk deploy, wall", by_cdk.wall / ours.wall, 10, at_least=True)
        number = itertools.count()

        def edit() -> None:
            with (folder / "README.md").open("a") as file:
                file.write(f"edit {next(number)}\n")

        edited = _cost("up after an edit", f"{COMMAND} up", folder, environment, 9, edit)
        show("rajee-deploy up, README.md edited", edited, by_cdk)
        goal("seconds that an edit of README.md costs beside nothing", edited.wall - ours.wall, 0.2)


def _cost(name, line, folder, environment, rounds, before=None):
    return costs({name: ["sh", "-c", f"cd {shlex.quote(str(folder))} && exec {line}"]}, environment, rounds, before)[
        name
    ]


def run_line(line: str, folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(["bash", "-c", line], cwd=folder, env=environment, check=True, capture_output=True)


@contextmanager
def own_sandbox(state: str) -> Iterator[dict[str, str]]:
    environment = {
        **private(state),
        "HOME": os.environ["HOME"],  # docker's plugins lie there
        "PATH": os.pathsep.join([str(Path(COMMAND).parent), str(Path(CDK).parent), os.environ["PATH"]]),
        "RAJEE_DEPLOY_STATE_DIR": state,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
    }
    started = subprocess.run([COMMAND, "sandbox", "start"], env=environment, check=True, capture_output=True, text=True)
    try:
        for line in started.stdout.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = shlex.split(value)[0]
        yield environment
    finally:
        subprocess.run([COMMAND, "sandbox", "stop"], env=environment, check=True, capture_output=True)
