"""Apps in TypeScript."""

from __future__ import annotations

import pytest
from synth.ways import typescript
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(typescript.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
