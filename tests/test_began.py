"""When a process began, as the process itself tells it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from rajee_deploy import began

PROGRAM = (
    "import time; time.sleep({before}); import rajee_deploy.began as b; print(time.perf_counter() - b.process_began())"
)


def told(before: float, prefix: str = "") -> tuple[float, float]:
    """Seconds that a process says it is old, and those that its parent sees until its end."""
    start = time.perf_counter()
    argv = ["sh", "-c", f'{prefix} exec "$@"', "sh", sys.executable, "-c", PROGRAM.format(before=before)]
    said = float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    return said, time.perf_counter() - start


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_came_before_our_first_import_counts():
    said, seen = told(0.5)
    assert 0.5 <= said <= seen + 0.02, "the kernel counts in hundredths"


def test_what_the_process_was_before_does_not_count():
    said, seen = told(0, f"sleep {began._LONGEST + 0.2};")
    assert 0 <= said <= seen - began._LONGEST


def test_elsewhere_the_interpreters_own_time_counts(monkeypatch):
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert began._age() is None
    assert began.process_began() == began._IMPORTED - (began._TAKEN if began._TAKEN <= began._LONGEST else 0)
