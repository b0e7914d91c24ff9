"""What all rooms' tests share."""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aws_descriptions
import hypothesis
import pytest
import sampled
import schedule
import session
import tables

from rajee_deploy import warned
from rajee_deploy.console.agents import AGENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

SESSION = pytest.StashKey[session.Session]()


def pytest_configure(config: pytest.Config) -> None:
    """A home of the run's own, a umask that files of tests are made under, and logs as wide as they are, whatever the
    caller's (workers of pytest-xdist find COLUMNS)."""
    os.umask(0o022)
    os.environ.pop("COLUMNS", None)
    if not hasattr(config, "workerinput"):
        config.stash[SESSION] = session.begin()


def pytest_sessionstart() -> None:
    """mutmut forks after all tests ran once: what functions remember of that would hide what their mutants do."""
    for name in [name for name in sys.modules if name.startswith("rajee_deploy.")]:
        for each in vars(sys.modules[name]).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing."""
    if SESSION in config.stash:
        config.stash[SESSION].end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the run could not check is among its last lines."""
    skipped = terminalreporter.stats.get("skipped", ())
    lines = [tables.absent()] if any(tables.VARIABLE in str(report.longrepr) for report in skipped) else []
    if lines := session.notes() + lines:
        terminalreporter.section("not checked here")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def note() -> Callable[[str], None]:
    """Say something in the last lines of the run."""
    return session.add_note


@pytest.fixture(scope="session", autouse=True)
def _left_out() -> None:
    for line in sampled.left_out():
        session.add_note(line)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for others' pauses."""
    return min((os.cpu_count() or 1) + 1, 6)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first: the last tests of all workers end together."""
    items[:], longest = sampled.without_the_longest(items)
    config.hook.pytest_deselected(items=longest)
    items.sort(key=lambda item: schedule.rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """See schedule.py."""
    return schedule.make_scheduler(config, log)


# `make mutants` runs each property some hundred times: few examples, always the same, and no search for smaller ones.
hypothesis.settings.register_profile(
    "mutants",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.register_profile("quick", max_examples=20, deadline=None)  # `make quick`: of most properties
# `make test`: a few dozen of each property, other ones each time; `make proof`: hypothesis' own hundred.
hypothesis.settings.register_profile("suite", max_examples=25, deadline=None)
if sampled.VARIABLE not in os.environ:
    hypothesis.settings.load_profile("suite")
if "HYPOTHESIS_PROFILE" in os.environ:
    hypothesis.settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])
    sys.setrecursionlimit(5000)  # mutmut calls each function through two more


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test leaves anything in the user's stat cache, nor believes what lies there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_runs_us() -> Iterator[None]:
    """What a build service or an agent says of itself changes what is said; tests that mean one set it themselves."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", *AGENTS):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_pauses() -> Iterator[None]:
    """botocore and urllib3 try again at once. How long they wait in between is theirs; how often they try, and for how
    long at most, is ours, and tested."""
    from botocore.retries.standard import ExponentialBackoff
    from urllib3.util.retry import Retry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0)
        patch.setattr(Retry, "get_backoff_time", lambda _self: 0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    """See aws_descriptions.py."""
    with pytest.MonkeyPatch.context() as patch:
        aws_descriptions.read_once(patch)
        yield


@pytest.fixture(autouse=True)
def _nobody_was_warned() -> None:
    """Each test is a run of its own."""
    warned.begin()


@contextmanager
def _limited(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def no_room() -> Callable[[int], AbstractContextManager[None]]:
    """For a while no file can grow beyond so many bytes: the kernel refuses the write, as on a full disk."""
    return _limited


# A shell that starts the tests in the background makes them ignore Ctrl-C, and with them every program that they
# start. Tests of interrupts need it as a terminal has it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
