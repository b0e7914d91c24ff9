"""The only door to other programs: run one and stream its output, or start one that outlives us.

Children run in a session of their own, so a Ctrl-C on the terminal reaches us alone and we end the whole group, with
whatever it started; when we are killed ourselves (kill -9), a guard ends it in our place. Arguments are always lists;
no shell reads them. This room never decides which program runs.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.system.pipes import Pipe, data_from, lines_from
from rajee_deploy.system.regular_files import open_to_append
from rajee_deploy.system.signals import check_interrupted, interrupts_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 40
_TAIL_WIDTH = 4096  # of a line that is only kept to be shown when the program failed
GRACE_SECONDS = 5.0  # between asking a group to end and killing it
# Waits for the end of its stdin, whose other end is ours alone: the kernel closes it however we end. $1 is the group.
_GUARD = """
read -r _
kill -s INT -- "-$1"
for _ in 1 2 3 4 5; do kill -s 0 -- "-$1" || exit 0; sleep 1; done
kill -s KILL -- "-$1"
"""


_running: set[subprocess.Popen[bytes]] = set()  # by `run`, on all threads
_ending = threading.Event()


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended: its exit code (negative: the signal that ended it), the last lines it printed, and how many
    it printed in all (0: nobody counted)."""

    argv: tuple[str, ...]
    code: int
    tail: tuple[str, ...]
    timed_out: bool = False
    count: int = 0


def find_program(name: str, *, path: str | None = None) -> str | None:
    """The absolute path of a program on PATH (or on `path`), or None."""
    return shutil.which(name, path=path)


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    on_line: Callable[[str], None] | None = None,
    time_limit: float | None = None,
    cleans_up: bool = False,
) -> Completed:
    """Run a program to its end, handing every line of its stdout and stderr (merged) to `on_line`.

    `env` is added to our own environment; None takes a variable away. `time_limit` is in seconds; past it the group is
    ended and `timed_out` set. What the program leaves running does not hold us, see `pipes`. DeployError
    `program-missing` when it cannot be started. Whatever interrupts us ends the child's group first. One that
    `cleans_up` is started, too, while all others are being ended.
    """
    expired = threading.Event()
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    count = 0
    with _child(argv, cwd, env, cleans_up=cleans_up) as child:
        timer = _kill_after(child, time_limit, expired)
        try:
            for text in lines_from(_pipe(child, child.stdout, heeds=not cleans_up)):
                tail.append(text[:_TAIL_WIDTH])
                count += 1
                if on_line is not None:
                    on_line(text)
            code = child.wait()
        finally:
            timer.cancel()
    return Completed(tuple(argv), code, tuple(tail), expired.is_set(), count)


def stream(
    argv: Sequence[str],
    consume: Callable[[IO[bytes]], None],
    *,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program whose stdout is data, which `consume` reads while it is made; lines of stderr go to `on_line`.

    The program is ended when `consume` raises. Otherwise as `run`.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)

    def listen() -> None:
        for text in lines_from(_pipe(child, child.stderr)):
            tail.append(text[:_TAIL_WIDTH])
            if on_line is not None:
                on_line(text)

    with _child(argv, None, env, cleans_up=False, has_data=True) as child:
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            consume(data_from(_pipe(child, child.stdout)))
            code = child.wait()
        except BaseException:
            _end_group(child)
            raise
        finally:
            listener.join()
            if child.stderr is not None:
                child.stderr.close()
    return Completed(tuple(argv), code, tuple(tail))


def capture(
    argv: Sequence[str],
    *,
    time_limit: float,
    most_bytes: int,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
) -> tuple[Completed, bytes]:
    """Run a program whose stdout is an answer; how it ended, with the last lines of its stderr, and its stdout.

    Past `time_limit` seconds, or with more than `most_bytes`, the group is ended and `timed_out` set, whoever still
    holds the pipes. Otherwise as `run`.
    """
    deadline = time.monotonic() + time_limit
    with _child(argv, cwd, env, cleans_up=False, has_data=True) as child:
        pipes = [pipe for pipe in (child.stdout, child.stderr) if pipe is not None]
        try:
            out, said, is_whole = _taken(pipes, deadline, most_bytes)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()) if is_whole else 0)
            is_late = child.returncode is None or not is_whole
            _signal_group(child, signal.SIGKILL)  # also what it left behind
            code = child.wait()
        finally:
            for pipe in pipes:
                pipe.close()
    lines = said.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    tail = tuple(filter(None, lines))[-TAIL_LINES:]
    return Completed(tuple(argv), (code or -signal.SIGKILL) if is_late else code, tail, is_late), out


