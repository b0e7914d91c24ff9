"""Runs the command many times, each in a forked child with streams, limits and a home of its own: a process whose
modules are imported already costs a tenth of a new one. `python endings.py` reads cases from stdin and prints results.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from importlib import import_module
from pathlib import Path

SECONDS = 60
# What the verbs import is imported once.
IMPORTED = (
    "boto3",
    "rich.console",
    "rich.table",
    "rich.live",
    "typer.completion",
    *(f"rajee_deploy.cli.{verb}" for verb in ("ending", "wiring", "explain", "lock", "permissions", "verify")),
    *(
        f"rajee_deploy.{name}"
        for name in (
            "actions.up",
            "image.inputs",
            "actions.explain.why",
            "actions.json_documents",
            "sandbox.control",
            "actions.history",
        )
    ),
)
ROOM = {"full": "/dev/full", "null": "/dev/null"}


def _place(descriptor: int, kind: str, file: Path) -> None:
    """Puts what a kind means in the place of a descriptor."""
    if kind == "gone":
        reader, opened = os.pipe()
        os.close(reader)
    elif kind == "hung up":
        terminal, opened = os.openpty()
        os.close(terminal)
    else:
        flags = os.O_RDWR | (0 if kind in ROOM else os.O_CREAT | os.O_TRUNC)
        opened = os.open(ROOM.get(kind, file), flags, 0o600)
    os.dup2(opened, descriptor)
    if opened > 2:
        os.close(opened)


def _prepare(case: dict, files: Path) -> None:
    os.environ.update(case.get("set", {}))
    for name in case.get("unset", ()):
        os.environ.pop(name, None)
    os.chdir(case["cwd"])
    if case.get("removed"):
        Path(case["cwd"]).rmdir()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if case.get(name) != "closed":
            _place(number, case.get(name, "file" if number else "null"), files / name)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if case.get(name) == "closed":
            os.close(number)  # last: what is opened gets the lowest number
            setattr(sys, name, None)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(encoding=case.get("encoding", "utf-8"), errors="strict", line_buffering=False)
    if case.get("files"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (case["files"], case["files"]))
    if case.get("rights") == "few":
        _give_up_rights()
    signal.alarm(SECONDS)


def _give_up_rights() -> None:
    """Root reads and writes everything, unless it gives up the capabilities that let it (capset(2))."""
    if os.geteuid() == 0:
        head, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None, use_errno=True).capset(head, none):
            raise OSError(ctypes.get_errno(), "capset")


def _run(case: dict, files: Path) -> dict:
    for path in files.iterdir():
        path.unlink()
    child = os.fork()
    if child == 0:
        try:
            _prepare(case, files)
            sys.argv = ["rajee-deploy", *case["argv"]]
            from rajee_deploy.cli.ending import main

            main()
        finally:
            os._exit(99)  # the command has left in another way than by its own end
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = {path.name: path.read_text("utf-8", "surrogateescape") for path in files.iterdir()}
    return {"code": code, "stdout": said.get("stdout", ""), "stderr": said.get("stderr", "")}


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    os.umask(0)
    sys.stdout.write(json.dumps([_run(case, Path(sys.argv[1])) for case in json.loads(sys.stdin.read())]))
