"""Outputs that people look for: addresses first, nothing that stacks only tell each other."""

from __future__ import annotations

import pytest

from rajee_deploy.plan.shown_outputs import shown_outputs

ALL = [
    ("ExportsOutputRefVpc", "vpc-1"),
    ("Name", "n"),
    ("RajeeState", "x/y"),
    ("Url", "https://u"),
    ("Api", "http://a"),
]


@pytest.mark.parametrize(
    ("whole", "names"),
    [(False, ["Api", "Url", "Name"]), (True, ["Api", "Url", "ExportsOutputRefVpc", "Name", "RajeeState"])],
)
def test_which_and_in_which_order(whole, names):
    assert [name for name, _ in shown_outputs(ALL, whole=whole)] == names
