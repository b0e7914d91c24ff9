"""What a synth read: traced while it runs, kept as a depfile, hashed by the next run.

A hook in the app's Python (`in_python`) and one in every node of the synth (`in_node`: jsii's kernel, or the app
itself) write what they see. `distil` drops what counts anyway, `depfile` keeps the rest, `traced` hashes it. The app is
run by the CDK CLI alone; this room starts nothing.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.scratch import LOCK, private_directory
from rajee_deploy.stack.tracing.depfile import Depfile, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HERE = Path(__file__).parent


class Tracer:
    """Traces synths of one app into one depfile. `distil` makes a depfile of a synth's records (see `inputs`)."""

    def __init__(self, path: Path, distil: Callable[[Records], Depfile]) -> None:
        self._path = path
        self._distil = distil

    @contextmanager
    def tracing(self, assembly: Path) -> Iterator[dict[str, str]]:
        """Variables for the CDK CLI. At the end, what was traced becomes the depfile."""
        with private_directory("trace") as directory:
            started = time.time_ns()
            yield _environment(directory)
            found = self._distil(_records(directory, assembly, started))
            found.write(self._path)


def _environment(directory: Path) -> dict[str, str]:
    python = [str(_HERE / "in_python"), *filter(None, [os.environ.get("PYTHONPATH")])]
    script = str(_HERE / "in_node" / "trace.js").replace("\\", "\\\\").replace('"', '\\"')
    node = [*filter(None, [os.environ.get("NODE_OPTIONS")]), f'--require "{script}"']
    return {
        "RAJEE_DEPLOY_TRACE": str(directory),
        "PYTHONPATH": os.pathsep.join(python),
        "PYTHONPYCACHEPREFIX": "",  # compiled files then lie beside their sources, which is how they are told apart
        "NODE_OPTIONS": " ".join(node),
    }


def _records(directory: Path, assembly: Path, started: int) -> Records:
    found: list[tuple[str, ...]] = []
    for path in sorted(set(directory.iterdir()) - {directory / LOCK}):
        for line in path.read_text("utf-8", "surrogatepass").splitlines():
            try:
                kind, *fields = json.loads(line)
            except ValueError as error:
                raise DeployError(
                    "trace-broken", "what the synth read was not recorded properly", where=path.name, cause=str(error)
                ) from error
            found.append((kind, *map(str, fields)))
    return Records(tuple(dict.fromkeys(found)), assembly, started)
