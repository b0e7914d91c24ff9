"""Apps in Python."""

from __future__ import annotations

import pytest
from stack.ways import python_files, python_rest

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize("way", (*python_files.WAYS, *python_rest.WAYS), ids=str)
def test_what_the_app_sees_is_what_is_hashed(check, way):
    check(way)
