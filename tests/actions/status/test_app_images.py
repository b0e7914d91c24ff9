"""What status tells of images that the app declares itself, over fakes: it never synthesises."""

from __future__ import annotations

import re

import pytest
from asset_worlds import AssetProject
from fake_assets import REPOSITORY
from fakes import FakeRegistry
from status_screens import lines

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.status.look import look
from rajee_deploy.actions.status.rows import document
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input


@pytest.fixture
def world(tmp_path, monkeypatch) -> AssetProject:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return AssetProject(root)


def told(world):
    synths = world.stacks.synths
    found = look(world.context())
    assert world.stacks.synths == synths
    return document(found)["stacks"]["App"]["images"]["web"], "\n".join(lines(found))


def test_what_is_this_checkouts(world):
    image, text = told(world)
    digest = world.registry.repositories[REPOSITORY][world.second]
    assert image == {
        "parameter": None,
        "deployed": world.second,
        "here": world.second,
        "matches": True,
        "doubt": None,
        "repository": REPOSITORY,
        "former": world.first,
        "digest": str(digest),
        "gone": False,
        "tasks": None,
    }
    assert re.search(rf"= web +{world.second[:14]} +this checkout: same", text)


def test_after_a_rollback_a_remembered_synth_tells(world):
    world.back()
    image, text = told(world)
    assert (image["deployed"], image["here"], image["matches"]) == (world.first, world.second, False)
    assert f"this checkout: {world.second[:14]}" in text


def test_after_an_edit_only_a_synth_tells_and_none_is_made(world):
    world.edit("three")
    image, text = told(world)
    assert (image["here"], image["matches"]) == (None, None)
    assert "a synth would tell: rajee-deploy plan" in text
    plan_run(world.context())
    image, _ = told(world)
    assert (image["here"], image["matches"]) == (plan_run(world.context()).wanted.images[0].tag, False)


def test_an_image_that_the_registry_lost(world):
    world.lose(world.second)
    image, text = told(world)
    assert (image["gone"], image["digest"], image["matches"]) == (True, None, True)
    assert f"{REPOSITORY} does not have it any more" in text


class Silent(FakeRegistry):
    def find(self, *_):
        raise DeployError("access-denied", "no")


def test_a_registry_that_does_not_answer_is_a_doubt(world):
    world.registry = Silent()
    image, text = told(world)
    assert (image["gone"], image["matches"]) == (None, True)
    assert "what the registry has is not known" in text


def test_an_app_that_does_what_cannot_be_followed_is_not_remembered(world):
    """Its hash says nothing, so no earlier synth of the same hash does."""
    world.traced = (Input("impure:clock", "it reads the clock"),)
    world.up()
    image, _ = told(world)
    assert (image["here"], image["matches"]) == (None, None)
