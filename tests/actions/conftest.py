"""The world of a run, for its stories."""

from __future__ import annotations

import pytest
from run_worlds import World


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return World(root)
