"""Every way the command can end, as an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from rajee_deploy.cli.line import command_line
from rajee_deploy.errors import ConfigurationError, DeployError, Exit

if TYPE_CHECKING:
    from types import FrameType

# Some releases of typer carry a click of their own, whose exceptions are not those of an installed click.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> NoReturn:
    """The command. Turns every way to end into an exit code."""
    # What is imported stays: to look through it for garbage every 700 objects is a tenth of a run with nothing to do.
    gc.set_threshold(100_000)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    code = Exit.BUG.value
    try:
        code = _run()
    finally:
        is_told = _flush()
        if is_told or code not in (Exit.OK, Exit.CHANGES):
            # A thread may still wait for a network that does not answer; nobody needs it any more. Nor does anybody
            # need the interpreter taken apart, which takes a tenth of a run with nothing to do.
            os._exit(code)
    sys.exit(code)


def _run() -> int:  # noqa: PLR0911 -- one return for each way to end
    try:
        ended = typer.main.get_command(command_line(sys.argv[1:])).main(prog_name="rajee-deploy", standalone_mode=False)
    except UsageError as error:
        # click's own code for this is 2, which here means that a plan has changes.
        if "--json" not in sys.argv[1:]:
            error.show()  # type: ignore[attr-defined]
            return Exit.USAGE
        _tell(ConfigurationError("usage", str(error), hint="rajee-deploy --help"))
        return Exit.USAGE
    except typer.Exit as ended_by:
        ended = ended_by.exit_code
    except (typer.Abort, KeyboardInterrupt):
        ended = Exit.INTERRUPTED
    except DeployError as error:
        _tell(error)
        return error.exit_code
    except BrokenPipeError:
        return Exit.FAILED  # whoever read our output has gone
    except OSError as error:
        # A full disk, a directory that may not be read, a working directory that was deleted: no bug of ours.
        where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
        _tell(DeployError("machine", "the operating system refused", where=where, cause=error.strerror or str(error)))
        return Exit.FAILED
    except Exception:  # noqa: BLE001 -- the top handler: whatever else comes here is our own fault, and is told as such
        return _bug()
    if ended == Exit.INTERRUPTED:
        # typer turns a Ctrl-C into this code by itself
        hint = "run again to go on from here; what CloudFormation has begun goes on by itself"
        _tell(DeployError("interrupted", "interrupted", hint=hint))
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


def _flush() -> bool:
    """Whether all that was said has gone out; what has not, the interpreter's own end complains about."""
    is_told = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (ValueError, AttributeError, OSError):
            is_told = False  # the reader may have gone away, or the stream was closed from the start
    return is_told
