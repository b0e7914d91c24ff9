"""Every way the command can end, as an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from rajee_deploy.cli.verbs import app
from rajee_deploy.errors import DeployError, Exit

if TYPE_CHECKING:
    from types import FrameType

# What a full disk, a read-only one or a lack of memory and descriptors say: no bug of ours.
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE}

# Some releases of typer carry a click of their own, whose exceptions are not those of an installed click.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> NoReturn:
    """The command. Turns every way to end into an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = Exit.BUG.value
    try:
        code = _run()
    finally:
        _flush()
        if code not in (Exit.OK, Exit.CHANGES):
            # A thread may still wait for a network that does not answer; nobody needs it any more.
            os._exit(code)
    sys.exit(code)


def _run() -> int:  # noqa: PLR0911 -- one return for each way to end
    try:
        ended = typer.main.get_command(app).main(prog_name="rajee-deploy", standalone_mode=False)
    except UsageError as error:
        # click's own code for this is 2, which here means that a plan has changes.
        error.show()  # type: ignore[attr-defined]
        return Exit.USAGE
    except typer.Exit as ended_by:
        return ended_by.exit_code
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted; run again to go on from here\n")
        return Exit.INTERRUPTED
    except DeployError as error:
        _tell(error)
        return error.exit_code
    except OSError as error:
        if error.errno not in _MACHINE:
            return _bug()
        _tell(
            DeployError("machine", "this machine refused", where=str(error.filename or ""), cause=str(error.strerror))
        )
        return Exit.FAILED
    except Exception:  # noqa: BLE001 -- the top handler: whatever else comes here is our own fault, and is told as such
        return _bug()
    return ended if isinstance(ended, int) else Exit.OK


def _bug() -> int:
    import traceback

    traceback.print_exc()
    sys.stderr.write("This is a bug in rajee-deploy; please report it with the lines above.\n")
    return Exit.BUG


def _tell(error: DeployError) -> None:
    """To a person on stderr; and to a program that asked for a document, as one."""
    from rajee_deploy.console import Console, error_document

    console = Console()
    console.error(error)
    if "--json" in sys.argv[1:]:
        console.document(error_document(error))


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError, ValueError):  # the reader may have gone away
            stream.flush()
