"""Interrupts that come between making something and noting that it was made."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from rajee_deploy.at_work import times_resumed
from rajee_deploy.system.signals import _HELD, heed_signals, interrupts_held


def interrupt(number=signal.SIGINT):
    os.kill(os.getpid(), number)
    for _ in range(3):  # the interpreter looks for signals between instructions
        pass


def test_that_the_process_went_on_after_a_stop_is_noted():
    before = {number: signal.getsignal(number) for number in (*_HELD, signal.SIGALRM, signal.SIGCONT)}
    hook, times = sys.unraisablehook, times_resumed()
    try:
        heed_signals()
        interrupt(signal.SIGCONT)
        assert times_resumed() == times + 1
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_block_ends_before_the_interrupt_is_raised():
    made = []

    def make():
        with interrupts_held():
            interrupt()
            interrupt()
            made.append("all")

    with pytest.raises(KeyboardInterrupt):
        make()
    assert made == ["all"]


def test_without_an_interrupt_nothing_is_changed():
    before = signal.getsignal(signal.SIGINT)
    with interrupts_held():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_inside_gives_way_to_the_interrupt():
    def fail():
        with interrupts_held():
            interrupt()
            raise ValueError("inside")

    with pytest.raises(KeyboardInterrupt) as caught:
        fail()
    assert isinstance(caught.value.__context__, ValueError)


def test_other_signals_of_the_command_are_held_too():
    raised = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: raised.append(number))
    try:
        with interrupts_held():
            interrupt(signal.SIGTERM)
            assert raised == []
        assert raised == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_interrupt_at_the_end_of_the_block_takes_no_signal_away():
    """Handlers are put back one by one, and the first one may interrupt us before the others are."""
    raised = []
    before = {
        signal.SIGALRM: signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT)),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _frame: raised.append(number)),
    }
    try:
        for number in range(2000):
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + number % 400 * 1e-7)
                with interrupts_held():
                    pass
                while True:
                    pass
            interrupt(signal.SIGTERM)
            assert len(raised) == number + 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_program_started_inside_inherits_what_is_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held():
            code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
            said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    finally:
        signal.signal(signal.SIGINT, before)
    assert said == "True\n"


def test_another_thread_changes_no_handler():
    seen = []

    def work():
        with interrupts_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


# Each is a place where Python, or a library, keeps to itself whatever a signal's handler raises.
KEEPING = {
    "a finaliser": """
        class Thing:
            def __del__(self): interrupt()
        thing = Thing()
        del thing
    """,
    "a weak reference": """
        class Thing: pass
        thing = Thing()
        reference = weakref.ref(thing, lambda _: interrupt())
        del thing
    """,
    "a finaliser that the interrupt ends, and another one": """
        class Thing:
            def __del__(self): interrupt()
        class Again:
            def __del__(self): time.sleep(0.05)
        thing, again = Thing(), Again()
        del thing, again
    """,
}


def in_a_process(number, code):
    """How a process that heeds signals ends, for which `interrupt()` is that signal."""
    program = f"""
import os, signal, time, weakref
from rajee_deploy.system.signals import check_interrupted, heed_signals
def interrupt():
    os.kill(os.getpid(), {int(number)})
    for _ in range(3): pass
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it, as nohup does
heed_signals()
try:
{textwrap.indent(textwrap.dedent(code), "    ")}
    {"time.sleep(20)" if "check" not in code else ""}
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return ended.stdout.strip(), ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("keeping", KEEPING)
def test_an_interrupt_that_python_drops_is_raised_once_more(keeping, number):
    assert in_a_process(number, KEEPING[keeping]) == ("interrupted", "")


def test_one_that_a_library_keeps_to_itself_is_seen_before_the_next_step():
    code = """
        try: interrupt()
        except BaseException: pass
        check_interrupted()
    """
    assert in_a_process(signal.SIGTERM, code) == ("interrupted", "")
    assert in_a_process(signal.SIGTERM, "check_interrupted()") == ("went on", "")


def test_what_else_python_drops_is_told_as_ever():
    said, told = in_a_process(
        signal.SIGTERM,
        """
        class Thing:
            def __del__(self): raise ValueError("of a library")
        thing = Thing()
        del thing
        check_interrupted()
    """,
    )
    assert said == "went on"
    assert "of a library" in told


def test_what_nohup_ignores_stays_ignored():
    code = """
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        heed_signals()
        os.kill(os.getpid(), signal.SIGHUP)
        check_interrupted()
    """
    assert in_a_process(signal.SIGTERM, code) == ("went on", "")
