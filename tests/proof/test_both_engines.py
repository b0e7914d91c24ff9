"""Hundreds of random Dockerfiles, built with both engines: one tag is one image. RAJEE_PROOF_DRAWS and
RAJEE_PROOF_SEED make another run."""

from __future__ import annotations

import os

import pytest
from conformance.both import both_engines

DRAWS = int(os.environ.get("RAJEE_PROOF_DRAWS", "500"))
FIRST = int(os.environ.get("RAJEE_PROOF_SEED", "10000"))


@pytest.mark.docker
def test_both_engines_build_the_same(tmp_path):
    with both_engines(tmp_path) as both:
        counts, told = both.outcomes(range(FIRST, FIRST + DRAWS), threads=3)
    print(f"{DRAWS} draws from seed {FIRST}: {dict(counts)}")  # noqa: T201 -- the figures of the run
    assert not told, "\n\n".join(told)
    assert counts["equal"] > DRAWS / 2
