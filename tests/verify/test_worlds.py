"""Random builds that the hash gets right: `verify` never says that they differ. The long run is
proof/test_verify_worlds.py."""

from __future__ import annotations

import pytest
from conformance.alarms import verdicts

SEEDS = range(1, 9)


@pytest.mark.docker
def test_what_is_right_never_disagrees(tmp_path):
    counts = verdicts(SEEDS, tmp_path)
    assert counts["cached"] + counts["contents"] >= len(SEEDS) / 2
