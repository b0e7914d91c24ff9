"""The command line: flags, wiring, exit codes. Decides nothing."""

from __future__ import annotations

import os

import rajee_deploy.began  # noqa: F401 -- first: it looks at the clock

TYPE_CHECKING = False  # typing itself takes long enough to be interrupted
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """The command; see `ending`. A Ctrl-C while all of it is still imported ends it as quietly as a later one."""
    try:
        from rajee_deploy.cli.ending import main as run
    except KeyboardInterrupt:
        os._exit(130)
    run()
