"""The table of readers with every odd value at every place, and many more broken samples."""

from __future__ import annotations

import pytest
from foreign_readers import READERS
from test_foreign_readers import SAMPLES, fuzz, replace_all


@pytest.mark.parametrize("name", SAMPLES)
def test_every_odd_value_at_every_place(name):
    replace_all(name, every=1)


@pytest.mark.parametrize("name", READERS)
def test_many_broken_samples(name):
    fuzz(name, 2000)
