"""Apps in C."""

from __future__ import annotations

import pytest
from synth.ways import in_c
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(in_c.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
