"""A few days of one project on an engine that has seen others: see histories, and proof/ for weeks of many."""

from __future__ import annotations

import os

import pytest
from conformance.histories import History

pytestmark = pytest.mark.docker

STEPS = int(os.environ.get("RAJEE_PROOF_STEPS", "14"))
SEED = int(os.environ.get("RAJEE_PROOF_SEED", "1"))


def test_no_build_is_misled_by_an_earlier_one(tmp_path):
    project = History(SEED, tmp_path, tmp_path / "memory")
    for _ in range(STEPS):
        project.step()
    project.check(strictly=True)
    assert project.told.count("built") > STEPS // 2
