"""Hold Ctrl-C, and the signals that are taken for it, back for a moment.

Python raises them between any two instructions of the main thread: also between making something and noting that it was
made, and then nobody would end that program or remove that directory. Only for moments: whoever presses Ctrl-C waits.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
