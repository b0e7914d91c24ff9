"""What is remembered of secrets: enough to know them again, and only as long as nobody else updated the stack."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rajee_deploy.plan.state import StackPresent
from rajee_deploy.stack.secret_values import KEPT, NAME, LocalSecretValues
from rajee_deploy.system.ours import without_ours

STATE = StackPresent("UPDATE_COMPLETE", {}, {}, since="2026-01-01T00:00:00+00:00", identifier="arn:1")
LATER = replace(STATE, since="2026-01-01T00:00:01+00:00")
VALUES = {"Key": "canary", "Other": "ü\udcff"}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def known(place):
    found = LocalSecretValues(place)
    found.keep(STATE, VALUES)
    return found


def test_equal_and_other_values_are_told_apart(known):
    assert known.compare(STATE, {**VALUES, "Other": "x", "Third": "x"}) == {"Key": True, "Other": False}


@pytest.mark.parametrize(
    "state", [LATER, replace(STATE, identifier="arn:2"), replace(STATE, since=""), replace(STATE, identifier="")]
)
def test_nothing_is_known_of_another_update_or_another_stack(known, state):
    assert known.compare(state, VALUES) == {}


def test_what_was_not_given_again_stays_known_where_nobody_came_in_between(known):
    known.keep(LATER, {"Other": "new"}, STATE)
    assert known.compare(LATER, {"Key": "canary", "Other": "new"}) == {"Key": True, "Other": True}
    known.keep(STATE, {"Other": "new"}, replace(STATE, since="x"))
    assert known.compare(STATE, {"Key": "canary", "Other": "new"}) == {"Other": True}
    known.keep(LATER, {})
    assert known.compare(LATER, VALUES) == {}


@pytest.mark.usefixtures("known")
def test_the_file_is_for_this_user_alone_and_has_no_value(place):
    path = place / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert "canary" not in path.read_text()
    assert without_ours(place) == [], "and it is no input of a build"


def test_two_machines_and_two_stacks_have_other_digests(known, place, tmp_path):
    LocalSecretValues(tmp_path / "other").keep(STATE, VALUES)
    known.keep(replace(STATE, identifier="arn:2"), VALUES)
    texts = [json.loads((each / NAME).read_text())["stacks"] for each in (place, tmp_path / "other")]
    digests = [stack["values"]["Key"] for stacks in texts for stack in stacks.values()]
    assert len({*digests}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "rajee-deploy.secret-values/1"}',
        "null",
        '{"schema": "rajee-deploy.secret-values/1", "key": "", "stacks": {}}',
        '{"schema": "rajee-deploy.secret-values/1", "key": "' + "0" * 64 + '", "stacks": {"arn:1": 1}}',
    ],
)
def test_a_damaged_file_says_nothing_and_is_written_anew(known, place, text):
    (place / NAME).write_text(text)
    assert known.compare(STATE, VALUES) == {}
    known.keep(STATE, VALUES)
    assert known.compare(STATE, {"Key": "canary"}) == {"Key": True}


def test_without_secrets_nothing_is_written(place):
    LocalSecretValues(place).keep(STATE, {})
    assert not place.exists()


def test_the_newest_stacks_are_kept(known):
    for number in range(KEPT):
        known.keep(replace(STATE, identifier=f"arn:new-{number}"), VALUES)
    assert known.compare(STATE, VALUES) == {}
    assert known.compare(replace(STATE, identifier="arn:new-0"), VALUES)
