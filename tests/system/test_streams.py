"""What a process finds itself with: streams that never raise, and a home."""

from __future__ import annotations

import ast
import json
import os
import pwd
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from run_worlds import World
from source_trees import nodes

from rajee_deploy.actions.up import recorded_run
from rajee_deploy.cli.ending import _code_of, _refusal
from rajee_deploy.console import Console
from rajee_deploy.report.history import History
from rajee_deploy.system import streams
from rajee_deploy.system.streams import _Raw, _stream


def test_who_does_not_wait_is_waited_for():
    """A program that shares a pipe with us may set it not to block: for us, too."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    found = bytearray()

    def read() -> None:
        time.sleep(0.1)
        while data := os.read(reader, 65536):
            found.extend(data)

    thread = threading.Thread(target=read)
    thread.start()
    stream = _stream(None, _Raw(writer, pytest.fail), lines=False)
    stream.write("x" * 300_000)
    stream.flush()
    os.close(writer)
    thread.join()
    os.close(reader)
    assert found == b"x" * 300_000


@pytest.mark.parametrize(("kind", "failures"), [("gone", 1), ("full", 1)])
def test_nothing_that_is_written_raises_and_the_first_failure_is_heard(kind, failures):
    heard: list[OSError] = []
    reader, writer = os.pipe()
    os.close(reader)
    if kind == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), writer)
    stream = _stream(None, _Raw(writer, heard.append), lines=True)
    for _ in range(3):
        stream.write("✓ größe \udcff\n")
    stream.flush()
    assert len(heard) == failures
    os.close(writer)


def test_ascii_has_signs_of_its_own(tmp_path):
    class Ascii:
        encoding = "ascii"

        def flush(self) -> None:
            raise ValueError("closed")

    descriptor = os.open(tmp_path / "said", os.O_WRONLY | os.O_CREAT)
    stream = _stream(Ascii(), _Raw(descriptor, pytest.fail), lines=False)  # type: ignore[arg-type]
    stream.write("✓ a → b … ± größe \udcff")
    stream.flush()
    os.close(descriptor)
    assert (tmp_path / "said").read_bytes() == rb"v a -> b ... * gr\xf6\xdfe \udcff"


def test_who_has_no_home_gets_one_that_is_not_there(monkeypatch):
    monkeypatch.delenv("HOME")
    streams.name_home()
    assert "HOME" not in os.environ, "passwd knows it"
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    with pytest.raises(KeyError):
        pwd.getpwuid(os.getuid())
    streams.name_home()
    assert os.environ["HOME"] == streams.NO_HOME
    assert not os.path.lexists(streams.NO_HOME)
    monkeypatch.setenv("HOME", "/chosen")
    streams.name_home()
    assert os.environ["HOME"] == "/chosen"


@pytest.mark.parametrize(
    ("code", "ours"), [(None, 0), (0, 0), (1, 1), (2, 2), (64, 64), (77, 1), ("said", 1), (True, 1), (-1, 1)]
)
def test_a_library_that_exits_does_it_by_our_codes(code, ours):
    assert _code_of(SystemExit(code)) == ours


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError(24, "Too many"), "ulimit -n"), (OSError(28, "No space", "/x"), "df -h"), (MemoryError(), "memory")],
)
def test_what_the_machine_refuses_says_what_to_do(error, words):
    told = _refusal(error)
    assert told.code == "machine"
    assert words in told.problem + told.hint


def test_no_refusal_of_the_machine_ends_without_a_next_step(monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", "/some/where")
    hints = {_refusal(OSError(number, os.strerror(number), *path)).hint for number in range(1, 134) for path in PATHS}
    assert "" not in hints
    assert "RAJEE_DEPLOY_STATE_DIR" in _refusal(OSError(21, "Is a directory", "/some/where/sandbox.json")).hint
    assert _refusal(OSError(21, "Is a directory", "/a b")).hint == "see what lies there: ls -ld '/a b'"


PATHS = ((), ("/a b",), ("/some/where/sandbox.json",))


# What a build service would take for a command, and what is written in its place.
COMMANDS = [
    (["::add-mask::x\n"], "\\u003a:add-mask::x\n"),
    (["cause\n  \t ::error::x\nnext ::no\n"], "cause\n  \t \\u003a:error::x\nnext ::no\n"),
    (["    ", "::error::x", "\n", "::a", "b\n"], "    \\u003a:error::x\n\\u003a:ab\n"),
    (["name: ", "::no command\n"], "name: ::no command\n"),
    (["a\r::error::x\n"], "a\r\\u003a:error::x\n"),
    (["\u2003::error::x\n"], "\u2003\\u003a:error::x\n"),
    (["a ##[add-path]/x ##vso[task.x] ###[group]\n"], "a \\u0023#[add-path]/x \\u0023#vso[task.x] #\\u0023#[group]\n"),
    (["## a [x] #[y]\n"], "## a [x] #[y]\n"),
]


@pytest.mark.parametrize(("pieces", "written"), COMMANDS, ids=str)
@pytest.mark.parametrize("service", ["GITHUB_ACTIONS", "TF_BUILD", ""])
def test_no_line_is_a_command_of_a_build_service(tmp_path, monkeypatch, pieces, written, service):
    for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"):
        monkeypatch.delenv(name, raising=False)
    if service:
        monkeypatch.setenv(service, "true")
    descriptor = os.open(tmp_path / "said", os.O_WRONLY | os.O_CREAT)
    stream = _stream(None, _Raw(descriptor, pytest.fail), lines=False)
    for piece in pieces:
        assert stream.write(piece) == len(piece)
    stream.flush()
    os.close(descriptor)
    assert (tmp_path / "said").read_bytes().decode() == (written if service else "".join(pieces))


def test_a_document_is_the_same_for_who_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    value = {"a": "##[x]", "b\\##[": ["::x\n::y", "\\##[z]"]}
    descriptor = os.open(tmp_path / "said", os.O_WRONLY | os.O_CREAT)
    stream = _stream(None, _Raw(descriptor, pytest.fail), lines=False)
    Console(stdout=stream).document(value)
    stream.flush()
    os.close(descriptor)
    said = (tmp_path / "said").read_text()
    assert json.loads(said) == value
    assert "##[" not in said


@pytest.mark.parametrize("kind", ["gone", "full"])
def test_a_deployment_that_nobody_listens_to_is_made_and_kept(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "project").mkdir()
    world = World(tmp_path / "project")
    reader, writer = os.pipe()
    os.close(reader)
    if kind == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), writer)
    failures: list[OSError] = []
    gone = [_stream(None, _Raw(writer, failures.append), lines=True) for _ in range(2)]
    run = replace(world.context(), console=Console(stdout=gone[0], stderr=gone[1], verbose=True))
    _, record = recorded_run(run, 5)
    assert record.outcome == "done"
    assert [each.outcome for each in History().runs()[0]] == ["done"]
    assert world.stacks.stacks["App"].parameters["ImageTag"].startswith("c-")
    assert failures
    os.close(writer)


# Where a process's streams are written to, its end is decided, or its signals are handled; each with what it may do.
ENDINGS = {
    "system/streams.py": {"stdout", "stderr"},
    "console/__init__.py": {"stdout", "stderr"},
    "actions/events.py": {"stdout"},  # a line for each event, at once
    "cli/__init__.py": {"stdout", "stderr", "_exit"},
    "cli/ending.py": {"stdout", "stderr", "SystemExit", "_exit", "signal"},  # stdout: what a shell asked for
    "system/signals.py": {"signal"},
    "context/forking.py": {"_exit"},
    "sandbox/__main__.py": {"stderr", "exit", "SystemExit", "signal"},  # a process of its own
}


def test_nothing_else_writes_to_a_stream_or_ends_the_process():
    """Whatever else did would end a run past its codes, its record and its last words."""
    package = Path(streams.__file__).parents[1]
    found = {}
    for path in package.rglob("*.py"):
        if "in_python" in path.parts:
            continue  # it runs in the app
        used = set()
        for node in nodes(path):
            match node:
                case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" | "exit" as name):
                    used.add(name)
                case ast.Attribute(value=ast.Name(id="os"), attr="_exit" | "abort" as name):
                    used.add(name)
                case ast.Attribute(value=ast.Name(id="signal"), attr="signal" as name):
                    used.add(name)
                case ast.Name(id="SystemExit" as name) | ast.Call(func=ast.Name(id="print" | "exit" | "quit" as name)):
                    used.add(name)
        if used - ENDINGS.get(str(path.relative_to(package)), set()):
            found[str(path.relative_to(package))] = used
    assert found == {}
