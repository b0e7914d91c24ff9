"""Hundreds of random builds that the hash gets right: `verify` never says that they differ. RAJEE_PROOF_DRAWS and
RAJEE_PROOF_SEED make another run."""

from __future__ import annotations

import os

import pytest
from conformance.alarms import verdicts

DRAWS = int(os.environ.get("RAJEE_PROOF_DRAWS", "500"))
FIRST = int(os.environ.get("RAJEE_PROOF_SEED", "10000"))


@pytest.mark.docker
def test_verify_raises_no_false_alarm(tmp_path):
    counts, alarms = verdicts(range(FIRST, FIRST + DRAWS), tmp_path)
    print(f"{DRAWS} draws from seed {FIRST}: {dict(counts)}")  # noqa: T201 -- the figures of the run
    assert not alarms, "\n\n".join(alarms)
    assert counts["cached"] + counts["contents"] >= DRAWS / 4