def _taken(pipes: Sequence[IO[bytes]], deadline: float, most: int) -> tuple[bytes, bytes, bool]:
    """What comes out of two pipes, and whether that is all of it."""
    taken: dict[int, list[bytes]] = {pipe.fileno(): [] for pipe in pipes}
    size = 0
    with selectors.DefaultSelector() as waiting:
        for file in taken:
            waiting.register(file, selectors.EVENT_READ)
        while waiting.get_map() and size <= most and (left := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                data = os.read(key.fd, 1 << 16)
                taken[key.fd].append(data)
                size += len(data)
                if not data:
                    waiting.unregister(key.fd)
        is_whole = not waiting.get_map()
    out, said = (b"".join(parts) for parts in taken.values())
    return out, said, is_whole


def end_all() -> None:
    """End every program that `run` runs, on all threads, and let none start until `allow` is called.

    For an interrupt, which reaches the main thread alone. The other threads see their programs fail.
    """
    _ending.set()
    children = list(_running)
    for child in children:
        _signal_group(child, signal.SIGINT)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(child.poll() is None for child in children):
        time.sleep(0.02)
    for child in children:
        _signal_group(child, signal.SIGKILL)


def allow() -> None:
    """Programs may be started again: the threads that `end_all` was for have ended."""
    _ending.clear()


def spawn_detached(argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives this one, its output appended to `log`; returns its pid."""
    with os.fdopen(open_to_append(log), "ab") as output:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    child.returncode = 0  # we never wait for it: without this, Popen warns that it still runs
    return child.pid


@contextmanager
def _child(
    argv: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str | None] | None,
    *,
    cleans_up: bool,
    has_data: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program and its guard; both are gone at the end, however that comes."""
    child = guard = None
    _refuse_when_ending(cleans_up)
    try:
        with interrupts_held():
            child = _start(argv, cwd, env, has_data=has_data)
            _running.add(child)
            guard = _watch(child)
        _refuse_when_ending(cleans_up)  # it may have started just after the others were ended
        yield child
    except BaseException:
        if child is not None:
            _end_group(child)
        raise
    finally:
        if guard is not None:
            _dismiss(guard)
        if child is not None:
            _running.discard(child)
            if child.stdout is not None:
                child.stdout.close()


def _start(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str | None] | None, *, has_data: bool
) -> subprocess.Popen[bytes]:
    """`has_data`: stderr is apart from stdout."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env={name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if has_data else subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise DeployError(
            "program-missing",
            f"{argv[0]} could not be started",
            cause=error.strerror or str(error),
            hint=f"check that {argv[0]} is installed and executable",
        ) from error


def _pipe(child: subprocess.Popen[bytes], stream: IO[bytes] | None, *, heeds: bool = False) -> Pipe:
    """`heeds`: an interrupt that something kept to itself just before is raised while the program runs."""
    if stream is None:
        raise TypeError("a program that is run has this stream")

    def has_ended() -> bool:
        if heeds and threading.current_thread() is threading.main_thread():
            check_interrupted()
        return child.poll() is not None

    return Pipe(stream.fileno(), has_ended)


def _watch(child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Start the guard of a child's group."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "rajee-deploy-guard", str(child.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    """End the guard before it hears that its stdin ends."""
    guard.kill()
    guard.wait()
    if guard.stdin is not None:
        guard.stdin.close()


def _refuse_when_ending(cleans_up: bool) -> None:  # noqa: FBT001 -- private, and named where it is made
    if _ending.is_set() and not cleans_up:
        raise DeployError("interrupted", "interrupted", hint="run again to go on from here")


def _kill_after(child: subprocess.Popen[bytes], seconds: float | None, expired: threading.Event) -> threading.Timer:
    def expire() -> None:
        expired.set()
        _signal_group(child, signal.SIGKILL)

    timer = threading.Timer(seconds if seconds is not None else 0, expire)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    return timer


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Ask the child's whole group to end as Ctrl-C would, then insist."""
    _signal_group(child, signal.SIGINT)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Also when the child ended by itself: what it started may still run in its group.
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The group may be gone (macOS answers EPERM for a group of zombies).
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
