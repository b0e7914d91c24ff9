"""Tags are moved by what the registry says now, and never to what it does not have."""

from __future__ import annotations

import pytest
from fakes import FakeRegistry

from rajee_deploy.actions.move_tags import move_tag, with_digests
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.steps import DeployStack, MoveTag, StackChange

ONE, TWO = (Digest("sha256", letter * 64) for letter in "12")
REPOSITORY = Repository("team/app")


@pytest.fixture
def registry():
    return FakeRegistry({"team/app": {"c-1": ONE, "c-2": TWO, "live": ONE}}, {ONE: None, TWO: None})


def move(registry, target, tag="live", repository=REPOSITORY):
    return move_tag(registry, MoveTag("app", repository, tag, target, ""))


@pytest.mark.parametrize(
    ("target", "tag", "digest", "writes"),
    [
        ("c-2", "live", TWO, ["live"]),
        (str(TWO), "live", TWO, ["live"]),
        ("c-1", "prev", ONE, ["prev"]),  # a new tag
        ("c-1", "live", ONE, []),  # it is there already: nothing is written
        (str(ONE), "live", ONE, []),
    ],
)
def test_a_tag_names_what_its_target_names(registry, target, tag, digest, writes):
    assert move(registry, target, tag) == digest
    assert registry.repositories["team/app"][tag] == digest
    assert registry.writes == writes


@pytest.mark.parametrize(("target", "repository"), [("c-3", REPOSITORY), ("c-1", Repository("team/none"))])
def test_what_is_gone_is_an_error_and_nothing_is_written(registry, target, repository):
    with pytest.raises(DeployError) as caught:
        move(registry, target, repository=repository)
    assert (caught.value.code, caught.value.where) == ("image-gone", f"{repository}:{target}")
    assert registry.writes == []


def test_digests_take_the_place_of_what_was_said_for_people(registry):
    step = DeployStack(
        "App",
        (("One", "the digest of c-1"), ("Two", "the digest of c-2"), ("Other", "x")),
        "",
        (StackChange.TAG,),
        digests=(("One", REPOSITORY, "c-1"), ("Two", REPOSITORY, "c-2")),
    )
    assert with_digests(registry, step).parameters == (("One", str(ONE)), ("Two", str(TWO)), ("Other", "x"))


def test_a_digest_that_is_gone_is_an_error(registry):
    step = DeployStack("App", (("One", "?"),), "", (StackChange.TAG,), digests=(("One", REPOSITORY, "c-3"),))
    with pytest.raises(DeployError) as caught:
        with_digests(registry, step)
    assert (caught.value.code, caught.value.where) == ("image-gone", "team/app:c-3")
