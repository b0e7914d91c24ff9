"""Pieces of work shared out between this process and forked ones.

Owns the processes and the pipes between them. A child takes pieces from a common queue and sends back what it got done;
whatever it could not do, this process does afterwards, faults included. Without fork, with one processor, or while
threads run (a fork would copy their locks), everything is done here. Must never know what the work is.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_WORKERS = 8
_NUMBER = struct.Struct("<I")
_HEADER = struct.Struct("<II")
_MAX_QUEUE = 1000  # numbers that fit into the smallest pipe, one page, which nobody empties yet


def shared_out(work: Callable[[int], bytes], count: int, per_processor: int) -> Iterable[bytes]:
    """What `work` gives for 0 … count-1, in order, by so many processes for each processor (0: by this one alone)."""
    workers = _workers(per_processor) if per_processor and count > 1 else 1
    if workers == 1:
        return map(work, range(count))
    found = _with_children(work, count, workers - 1)
    return (work(number) if found[number] is None else found.pop(number) for number in range(count))  # type: ignore[misc]


def _workers(per_processor: int) -> int:
    import threading

    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)) * per_processor, MAX_WORKERS)


def _with_children(work: Callable[[int], bytes], count: int, children: int) -> dict[int, bytes | None]:
    """What all processes got done together, by number; None for what is left to do."""
    found: dict[int, bytes | None] = dict.fromkeys(range(count))
    queue, give = os.pipe()
    step = -(-count // _MAX_QUEUE)
    os.write(give, b"".join(_NUMBER.pack(number) for number in range(0, count, step)))
    os.close(give)
    running = []
    try:
        for _ in range(children):
            child = _start(work, count, step, queue)
            if child is not None:
                running.append(child)
        found.update(_take(work, count, step, queue))
        for _, answers in running:
            found.update(_collect(answers))
    finally:
        os.close(queue)
        for pid, answers in running:
            os.close(answers)
            _end(pid)
    return found


def _start(work: Callable[[int], bytes], count: int, step: int, queue: int) -> tuple[int, int] | None:
    """A child process and the pipe that its answers come through; None when there can be none."""
    answers, tell = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(answers)
        os.close(tell)
        return None
    if pid == 0:
        try:
            os.close(answers)
            with open(tell, "wb") as pipe:  # noqa: PTH123 -- a descriptor
                pipe.writelines(
                    _HEADER.pack(number, len(data)) + data for number, data in _take(work, count, step, queue)
                )
        finally:
            os._exit(0)
    os.close(tell)
    return pid, answers


def _take(work: Callable[[int], bytes], count: int, step: int, queue: int) -> list[tuple[int, bytes]]:
    """Do what the queue still holds, up to the first piece that fails: that one is left for later, as are the rest."""
    from rajee_deploy.errors import DeployError

    done = []
    while piece := os.read(queue, _NUMBER.size):
        (first,) = _NUMBER.unpack(piece)
        for number in range(first, min(first + step, count)):
            try:
                done.append((number, work(number)))
            except DeployError:
                return done
    return done


def _collect(answers: int) -> list[tuple[int, bytes]]:
    """What a child tells, up to where it broke off."""
    with open(answers, "rb", closefd=False) as pipe:
        data = pipe.read()
    found, at = [], 0
    while at + _HEADER.size <= len(data):
        number, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if at + length > len(data):
            break
        found.append((number, data[at : at + length]))
        at += length
    return found


def _end(pid: int) -> None:
    """End a child: it has told everything, or nobody listens any more."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
