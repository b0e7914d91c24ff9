"""The rest of the world, by Python."""

from __future__ import annotations

import pytest
from synth.ways import python_rest
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(python_rest.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
