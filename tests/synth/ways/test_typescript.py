"""Apps in TypeScript."""

from __future__ import annotations

import pytest
from sampled import some
from synth.ways import typescript

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", some("ways of looking at the world", typescript.WAYS, 24), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
