"""Which list a stack is judged by, and what may be recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import pytest

from rajee_deploy.actions.lists import by_their_lists, what_is_remembered
from rajee_deploy.aws import Identity
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest
from rajee_deploy.model.names import INFRA_PARAMETER
from rajee_deploy.plan.carried import SCHEMA
from rajee_deploy.plan.state import StackAbsent, StackContent, StackPresent, Synthesised

WHO = Identity("123456789012", "us-east-1")
LIST = {"schema": SCHEMA, "entries": [["file", "a"]], "variables": [], "toolchain": {}, "obstacles": []}
OTHER = {**LIST, "entries": [["file", "b"]]}
LOCAL, OWN = (Fingerprint("s", Digest("sha256", letter * 64), ()) for letter in "ab")
MADE = {letter: Synthesised(StackContent(letter)) for letter in "ab"}


def present(recorded: str = "-", carried=LIST) -> StackPresent:
    return StackPresent("UPDATE_COMPLETE", {INFRA_PARAMETER: recorded}, {}, carried=carried)


@dataclass
class Hashing:
    """Hashes by a list: what it was asked, and what it answers."""

    answer: Fingerprint = OWN
    asked: list[object] = field(default_factory=list)

    def __call__(self, document) -> Fingerprint:
        self.asked.append(document)
        if document == OTHER:
            raise DeployError("unreadable", "an input cannot be read")
        return self.answer


@pytest.mark.parametrize(
    ("state", "found", "asked"),
    [
        (StackAbsent(), {}, 0),
        (present(carried=None), {}, 0),
        (present(str(LOCAL.digest)), {}, 0),
        (present(str(OWN.digest)), {"App": OWN}, 1),
        (present(), {"App": OWN}, 1),
        (StackPresent("UPDATE_COMPLETE", {}, {}, carried=LIST), {"App": OWN}, 1),
        (present(carried=OTHER), {}, 1),
    ],
)
def test_when_a_stack_is_hashed_by_its_own_list(state, found, asked):
    hashing = Hashing()
    assert by_their_lists({"App": state}, LOCAL, hashing) == found
    assert len(hashing.asked) == asked


def test_one_list_is_hashed_once():
    hashing = Hashing()
    states = {"A": present(), "B": present(carried=dict(reversed(LIST.items()))), "C": present(carried=OTHER)}
    states["D"] = present(carried=OTHER)
    assert by_their_lists(states, LOCAL, hashing) == {"A": OWN, "B": OWN}
    assert hashing.asked == [LIST, OTHER]


def test_a_list_that_says_the_same_is_no_other():
    assert by_their_lists({"App": present()}, LOCAL, Hashing(LOCAL)) == {}


class Store:
    """What is remembered of which fingerprints."""

    def __init__(self, fingerprints) -> None:
        letters = {LOCAL: "a", OWN: "b"}
        self._known = {f"{WHO.account}/{WHO.region}/{each.digest}": letters[each] for each in fingerprints}

    def remember(self, key):
        return {"App": MADE[self._known[key]]} if key in self._known else {}


@dataclass
class Remembering:
    """As much of a Synthesiser as is asked."""

    adopt = None

    store: Store


@pytest.mark.parametrize(("local", "own", "matches"), list(product([False, True], repeat=3)))
def test_a_verdict_and_its_fingerprint_belong_together(local, own, matches):
    """A deployment of the image alone records the fingerprint that the stack is judged with: it must be one under the
    list of the synth whose verdict was taken."""
    store = Store([each for each, there in ((LOCAL, local), (OWN, own)) if there])
    states = {"App": present(str(OWN.digest) if matches else "-")}
    fingerprints, known = what_is_remembered(Remembering(store), LOCAL, {"App": OWN}, states, WHO)
    judged_with = fingerprints.get("App", LOCAL)
    if "App" in known:
        assert known["App"] is {LOCAL: MADE["a"], OWN: MADE["b"]}[judged_with]
    if matches or own:
        assert judged_with is OWN
    assert bool(known) == (own or (local and not matches))
