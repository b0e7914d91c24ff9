"""What the CDK CLI and our own settings hand on."""

from __future__ import annotations

import pytest
from synth.ways import of_the_cdk
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


# Context values take a run of the CDK CLI for each change; what they do to a hash: synth/test_inputs.
CONTEXT, *OTHERS = of_the_cdk.WAYS


@pytest.mark.parametrize("way", [pytest.param(CONTEXT, marks=pytest.mark.proof), *sampled(tuple(OTHERS))], ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
