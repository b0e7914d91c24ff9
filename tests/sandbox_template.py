"""A process that has imported what a sandbox needs, and becomes one for each line on its stdin: to import moto takes a
second of a processor, and a run of the tests starts thirty sandboxes. It ends with its stdin.

A line is JSON: `note`, `log` and `variables`, which are all that the sandbox has. Each is answered with its process id.
How a sandbox is started for people is the business of tests/sandbox/test_control.py.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile

# What most stacks of the tests need; whatever else a sandbox is asked for it imports by itself.
SERVICES = ("awslambda", "cloudformation", "ec2", "ecr", "ecs", "elbv2", "iam", "logs", "s3", "ssm", "sts")


def serve() -> None:
    from rajee_deploy.sandbox.descriptions import read_once

    read_once()
    importlib.import_module("rajee_deploy.sandbox.server")
    for service in SERVICES:
        importlib.import_module(f"moto.{service}.urls")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(**asked)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def become(note: str, log: str, variables: dict[str, str]) -> None:
    """The sandbox, as `control` starts it: a session of its own, and a log."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(variables)
        tempfile.tempdir = None  # as it is found for these variables
        nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number, end in ((0, nothing), (1, output), (2, output)):
            os.dup2(end, number)
        from rajee_deploy.sandbox.__main__ import main

        code = main(["--note", note])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
