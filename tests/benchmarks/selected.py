"""What is not selected costs nothing: 100 of 20,000 files against aws-cdk-lib's; more and more strangers."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from measure import COMMAND, REST, TOP, cost, goal, private, show, write_tree

_NODE = """
const { FileSystem, IgnoreMode } = require(process.argv[2]);
FileSystem.fingerprint(process.argv[4]);
const start = process.hrtime.bigint();
FileSystem.fingerprint(process.argv[3], { exclude: [".git"], ignoreMode: IgnoreMode.DOCKER });
console.log(Number(process.hrtime.bigint() - start) / 1e9);
"""
_PYTHON = """
import sys, time
from pathlib import Path
from rajee_deploy.cli.images import BuildFlags, image_of_flags
from rajee_deploy.image.inputs import read_all_inputs
def run(context):
    start = time.perf_counter()
    read_all_inputs([image_of_flags(Path(context), BuildFlags(None, None, None, None, None))])
    return time.perf_counter() - start
run(sys.argv[2])
print(run(sys.argv[1]))
"""


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as place:
        _against_cdk(Path(place))
    with tempfile.TemporaryDirectory() as place:
        _strangers(Path(place))


def _against_cdk(place: Path) -> None:
    library = _unpack_cdk(place)
    if library is None:
        print("aws-cdk-lib or node is not here: no comparison with it\n")
        return
    tree, empty = place / "tree", place / "empty"
    write_tree(tree, 200, 100, 4100)
    empty.mkdir()
    for context, lines in ((tree, "COPY d000/s00 /app/"), (empty, "COPY . /")):
        (context / "Dockerfile").write_text(f"FROM scratch\n{lines}\n")
        (context / ".dockerignore").write_text(".git\n")
    time.sleep(REST)
    environment = private(str(place))
    script = place / "fingerprint.js"
    script.write_text(_NODE)
    node = ["node", str(script), str(library), str(tree), str(empty)]
    ours = [sys.executable, "-c", _PYTHON, str(tree), str(empty)]
    whole = [COMMAND, "fingerprint", str(tree)]
    for name in ("cold", "warm"):
        theirs = _told(node, environment, place, cold=name == "cold")
        inside = _told(ours, environment, place, cold=name == "cold")
        process = cost([*whole, "--no-cache"] if name == "cold" else whole, environment)
        print(f"100 of 20,000 files, {name}: aws-cdk-lib {theirs * 1000:.1f} ms, ours {inside * 1000:.2f} ms,", end=" ")
        print(f"our whole process {process.wall * 1000:.0f} ms ({theirs / process.wall:.1f}x)")
        goal(f"times faster than aws-cdk-lib, {name}, both without start-up", theirs / inside, 100, at_least=True)


def _told(argv: list[str], environment: dict[str, str], place: Path, *, cold: bool) -> float:
    """The median of what a program says it took; `cold`: without the caches of either."""
    told = []
    for _ in range(7):
        if cold:
            shutil.rmtree(place / "cache", ignore_errors=True)
            shutil.rmtree(place / ".cdk", ignore_errors=True)
        done = subprocess.run(argv, cwd=TOP, env=environment, check=True, capture_output=True, text=True)
        told.append(json.loads(done.stdout))
    return statistics.median(told[1:])


def _unpack_cdk(place: Path) -> Path | None:
    """aws-cdk-lib as node takes it, out of the Python package that carries it."""
    found = [path for entry in sys.path for path in Path(entry or ".").glob("aws_cdk/_jsii/aws-cdk-lib@*.tgz")]
    if not found or shutil.which("node") is None:
        return None
    with tarfile.open(found[0]) as archive:
        archive.extractall(place / "cdk")  # noqa: S202 -- ours, or of a package that is installed
    constructs = [path for entry in sys.path for path in Path(entry or ".").glob("constructs/_jsii/constructs@*.tgz")]
    if constructs:
        modules = place / "cdk" / "node_modules"
        with tarfile.open(constructs[0]) as archive:
            archive.extractall(modules)  # noqa: S202 -- ours, or of a package that is installed
        os.rename(modules / "package", modules / "constructs")  # noqa: PTH104
    return place / "cdk" / "package"


def _strangers(place: Path) -> None:
    """The same 1,000 selected files beside more and more that nobody reads; and more and more that are."""
    environment = private(str(place))
    tree = place / "tree"
    write_tree(tree / "app", 10, 100, 500)
    (tree / "Dockerfile").write_text("FROM scratch\nCOPY app /app/\n")
    for strangers in (0, 1_000, 10_000, 100_000):
        write_tree(tree / "other", strangers // 100, 100, 20)
        time.sleep(REST)
        for name, more in (("cold", ["--no-cache"]), ("warm", [])):
            each = cost([COMMAND, "fingerprint", str(tree), *more], environment, rounds=5)
            show(f"1,000 files selected, {strangers:,} not, {name}", each)
    for selected in (1_000, 10_000, 100_000):
        (tree / "Dockerfile").write_text(f"FROM scratch\nCOPY sel{selected} /app/\n")
        write_tree(tree / f"sel{selected}", selected // 100, 100, 500)
        time.sleep(REST)
        for name, more in (("cold", ["--no-cache"]), ("warm", [])):
            each = cost([COMMAND, "fingerprint", str(tree), *more], environment, rounds=5)
            show(f"{selected:,} files selected, {name}", each)
    print()
