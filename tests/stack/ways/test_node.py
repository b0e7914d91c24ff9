"""Apps in JavaScript."""

from __future__ import annotations

import pytest
from stack.ways import node
from stack.ways.way import sampled

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", sampled(node.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
