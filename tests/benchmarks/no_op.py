"""A no-op `up` against a no-op `cdk deploy`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile

from measure import COMMAND, TOP, cost, private, show


def run() -> None:
    """A no-op `up` against a no-op `cdk deploy` of the same service in the same sandbox."""
    with tempfile.TemporaryDirectory() as state:
        environment = {
            **private(state),
            "HOME": os.environ["HOME"],  # docker's plugins lie there
            "RAJEE_DEPLOY_STATE_DIR": state,
            "RAJEE_DEPLOY_ENVIRONMENT": "sandbox-offline",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
        }
        subprocess.run([str(TOP / ".ci" / "stand-ins")], check=True, env={**environment, "PYTHON": sys.executable})
        started = subprocess.run(
            [COMMAND, "sandbox", "start"], env=environment, check=True, capture_output=True, text=True
        )
        try:
            for line in started.stdout.splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                environment[name] = shlex.split(value)[0]
            cdk = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
            run = [cdk, "bootstrap", "--app", "", "aws://123456789012/us-east-1"]
            subprocess.run(run, cwd=state, env=environment, check=True, capture_output=True)
            subprocess.run([COMMAND, "up"], cwd=TOP, env=environment, check=True, capture_output=True)
            deploy = [
                cdk,
                "deploy",
                "--all",
                "--method=direct",
                "--require-approval=never",
                "--output",
                f"{state}/cdk.out",
            ]
            raw = cost(["sh", "-c", f"cd infra && exec {shlex.join(deploy)}"], environment, rounds=3)
            show("cdk deploy --all, nothing changed", raw)
            show("rajee-deploy up, nothing changed", cost([COMMAND, "up"], environment), raw)
            show("rajee-deploy plan, nothing changed", cost([COMMAND, "plan"], environment), raw)
        finally:
            subprocess.run([COMMAND, "sandbox", "stop"], env=environment, check=True, capture_output=True)
