"""Names that hold what other programs take for the end of a line, of a string or of a call; and bytes that are no text.

Read by the real programs under the real hooks, and under strace: what was read counts from then on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.depfile import Depfile, Records
from rajee_deploy.synth.tracing.kernel import find_strace

pytestmark = pytest.mark.cdk

NAMES = {
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "next line": "a\u0085b",
    "other ends": "a\v\f\x1c\x1d\x1eb",
    "line feed": "a\nb",
    "carriage return": "a\rb",
    "quotes": "a\"'\\b",
    "like a call": ') = 3<x> <unfinished ...>"',
    "beyond the first plane": "a\U0001f600b",
    "replacement character": "a\ufffdb",
    "no text": "a\udc80\udcffb",
}
NOT_OF_NODE = {"no text"}  # its strings cannot spell it


def in_node(path: str) -> str:
    return f'require("fs").readFileSync({json.dumps(path)})'


def in_node_by_bytes(path: str) -> str:
    return f'require("fs").readFileSync(Buffer.from({list(os.fsencode(path))}))'


WAYS = {
    "node": in_node,
    "node, bytes": in_node_by_bytes,
    "Python": lambda path: f"open({path!r})",
    "Python, bytes": lambda path: f"open({os.fsencode(path)!r})",
}
CASES = [(name, way) for name in NAMES for way in WAYS if way != "node" or name not in NOT_OF_NODE]


def run(project, way: str, code: str):
    if way.startswith("Python"):
        return project.python(code)
    (project.app / "cdk.json").write_text('{"app": "node app.js", "versionReporting": false}')
    return project.node(code)


@pytest.mark.parametrize(("name", "way"), CASES)
def test_a_file_of_any_name_counts(project, name, way):
    path = project.root / "data" / NAMES[name]
    path.write_text("1")
    found = run(project, way, WAYS[way](str(path)))
    assert (found.read, found.impure) == ((str(path),), ())
    before = project.digest()
    assert project.digest() == before
    path.write_text("2")
    assert project.digest() != before


@pytest.mark.parametrize("way", ["node", "Python"])
@pytest.mark.parametrize("name", ["../a\ud800b", "../a\0b"])
@pytest.mark.parametrize("call", ["exists", "read", "list"])
def test_what_can_be_no_name_breaks_nothing(project, way, name, call):
    if way == "node":
        asked = {"exists": "existsSync", "read": "readFileSync", "list": "readdirSync"}[call]
        found = run(project, way, f'try {{ require("fs").{asked}({json.dumps(name)}) }} catch {{}}')
    else:
        asked = {"exists": "os.path.exists", "read": "open", "list": "os.listdir"}[call]
        found = run(project, way, f"import os\ntry: {asked}({name!r})\nexcept (ValueError, OSError): pass")
    assert found.impure == ()
    assert project.digest() == project.digest()


@pytest.mark.parametrize(
    "call", ["readdirSync('../data', { recursive: true })", "cpSync('../data', 'out', { recursive: true })"]
)
def test_what_node_enters_by_itself_and_cannot_name_is_owned_up_to(project, call):
    (project.root / "data" / "a\udc80b").mkdir()
    found = run(project, "node", f'try {{ require("fs").{call} }} catch {{}}')
    assert "reads what has a name that is no UTF-8" in found.impure


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_tells_of_any_name(project, tmp_path, name):
    strace = find_strace()
    assert strace is not None, "the tests need strace (5.3 or newer) and a kernel that lets it trace"
    folder = project.root / "data" / NAMES[name]
    folder.mkdir()
    (folder / "file").write_text("1")
    code = f"import os\nos.chdir({os.fsencode(folder)!r})\nopen('file')\nos.listdir('.')\nopen('../one')"
    (project.app / "app.py").write_text(code)
    seen: list[Records] = []
    command = f"{sys.executable} app.py"
    tracer = Tracer(tmp_path / "depfile.json", lambda records: seen.append(records) or Depfile(), command.__eq__)
    with tracer.tracing(tmp_path / "cdk.out") as trace:
        shell = [*trace.before, "sh", "-c", command]
        subprocess.run(shell, cwd=project.app, env={**os.environ, **trace.environment}, check=True)
    assert tracer.obstacle == ""
    (records,) = seen
    assert records.looks.looks[str(folder / "file")].is_read
    assert records.looks.looks[str(project.root / "data" / "one")].is_read
    assert str(folder) in records.looks.listed
