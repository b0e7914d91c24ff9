"""strace: whether the kernel can tell what a program and all that it starts look at, and how it is asked to.

The filter (`--seccomp-bpf`) stops the program for the named calls alone; without it a synth takes several times as
long. It sets NoNewPrivs, so a program that needs more rights than its caller's fails under it.
https://man7.org/linux/man-pages/man1/strace.1.html
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING

from rajee_deploy.process import find_program, run

if TYPE_CHECKING:
    from pathlib import Path

# Calls that take a path, list a directory, start or move a process, or reach what is no file.
_CALLS = (
    "%file,getdents64,getdents,fchdir,clone,?clone3,?fork,?vfork,connect,bind,?io_uring_setup,?open_by_handle_at,"
    "?fspick,?open_tree"
)
_OLDEST = (5, 3)


@cache
def find_strace() -> str | None:
    """The strace that can do it, on PATH; None where there is none (macOS, an old one, a kernel that forbids it)."""
    if not sys.platform.startswith("linux"):
        return None
    program = find_program("strace")
    if program is None:
        return None
    told: list[str] = []
    ended = run([program, "-V"], on_line=told.append)
    version = re.search(r"version (\d+)\.(\d+)", told[0] if told else "")
    is_new = ended.code == 0 and version is not None and (int(version[1]), int(version[2])) >= _OLDEST
    # A container may forbid to trace, and says so only when it is tried.
    return (
        program
        if is_new and run([program, "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "/bin/sh", "-c", ":"]).code == 0
        else None
    )


def traced(strace: str, log: Path) -> list[str]:
    """The words before a command that write into `log` what it and its children look at (see `syscalls`)."""
    return [
        strace, "-f", "--seccomp-bpf", "-y", "-qq", "-s", "65536", "-e", f"trace={_CALLS}", "-e", "signal=none",
        "-o", str(log), "--",
    ]  # fmt: skip
