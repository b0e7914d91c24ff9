"""No file is opened, and no text of others is parsed, but in the one way: the source is searched for all others.

A new reader either goes through `regular_files` and `foreign`, or stands here with its reason.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "rajee_deploy"

# (file, what is called) → why it may.
MAY = {
    ("system/regular_files.py", "open"): "the one way",
    ("system/regular_files.py", "os.open"): "the one way",
    ("text/foreign.py", "json.loads"): "the one way",
    ("text/foreign.py", "tomllib.loads"): "the one way",
    ("began.py", "open"): "the kernel's word on this very process, before anything is imported",
    ("context/digest.py", "os.open"): "entries of build contexts: opened like there, and compared with their stamps",
    ("context/stage.py", "os.open"): "the same, to copy them; and new files in a directory of our own",
    ("context/tree.py", "os.open"): "directories alone, by O_DIRECTORY",
    ("context/rules.py", "os.open"): "links are followed as BuildKit does, which no path can; then as in the one way",
    ("context/rules.py", "open"): "a descriptor",
    ("context/cache.py", "os.open"): "a new file, by O_EXCL",
    ("context/cache.py", "open"): "a descriptor",
    ("context/forking.py", "open"): "the descriptor of a pipe to a process of our own",
    ("context/lineage.py", ".read_bytes"): "the kernel's word on this machine",
    ("synth/tracing/leftovers.py", ".read_bytes"): "the kernel's word on a process",
    ("synth/tracing/in_python/sitecustomize.py", "os.open"): "a new file, in the app's process",
    ("dockerfile/arguments.py", "json.loads"): "what Go's decoder takes, and RecursionError is caught",
    ("engine/buildah.py", "json.JSONDecoder"): "a program's answer with its warnings behind it; all errors are caught",
    ("synth/assembly_cache.py", "shutil.copytree"): "an assembly in a directory of our own, and never through links",
    ("system/atomic.py", "os.open"): "a new file, by O_EXCL",
    ("system/atomic.py", "open"): "a descriptor",
    ("system/ours.py", ".open"): "a new file, by the mode x",
    ("system/ours.py", "os.open"): "a directory, by O_DIRECTORY",
    ("system/temporary.py", "os.open"): "a new file by O_EXCL, a directory by O_DIRECTORY, and our own lock in it",
    ("console/streams.py", "open"): "/dev/null, to write",
    ("git/large_files.py", ".open"): "written, in a checkout of our own",
    ("system/streams.py", "os.open"): "/dev/null",
    ("system/given_files.py", "os.open"): "written: a new file, by O_EXCL; or what a flag names, which never waits",
    ("actions/init/write.py", ".open"): "a new file, by the mode x",
    ("cli/crash.py", ".read_text"): "our own source",
    ("engine/layer_files.py", ".open"): "a new file in a directory of our own",
    ("engine/layer_files.py", "tarfile.open"): "a layer in a directory of our own, which skopeo wrote a moment ago",
    (
        "actions/verify/buildkit.py",
        "tarfile.open",
    ): "an image in a directory of our own, which the builder wrote a moment ago",
    ("actions/verify/entries.py", "tarfile.open"): "the builder's pipe",
    ("sandbox/blobs.py", ".open"): "an upload in a directory of our own",
    ("telemetry/collector.py", ".open"): "an answer over HTTP, under its clock",
}
_METHODS = {"open", "read_text", "read_bytes"}
_MODULES = {
    "os": {"open", "popen"},
    "io": {"open", "open_code", "FileIO"},
    "json": {"load", "loads", "JSONDecoder"},
    "tomllib": {"load", "loads"},
    "codecs": {"open"},
    "tarfile": {"open"},
    "zipfile": {"ZipFile"},
    "gzip": {"open"},
    "bz2": {"open"},
    "lzma": {"open"},
    "shutil": {"copyfile", "copy", "copy2", "copytree"},
    "linecache": {"getline", "getlines"},
    "pickle": {"load", "loads"},
    "marshal": {"load", "loads"},
    "csv": {"reader"},
    "configparser": {"ConfigParser", "RawConfigParser"},
    "yaml": {"load", "safe_load"},
    "fileinput": {"input"},
    "mmap": {"mmap"},
    "sqlite3": {"connect"},
    "dbm": {"open"},
    "shelve": {"open"},
    "plistlib": {"load", "loads"},
    "tokenize": {"open"},
    "runpy": {"run_path"},
    "imp": {"load_source"},
}


def _calls(source: str) -> set[str]:
    """How the source names what could open or parse: `open`, `os.open`, `.read_text`; also without calling it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id == "open" and isinstance(node.ctx, ast.Load):
            found.add("open")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MODULES:
            found |= {f"{node.value.id}.{node.attr}"} if node.attr in _MODULES[node.value.id] else set()
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not _is_own(node.func.value):
            found |= {f".{node.func.attr}"} & {f".{each}" for each in _METHODS}
        elif isinstance(node, ast.ImportFrom) and node.module in _MODULES:
            found |= {f"{node.module}.{each.name}" for each in node.names if each.name in _MODULES[node.module]}
    return found


def _is_own(value: ast.expr) -> bool:
    """Whether something is a module, whose functions are told apart above, or the object itself."""
    return isinstance(value, ast.Name) and value.id in (*_MODULES, "self")


@cache
def _found() -> set[tuple[str, str]]:
    return {
        (str(path.relative_to(ROOT)), call)
        for path in sorted(ROOT.rglob("*.py"))
        for call in _calls(path.read_text("utf-8"))
    }


def test_nobody_else_opens_a_file_or_parses_a_text():
    assert _found() - set(MAY) == set()


def test_every_exception_is_still_one():
    assert set(MAY) - _found() == set()


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("open('x')", "open"),
        ("with path.open('rb') as file: pass", ".open"),
        ("a(path).read_text()", ".read_text"),
        ("path.read_bytes()", ".read_bytes"),
        ("import json\njson.loads(x)", "json.loads"),
        ("from json import load as l", "json.load"),
        ("map(json.loads, x)", "json.loads"),
        ("from tomllib import loads", "tomllib.loads"),
        ("os.open(x, 0)", "os.open"),
        ("io.open(x)", "io.open"),
        ("reader = open", "open"),
    ],
)
def test_the_search_finds(source, call):
    assert _calls(source) == {call}
