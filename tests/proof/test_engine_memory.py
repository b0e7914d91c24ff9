"""Weeks on one engine: many projects by turns, two at once, runs of one checkout at once, machines that forget.

RAJEE_PROOF_STEPS and RAJEE_PROOF_SEED make a longer run, or another one; a failure prints its seed and its history.
"""

from __future__ import annotations

import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from conformance.histories import History
from engines import second_engine

pytestmark = pytest.mark.docker

STEPS = int(os.environ.get("RAJEE_PROOF_STEPS", "400"))
SEED = int(os.environ.get("RAJEE_PROOF_SEED", "1"))
PROJECTS = 6


def test_no_build_is_misled_by_an_earlier_one(tmp_path, tmp_path_factory, monkeypatch, record_property):
    rng = random.Random(SEED)  # noqa: S311 -- a history, no secret
    # A short path: sockets lie below it.
    with second_engine(tmp_path_factory.mktemp("e")) as engine, ThreadPoolExecutor(2) as pool:
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        memory = tmp_path / "memory"
        projects = [History(SEED * 1000 + number, tmp_path, memory) for number in range(PROJECTS)]
        for _ in range(STEPS):
            match rng.random():
                case turn if turn < 0.1:
                    list(pool.map(History.step, rng.sample(projects, 2)))
                case turn if turn < 0.2:
                    one = rng.choice(projects)
                    list(pool.map(lambda strictly, one=one: one.check(strictly=strictly), (True, False)))
                case turn if turn < 0.22:
                    shutil.rmtree(memory, ignore_errors=True)
                case _:
                    rng.choice(projects).step()
        outcomes = [told for project in projects for told in project.told]
        record_property("outcomes", {name: outcomes.count(name) for name in set(outcomes)})
        assert outcomes.count("built") > STEPS // 3
