"""Apps that are scripts, and commands that a shell reads."""

from __future__ import annotations

import pytest
from synth.ways import shell
from synth.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(shell.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
