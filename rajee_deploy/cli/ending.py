"""Every way the command can end, as an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import NoReturn

import typer

from rajee_deploy import warned
from rajee_deploy.at_work import write_commands_by
from rajee_deploy.cli.line import command_line
from rajee_deploy.errors import DeployError, Exit
from rajee_deploy.system.signals import heed_no_more, heed_signals
from rajee_deploy.system.streams import flush_all, in_github, make_safe, name_home

# Some releases of typer carry a click of their own, whose exceptions are not those of an installed click.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_COMPLETES = "_RAJEE_DEPLOY_COMPLETE"  # set by a shell that asks what may stand where its cursor is (see `shells`)
_NO_THREAD = "can't start new thread"  # Python's RuntimeError, which has no class of its own
_HINTS = {
    errno.EAGAIN: "it may run too few processes at once: ulimit -u; in a container: its pids limit",
    errno.EMFILE: "it may open too few files at once: ulimit -n 1024",
    errno.ENFILE: "the machine has too many files open: close programs that are not needed, and run again",
    errno.ENOSPC: "make room there, and run again: df -h",
    errno.EDQUOT: "make room there, and run again: quota",
}


def main() -> NoReturn:
    """The command. Turns every way to end into an exit code."""
    # What is imported stays: to look through it for garbage every 700 objects is a tenth of a run with nothing to do.
    gc.set_threshold(100_000)
    make_safe()
    name_home()
    heed_signals()
    code: int = Exit.BUG
    try:
        shell = os.environ.get(_COMPLETES, "")
        if shell:
            code = _complete(shell)
        else:
            code = _run()
            _tell_waiting()
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED  # once more, while the first was being told
    finally:
        heed_no_more()
        # A thread may still wait for a network that does not answer; nobody needs it any more. Nor does anybody need
        # the interpreter taken apart, which takes a tenth of a run with nothing to do.
        os._exit(_send(code))


def _complete(shell: str) -> int:
    """For a shell: it shows what we say among what its user types, so a mistake has no words."""
    try:
        from rajee_deploy.cli.shells.scripts import completed

        sys.stdout.write(completed(shell, sys.argv[1:]))
    except Exception:  # noqa: BLE001 -- still the top handler: settings that are just being written are none of a bug
        return Exit.FAILED
    return Exit.OK


def _run() -> int:
    write_commands_by(_with_our_flags)
    warned.begin()
    try:
        ended = typer.main.get_command(command_line(sys.argv[1:])).main(prog_name="rajee-deploy", standalone_mode=False)
    except UsageError as error:
        _tell_usage(error)
        return Exit.USAGE  # click's own code for this is 2, which here means that a plan has changes
    except typer.Exit as ended_by:
        ended = ended_by.exit_code
    except (typer.Abort, KeyboardInterrupt):
        ended = Exit.INTERRUPTED
    except DeployError as error:
        _tell(error)
        return error.exit_code
    except SystemExit as ended_by:
        ended = _code_of(ended_by)  # of libraries: click's, after printing what completes a shell's line
    except (OSError, MemoryError) as error:
        _tell(_refusal(error))
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 -- the top handler: whatever else is our own fault, and is told as such
        if str(error) != _NO_THREAD:
            return _bug(error)
        _tell(_refusal(OSError(errno.EAGAIN, "it starts no more threads")))
        return Exit.FAILED
    if ended == Exit.INTERRUPTED:
        # typer turns a Ctrl-C into this code by itself
        hint = "run again to go on from here; what CloudFormation has begun goes on by itself"
        _tell(DeployError("interrupted", "interrupted", hint=hint))
    return ended if isinstance(ended, int) else Exit.OK


def _tell_waiting() -> None:
    """What nobody has shown yet: no document did."""
    for warning in warned.take_waiting():
        from rajee_deploy.console import Console

        Console().warn(warning.subject, warning.message, warning.code)


def _tell_usage(error: Exception) -> None:
    from rajee_deploy.cli.usage import usage
    from rajee_deploy.console import Console
    from rajee_deploy.text.lines import lines_of

    told = usage(error, sys.argv[1:])
    if isinstance(told, DeployError):
        _tell(told)
        return
    for line in lines_of(told):
        Console().tell(line)


def _with_our_flags(text: str) -> str:
    from rajee_deploy.cli.pasted import as_pasted

    return as_pasted(text, sys.argv[1:])


def _code_of(ended: SystemExit) -> int:
    if isinstance(ended.code, str):
        sys.stderr.write(f"{ended.code}\n")
        return Exit.FAILED
    code = ended.code or Exit.OK
    return code if code in {*Exit} else Exit.FAILED


def _refusal(error: OSError | MemoryError) -> DeployError:
    """A full disk, a directory that may not be read, a working directory that was deleted: no bug of ours."""
    if isinstance(error, MemoryError):
        return DeployError(
            "machine", "there is not enough memory", hint="run again where more is free: free -m; ulimit -v"
        )
    where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    hint = _HINTS.get(error.errno or 0, "")
    if error.errno in _FORBIDDEN and where.startswith(os.environ.get("HOME", "~") + "/"):
        hint = "set HOME, or RAJEE_DEPLOY_STATE_DIR and RAJEE_DEPLOY_CACHE_DIR, to directories that are yours"
    if error.errno == errno.ENOENT and _is_homeless():
        where, hint = where or "the working directory", "it was removed: cd to one that exists, and run again"
    return DeployError(
        "machine",
        "the operating system refused",
        where=where,
        cause=error.strerror or str(error),
        hint=hint or _look_at(where),
    )


def _look_at(where: str) -> str:
    """What to do about a refusal that nothing better is known of."""
    from shlex import quote

    from rajee_deploy.system.places import cache_directory, state_directory

    if not where:
        return "run again; if it stays, the machine's own log may say why: dmesg"
    if any(f"{where}/".startswith(f"{own}/") for own in (state_directory(), cache_directory())):
        return "it is rajee-deploy's own: move it away, or let RAJEE_DEPLOY_STATE_DIR name another directory"
    return f"see what lies there: ls -ld {quote(where)}"


def _is_homeless() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 -- only whether there is one
    except FileNotFoundError:
        return True
    return False


def _send(code: int) -> int:
    """Send what waits. A result that nobody got is a failure, unless the reader went away by itself."""
    problem = flush_all()
    if problem and code in (Exit.OK, Exit.CHANGES):
        code = Exit.FAILED
        hint = "what was done is done; run again with stdout where it can be written"
        _tell(DeployError("output-lost", "the result could not be written to stdout", cause=problem, hint=hint))
        flush_all()
    return code


def _bug(error: Exception) -> int:
    try:
        from rajee_deploy.cli.crash import keep_crash

        _tell(keep_crash(error, sys.argv[1:]))
    except Exception as another:  # noqa: BLE001 -- still the top handler: what is left to say has to be said
        import traceback

        traceback.print_tb(error.__traceback__)  # without its words, which may hold a secret
        names = f"{type(error).__name__}, and {type(another).__name__} while that was reported"
        sys.stderr.write(f"This is a bug in rajee-deploy ({names}); please report it with the lines above.\n")
    return Exit.BUG


def _tell(error: DeployError) -> None:
    """To a person on stderr; and to a program that asked for a document, as one."""
    from rajee_deploy.console import Console
    from rajee_deploy.console.documents import error_document

    console = Console(verbose=not {"-v", "--verbose"}.isdisjoint(sys.argv[1:]))
    console.error(error)
    if in_github():
        from rajee_deploy.cli.github import tell_error

        tell_error(error, "".join(sys.argv[1:2]))
    if "--json" in sys.argv[1:]:
        console.document(error_document(error))
