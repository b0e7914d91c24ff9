"""What moved between the fingerprint before a synth and the one after it."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.synthesise import _changes, _is_moving
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.model import Digest

WHOLE = Input("record", "whole")


def fingerprint(*inputs: Input) -> Fingerprint:
    return Fingerprint("x", Digest("sha256", "0" * 64), inputs)


ONE, TWO = Input("file:cdk.json", "1"), Input("file:cdk.json", "2")
OTHER = Input("file:app.py", "1")
CASES = {
    "nothing": ((ONE,), (ONE,), set()),
    "another value": ((ONE,), (TWO,), {"file:cdk.json"}),
    "a new file of a walk": ((ONE,), (ONE, OTHER), {"file:app.py"}),
    "the first whole record names all anew": ((ONE, OTHER), (ONE, WHOLE, Input("traced:file:./app.py", "1")), set()),
    "and what both name may not change": ((ONE, OTHER), (TWO, WHOLE), {"file:cdk.json"}),
    "a walk after a whole record": ((ONE, WHOLE, Input("traced:file:./app.py", "1")), (ONE, OTHER), set()),
    "a new file beside whole records": ((ONE, WHOLE), (ONE, OTHER, WHOLE), {"file:app.py"}),
    "a traced value that changed": (
        (WHOLE, Input("traced:file:./a", "1")),
        (WHOLE, Input("traced:file:./a", "2")),
        {"traced:file:./a"},
    ),
    "an image that changed": (
        (WHOLE, Input("image:1:api", "1")),
        (WHOLE, Input("image:1:api", "2")),
        {"image:1:api"},
    ),
    "an image that is built in another way": (
        (WHOLE, Input("image:1:api", "1")),
        (WHOLE, Input("image:2:api", "2")),
        set(),
    ),
    "a name that the synth found": ((WHOLE,), (WHOLE, Input("traced:file:./a", "1")), set()),
}


@pytest.mark.parametrize("what", CASES)
def test_what_changed(what):
    before, after, expected = CASES[what]
    assert {item.name for item in _changes(fingerprint(*before), fingerprint(*after))} == expected


def test_what_changed_during_a_synth_moves():
    assert _is_moving(fingerprint(ONE, Input("impure:0", "./a changed during the synth")))
    assert not _is_moving(fingerprint(ONE, Input("impure:0", "connects to the network")))
    assert not _is_moving(fingerprint(Input("env:A", "changed during the synth")))
