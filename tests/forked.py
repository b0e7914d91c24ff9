"""The command in a forked child of the tests' process: what is imported stays imported, so that a run costs a tenth.

What a new interpreter alone would show (what is imported, its encodings, a signal) is for tests that start one.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 120


@cache
def import_everything() -> None:
    """Once, for all children."""
    import rajee_deploy

    for module in pkgutil.walk_packages(rajee_deploy.__path__, "rajee_deploy."):
        if not re.search(r"__main__|sitecustomize|\.sandbox|rajee_deploy\.cdk$", module.name):
            importlib.import_module(module.name)
    gc.freeze()


def run_command(
    *arguments: str, cwd: Path, environment: Mapping[str, str], seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """`rajee-deploy` with these arguments, in this environment and no other; killed where it does not end."""
    import_everything()
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            try:
                _become(arguments, cwd, environment, (out, err))
            finally:
                os._exit(99)  # it left in another way than by its own end
        clock = threading.Timer(seconds, os.kill, (child, 9))
        clock.start()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        clock.cancel()
        return subprocess.CompletedProcess(["rajee-deploy", *arguments], code, out.read_text(), err.read_text())


def _become(arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str], streams: tuple[Path, Path]) -> None:
    from rajee_deploy.cli.ending import main

    for descriptor, path in enumerate((Path(os.devnull), *streams)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    # Whoever replaces them must not close the descriptors by it.
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    for name in [name for name in sys.modules if name.startswith("rajee_deploy.")]:
        for each in vars(sys.modules[name]).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()  # a process remembers nothing of another
    sys.argv = ["rajee-deploy", *arguments]
    main()
