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

from rajee_deploy.system.process import find_program, run

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.system.process import Completed

# Calls that take a path, list a directory, start or move a process, or reach what is no file.
_CALLS = (
    "%file,getdents64,getdents,fchdir,clone,?clone3,?fork,?vfork,connect,bind,?io_uring_setup,?open_by_handle_at,"
    "?fspick,?open_tree"
)
_OLDEST = (5, 3)
_INSTALL = "install strace 5.3 or newer"
_ALLOW = "allow ptrace (for a container: --cap-add=SYS_PTRACE)"


def find_strace() -> str | None:
    """The strace that can do it, on PATH; None where there is none (macOS, an old one, a kernel that forbids it)."""
    program, obstacle = _try_strace() if _is_linux() else (None, "")
    return None if obstacle else program


def strace_obstacle() -> str:
    """Why this Linux has no strace that can do it, and what to do; "" where it has one, and on other systems, where
    nothing can be done."""
    return _try_strace()[1] if _is_linux() else ""


@cache
def _try_strace() -> tuple[str | None, str]:
    """strace, if there is one, and why it cannot do it."""
    program = find_program("strace")
    if program is None:
        return None, f"strace is not on PATH; {_INSTALL}"
    told: list[str] = []
    ended = run([program, "-V"], on_line=told.append)
    said = told[0] if told else ""
    version = re.search(r"version (\d+)\.(\d+)", said)
    if ended.code != 0:
        return program, f"{program} -V fails ({_cause(ended)}); {_INSTALL}"
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        return program, f"{program} is too old, or no strace ({said or 'it says no version'}); {_INSTALL}"
    # A container may forbid to trace, and says so only when it is tried.
    tried = run([program, "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "/bin/sh", "-c", ":"])
    if tried.code != 0:
        return program, f"strace may not trace here ({_cause(tried)}); {_ALLOW}"
    return program, ""


def _cause(tried: Completed) -> str:
    return next((line for line in reversed(tried.tail) if line.strip()), f"exit code {tried.code}")


def _is_linux() -> bool:
    return sys.platform.startswith("linux")


def strace_command(strace: str, log: Path) -> list[str]:
    """The words before a command that write into `log` what it and its children look at (see `syscalls`)."""
    return [
        strace,
        "-f",
        "--seccomp-bpf",
        "-y",
        "-qq",
        "-s",
        "65536",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(log),
        "--",
    ]
