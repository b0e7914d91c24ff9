"""What starting costs: a fingerprint of a small service against importing the command line's library."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import COMMAND, costs, goal, private, show

_DOCKERFILE = """FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app app
CMD ["python", "-m", "app"]
"""


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as place:
        service = Path(place, "service")
        (service / "app").mkdir(parents=True)
        (service / "Dockerfile").write_text(_DOCKERFILE)
        (service / "requirements.txt").write_text("boto3\n")
        (service / ".dockerignore").write_text(".git\n**/__pycache__\n")
        for number in range(10):
            (service / f"app/m{number}.py").write_text(f"x = {number}\n")
        measured = costs(
            {
                "python -c 'import typer'": [sys.executable, "-c", "import typer"],
                "rajee-deploy --version": [COMMAND, "--version"],
                "fingerprint of a small service": [COMMAND, "fingerprint", str(service)],
                "the same, --no-cache": [COMMAND, "fingerprint", str(service), "--no-cache"],
                "fingerprint of this repository": [COMMAND, "fingerprint", "--image", "envoy"],
            },
            private(place),
            rounds=15,
        )
    typer = measured["python -c 'import typer'"]
    for name, each in measured.items():
        show(name, each, typer)
    goal("CPU of a fingerprint to importing typer", measured["fingerprint of a small service"].cpu / typer.cpu, 2)
