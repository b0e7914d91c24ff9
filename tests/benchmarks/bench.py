"""What the promises cost, measured. Ratios come from one run on one machine; absolute times are this machine's.

Run by `make bench`. It asserts nothing: a slow machine is no failure.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMAND = str(BIN / "rajee-deploy")
ROUNDS = 9


def median(argv: list[str], environment: dict[str, str] | None = None, rounds: int = ROUNDS) -> tuple[float, float]:
    """Median wall seconds, and median CPU seconds (user and system, children included), of a program."""
    wall, cpu = [], []
    for _ in range(rounds):
        before, start = os.times(), time.perf_counter()
        subprocess.run(argv, cwd=TOP, env=environment, check=True, capture_output=True)
        wall.append(time.perf_counter() - start)
        after = os.times()
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return statistics.median(wall), statistics.median(cpu)


def show(name: str, measured: tuple[float, float], against: tuple[float, float] | None = None) -> None:
    ratio = f"   {measured[0] / against[0]:5.2f}x wall {measured[1] / against[1]:5.2f}x CPU" if against else ""
    print(f"{name:<52} {measured[0] * 1000:8.0f} ms wall {measured[1] * 1000:8.0f} ms CPU{ratio}")


def start_up() -> None:
    typer = median([sys.executable, "-c", "import typer"])
    show("python -c 'import typer'", typer)
    show("rajee-deploy --version", median([COMMAND, "--version"]), typer)
    service = [COMMAND, "fingerprint", "--image", "envoy"]
    show("rajee-deploy fingerprint (this repository)", median(service), typer)


def no_op() -> None:
    """A no-op `up` against a no-op `cdk deploy` of the same service in the same sandbox."""
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "RAJEE_DEPLOY_STATE_DIR": state}
        environment |= {
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
            raw = median(["sh", "-c", f"cd infra && exec {shlex.join(deploy)}"], environment, rounds=3)
            show("cdk deploy --all, nothing changed", raw)
            show("rajee-deploy up, nothing changed", median([COMMAND, "up"], environment), raw)
            show("rajee-deploy plan, nothing changed", median([COMMAND, "plan"], environment), raw)
        finally:
            subprocess.run([COMMAND, "sandbox", "stop"], env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    start_up()
    no_op()
