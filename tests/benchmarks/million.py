"""A million files in a build context: time, and memory within 1 GiB."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from measure import COMMAND, REST, costs, goal, private, show


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name, "tree")
        for directory in range(1000):
            inner = tree / f"{directory:03d}"
            inner.mkdir(parents=True)
            for number in range(1000):
                (inner / f"file-{number:04d}.txt").write_bytes(b"%d" % number)
        (tree / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
        time.sleep(REST)
        for title in ("cold", "warm"):
            each = costs({"it": [COMMAND, "fingerprint", str(tree)]}, private(name), rounds=1)["it"]
            show(f"a million files, {title} ({each.memory / 1024:.0f} MiB at most)", each)
            goal(f"memory, {title}, MiB", each.memory / 1024, 1024)
