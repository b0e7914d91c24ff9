"""Why a synth leaves no record of the kernel's. Scripts stand in for strace: how it ends is what is tested."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.depfile import Depfile
from rajee_deploy.synth.tracing.kernel import _try_strace

if TYPE_CHECKING:
    from pathlib import Path

LOG = '4200000 execve("/bin/sh", ["sh", "-c", "the app"], 0x7 /* 1 vars */) = 0\n'
WRITES = 'while [ "$1" != -- ]; do [ "$1" = -o ] && log=$2; shift; done; shift; printf %s "$LOG" > "$log"; exec "$@"'


@pytest.fixture(autouse=True)
def _asked_anew():
    _try_strace.cache_clear()
    yield
    _try_strace.cache_clear()


@dataclass
class Machine:
    """A PATH that has nothing but what is put there."""

    root: Path

    def install(self, trial: str = "exit 0", then: str = WRITES) -> None:
        program = self.root / "bin" / "strace"
        program.write_text(
            f'#!/bin/sh\ncase "$*" in -V) echo "strace -- version 6.1"; exit 0;; *:) {trial};; esac\n{then}\n'
        )
        program.chmod(0o755)

    def synth(self, tracer: Tracer, log: str = LOG) -> str:
        """As `Cdk.synth` does it: what fails under strace is made without. The obstacle."""
        with tracer.tracing(self.root / "cdk.out") as trace:
            argv = [*trace.before, "/bin/true"]
            if subprocess.run(argv, env={"LOG": log}, check=False).returncode != 0:
                trace.before = ()
        return tracer.obstacle

    def tracer(self) -> Tracer:
        return Tracer(self.root / "depfile.json", lambda _records: Depfile(), "the app".__eq__)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("sys.platform", "linux")
    return Machine(tmp_path)


def test_a_whole_record_has_none(machine):
    machine.install()
    assert machine.synth(machine.tracer()) == ""


def test_without_strace(machine):
    assert machine.synth(machine.tracer()) == "strace is not on PATH; install strace 5.3 or newer"


def test_where_the_kernel_forbids_it(machine):
    machine.install("echo 'strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted' >&2; exit 1")
    told = machine.synth(machine.tracer())
    assert "Operation not permitted" in told
    assert "allow ptrace" in told


def test_a_synth_that_fails_under_it(machine):
    machine.install(then="exit 1")
    assert "fails under strace" in machine.synth(machine.tracer())


@pytest.mark.parametrize("log", ["", "rubbish\n"])
def test_a_record_that_is_not_whole(machine, log):
    machine.install()
    assert "not whole" in machine.synth(machine.tracer(), log)


def test_the_last_synth_counts(machine):
    tracer = machine.tracer()
    assert machine.synth(tracer) != ""
    machine.install()
    _try_strace.cache_clear()
    assert machine.synth(tracer) == ""


def test_where_nobody_asks_for_the_record(machine):
    assert machine.synth(Tracer(machine.root / "depfile.json", lambda _records: Depfile())) == ""
