"""The command line: flags, wiring, exit codes. Decides nothing."""

from __future__ import annotations

import os
import sys

import rajee_deploy.began  # noqa: F401 -- first: it looks at the clock

TYPE_CHECKING = False  # typing itself takes long enough to be interrupted
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """The command; see `ending`. A Ctrl-C while all of it is still imported ends it as quietly as a later one."""
    try:
        if sys.getfilesystemencoding() != "utf-8" and sys.executable and not sys.flags.utf8_mode:
            _again_in_utf8()
        from rajee_deploy.cli.ending import main as run
    except KeyboardInterrupt:
        os._exit(130)
    run()


def _again_in_utf8() -> None:
    """Names of files are bytes, and what names them (a Dockerfile, settings) is UTF-8: in another locale than that
    (ISO 8859, or PYTHONUTF8=0) neither is what it is elsewhere. By a flag, since a variable would reach the app; what
    is said keeps the terminal's own encoding."""
    said = getattr(sys.stdout or sys.stderr, "encoding", None) or "ascii"
    os.execv(sys.executable, [sys.executable, "-X", "utf8", "-X", f"rajee_said={said}", *sys.orig_argv[1:]])  # noqa: S606
