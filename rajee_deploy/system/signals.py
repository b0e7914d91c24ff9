"""Ctrl-C, and the signals that are taken for it: none is lost, and each can be held back for a moment.

Python raises them between any two instructions of the main thread. Also in a finaliser or the callback of a weak
reference, where it drops whatever is raised ("Exception ignored in …"): such a one is raised once more. And between
making something and noting that it was made, when nobody would end that program or remove that directory: there they
are held back. Only for moments: whoever presses Ctrl-C waits.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.at_work import note_resumed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import NoReturn

_HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_SECONDS = 0.01  # until an interrupt that Python dropped is raised once more
_arrived: list[int] = []  # no Event: its lock may be held by what the signal interrupts


def heed_signals() -> None:
    """From now on what asks this process to end raises KeyboardInterrupt in the main thread, until it arrives there;
    but for what whoever started us has made us ignore (nohup, a shell's background)."""
    for number in _HELD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    signal.signal(signal.SIGCONT, lambda _number, _frame: note_resumed())
    before = sys.unraisablehook

    def raise_again(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            # Nothing that is raised here arrives anywhere; a timer's signal comes when Python is elsewhere.
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        else:
            before(unraisable)

    sys.unraisablehook = raise_again


def heed_no_more() -> None:
    """There is nothing left to clean up: a signal that comes while somebody reads the last words slowly ends us."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in _HELD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def check_interrupted() -> None:
    """KeyboardInterrupt where there was one that whoever ran in between (a library) has kept to himself. To be asked
    before each step that changes the world."""
    if _arrived:
        raise KeyboardInterrupt


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    _arrived.append(number)
    raise KeyboardInterrupt


@contextmanager
def interrupts_held() -> Iterator[None]:
    """What interrupts us inside is raised at the end of the block, whose assignments have then been made.

    Signals that are ignored, or end the process at once, are left as they are: a program started inside inherits that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread is ever interrupted, or may set handlers
        return
    arrived: list[int] = []
    is_held = True

    def hold(number: int, frame: FrameType | None) -> None:
        if is_held:
            arrived.append(number)
        else:
            before[signal.Signals(number)](number, frame)

    before = {number: handler for number in _HELD if callable(handler := signal.getsignal(number))}
    try:
        for number in before:
            signal.signal(number, hold)
        yield
    finally:
        is_held = False  # an interrupt from here on may leave some of ours in place, which then hold nothing back
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in arrived[:1]:
            signal.raise_signal(late)
