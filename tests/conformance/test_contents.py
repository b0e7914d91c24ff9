"""Random builds: the image that we build has the contents that docker's own build gives it."""

from __future__ import annotations

from collections import Counter

import pytest
from conformance.base_images import base_images
from conformance.drafts import make_draft
from conformance.same_contents import prove
from conformance.served import served

pytestmark = pytest.mark.docker

SEEDS = (3, 5, 12, 15, 20, 22)  # chosen for what they draw: see the assertions


@pytest.mark.proof
def test_a_few_random_builds(tmp_path, note):
    """The long run of this is tests/proof."""
    outcomes = Counter()
    with base_images() as bases, served() as address:
        drafts = [make_draft(seed, "/place", bases.all, address) for seed in SEEDS]
        for seed in SEEDS:
            outcomes[prove(seed, tmp_path / str(seed), bases, address)] += 1
    for outcome, count in outcomes.most_common():
        note(f"contents: {count} {outcome}")
    assert {draft.is_locked for draft in drafts if address in draft.dockerfile} == {True, False}
    assert any(draft.ours for draft in drafts)
    assert all("equal" in outcome for outcome in outcomes)
