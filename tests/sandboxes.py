"""A sandbox for as long as some tests need it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import session

from rajee_deploy.sandbox import control

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.sandbox.state import SandboxState


@contextmanager
def running_sandbox(home: Path) -> Iterator[SandboxState]:
    """Runs it in the state directory `home`; what engines keep of its images goes at the end of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
        state = control.start()
    session.note("registry", state.registry)
    try:
        yield state
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
            assert control.stop() is not None, "the sandbox died during the tests"


@contextmanager
def own_cloud(home: Path) -> Iterator[dict[str, str]]:
    """The variables that lead to a sandbox of its own, for programs that are given those and none of the caller's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "RAJEE_DEPLOY_"))]:
            patch.delenv(name)
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
        control.start()
        try:
            yield dict(control.environment())
        finally:
            control.stop()


def note_images_of(endpoint: str) -> None:
    """The same of a sandbox that a command started, by its AWS_ENDPOINT_URL."""
    session.note("registry", f"localhost:{urlsplit(endpoint).port}")
