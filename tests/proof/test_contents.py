"""The long run of tests/conformance/test_contents.py: 500 random builds, nothing found. Half an hour.

RAJEE_PROOF_DRAWS and RAJEE_PROOF_SEED make another one; a failure prints its seed and its draft.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from conformance.base_images import base_images
from conformance.same_contents import prove
from conformance.served import served

pytestmark = pytest.mark.docker

DRAWS = int(os.environ.get("RAJEE_PROOF_DRAWS", "500"))
FIRST = int(os.environ.get("RAJEE_PROOF_SEED", "1000"))


def test_random_builds_have_the_contents_of_plain_ones(tmp_path, request):
    outcomes: Counter[str] = Counter()
    found = []
    with base_images() as bases, served() as address:
        for seed in range(FIRST, FIRST + DRAWS):
            try:
                outcomes[prove(seed, tmp_path / str(seed), bases, address)] += 1
            except AssertionError as error:
                found.append(str(error))
    for outcome, count in outcomes.most_common():
        request.config.get_terminal_writer().line(f"{count} {outcome}")
    assert not found, "\n\n".join(found)
    assert any("same tag" in outcome for outcome in outcomes)
    assert any("another tag" in outcome for outcome in outcomes)
