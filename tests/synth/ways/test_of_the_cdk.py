"""What the CDK CLI and our own settings hand on."""

from __future__ import annotations

import pytest
from synth.ways import of_the_cdk
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(of_the_cdk.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
