"""Random builds: the image that we build has the contents that docker's own build gives it."""

from __future__ import annotations

from collections import Counter

import pytest
from conformance.base_images import base_images
from conformance.same_contents import prove
from conformance.served import served

pytestmark = pytest.mark.docker

DRAWS = 6


def test_a_few_random_builds(tmp_path, note):
    """The long run of this is tests/proof."""
    outcomes = Counter()
    with base_images() as bases, served() as address:
        for seed in range(1, DRAWS + 1):
            outcomes[prove(seed, tmp_path / str(seed), bases, address)] += 1
    for outcome, count in outcomes.most_common():
        note(f"contents: {count} {outcome}")
