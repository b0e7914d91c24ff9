"""Random builds that the hash gets right: `verify` never says that they differ. The long run is
proof/test_verify_alarms.py."""

from __future__ import annotations

import pytest
from conformance.alarms import verdicts

SEEDS = range(1, 9)


@pytest.mark.docker
@pytest.mark.proof
def test_what_is_right_never_disagrees(tmp_path):
    counts, alarms = verdicts(SEEDS, tmp_path)
    assert not alarms, "\n\n".join(alarms)
    assert counts["cached"] + counts["contents"] >= len(SEEDS) / 4
