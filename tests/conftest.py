"""What all rooms' tests share."""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

# `make mutants` runs each property some hundred times: few examples, always the same, and no search for smaller ones.
hypothesis.settings.register_profile(
    "mutants", max_examples=25, derandomize=True, database=None, deadline=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
if "HYPOTHESIS_PROFILE" in os.environ:
    hypothesis.settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])
    sys.setrecursionlimit(5000)  # mutmut calls each function through two more


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test leaves anything in the user's stat cache, nor believes what lies there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


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
