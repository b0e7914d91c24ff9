"""What a process finds itself with, made safe once at the start: standard input, output and error, whatever they are
(closed, a full disk, a reader that goes away, ASCII alone), and a home.

Nothing that is written raises: a deployment is not abandoned because nobody listens. What did not arrive on stdout is
kept, and told at the end (`flush_all`). A reader that has enough (`| head -1`) loses nothing. Knows nothing of what
is said.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_STDIN, _STDOUT, _STDERR = range(3)
# The reader went away.
_GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN})
NO_HOME = "/nonexistent"  # the one of passwd for those who have none
_ERRORS = "rajee-plain"
# Services that read commands from what a step prints, as GitHub Actions does: `::set-env …`, blanks before it or not,
# and `##[add-path]…` wherever it stands in a line. (ActionCommand.cs of github.com/actions/runner; Azure Pipelines and
# TeamCity have `##vso[…]` and `##teamcity[…]`.) The first sign is written as an escape that JSON reads as the same.
_LOGS = frozenset({"GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"})
_COMMAND = r"((?:^|[\n\r])[^\S\n\r]*)::"
_COMMAND_INSIDE = r"##(?=\[|vso\[|teamcity\[)"
_lost: list[str] = []  # of this process


class _Raw(io.RawIOBase):
    """A file descriptor to write to. Every write succeeds, as far as who writes can tell; `failed` hears the first that
    did not, and then nothing more is tried."""

    def __init__(self, descriptor: int, failed: Callable[[OSError], None], refusal: OSError | None = None) -> None:
        self._descriptor = descriptor
        self._failed = failed
        self._refusal = refusal  # of one that was closed from the start
        self._is_done = False

    def write(self, data: bytes) -> int:  # type: ignore[override]
        size = memoryview(data).nbytes
        while not self._is_done:
            try:
                if self._refusal is not None:
                    raise self._refusal
                return os.write(self._descriptor, data)
            except BlockingIOError:
                _wait_for(self._descriptor)
            except OSError as error:
                self._is_done = True
                self._failed(error)
        return size

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True


class TextStream(io.TextIOWrapper):
    """A stream of text. Where what is said gets into the log of a build service, no line of it is a command there."""

    is_log = False
    _is_blank = True  # whether the line has begun with nothing but blanks so far

    def write(self, text: str) -> int:
        if not self.is_log:
            return super().write(text)
        inside = text if self._is_blank else "." + text
        safe = re.sub(_COMMAND, r"\1\\u003a:", inside)[len(inside) - len(text) :]
        line = re.split(r"[\n\r]", text)[-1]
        self._is_blank = not line.strip() and (self._is_blank or len(line) < len(text))
        super().write(re.sub(_COMMAND_INSIDE, r"\\u0023#", safe))
        return len(text)

    def write_command(self, line: str) -> None:
        """A line that is to be a command of GitHub Actions, as `text.workflow_commands` makes them. It stands alone."""
        begun = "" if self._is_blank else "\n"
        super().write(f"{begun}{line}\n")
        self._is_blank = True


def in_github() -> bool:
    """Whether this is a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def write_command(line: str) -> None:
    """Give a line to the service that reads this step's log, past the guard; see `TextStream.write_command`."""
    if isinstance(sys.stderr, TextStream):
        sys.stderr.write_command(line)
    elif sys.stderr is not None:  # nobody made it safe, so nothing is escaped there
        sys.stderr.write(f"{line}\n")


def make_safe() -> None:
    """Replace this process's streams. Descriptors that were closed lead nowhere from now on: a file that is opened must
    not get their numbers, or what is said would be written into it."""
    closed = {number for number in (_STDIN, _STDOUT, _STDERR) if _is_closed(number)}
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # what somebody types may be anything
    refusal = OSError(errno.EBADF, "it is closed") if _STDOUT in closed else None
    sys.stdout = _stream(sys.stdout, _Raw(_STDOUT, _lose, refusal), lines=os.isatty(_STDOUT))
    sys.stderr = _stream(sys.stderr, _Raw(_STDERR, _ignore), lines=True)


def name_home() -> None:
    """A user that has neither HOME nor an entry in passwd (a container's) gets a home that is not there. Else all,
    AWS's and docker's clients too, would take `~` for a directory of that name below the working directory."""
    if "HOME" in os.environ:
        return
    import pwd

    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        os.environ["HOME"] = NO_HOME


def flush_all() -> str:
    """Sends all that waits. Why what was written to stdout did not arrive; "" where it did."""
    sys.stdout.flush()
    sys.stderr.flush()
    return _lost[0] if _lost else ""


def _stream(now: TextIO | None, raw: _Raw, *, lines: bool) -> TextStream:
    encoding = "utf-8"
    if now is not None:
        encoding = str(sys._xoptions.get("rajee_said", now.encoding))  # noqa: SLF001 -- CPython's own documented name; see `cli`
        with suppress(OSError, ValueError):
            now.flush()
    words = TextStream(io.BufferedWriter(cast("io.FileIO", raw)), encoding, errors=_ERRORS, line_buffering=lines)
    words.is_log = not _LOGS.isdisjoint(os.environ)
    return words


def _wait_for(descriptor: int) -> None:
    """Until it takes more: another program has set what it shares with us not to wait."""
    import select

    select.select([], [descriptor], [], 1.0)


def _is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def _lose(error: OSError) -> None:
    if error.errno not in _GONE:
        _lost.append(error.strerror or str(error))


def _ignore(_error: OSError) -> None:
    pass


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for signs that a stream's encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(map(_as_ascii, wrong)), error.end


def _as_ascii(sign: str) -> str:
    from rajee_deploy.text.signs import ASCII  # by who has to do without

    return ASCII[sign] if sign in ASCII else sign.encode("ascii", "backslashreplace").decode()


codecs.register_error(_ERRORS, _plain)
