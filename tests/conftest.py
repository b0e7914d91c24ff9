"""What all rooms' tests share."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test leaves anything in the user's stat cache, nor believes what lies there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# A shell that starts the tests in the background makes them ignore Ctrl-C, and with them every program that they
# start. Tests of interrupts need it as a terminal has it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
