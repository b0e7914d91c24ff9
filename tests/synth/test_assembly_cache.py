"""Kept assemblies: taken whole and checked, or not at all."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import pytest

from rajee_deploy.plan.parameters import Declared
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.synth import assembly_cache as stores
from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.system.ours import MARKER

STACKS = {
    "App": Synthesised(
        StackContent("t", {"a": "b"}, ("arn",), termination_protection=True),
        ("P",),
        ("V",),
        leaves_topics=False,
        sent="s",
        declared={"P": Declared("Number", has_default=True, is_secret=True, is_used=False)},
    )
}


@pytest.fixture
def made(tmp_path):
    """An assembly with an asset, a link and an executable in it."""
    root = tmp_path / "made"
    (root / "asset.1").mkdir(parents=True)
    (root / "manifest.json").write_text('{"artifacts": {}}')
    (root / "asset.1" / "run.sh").write_text("echo")
    (root / "asset.1" / "run.sh").chmod(0o755)
    (root / "asset.1" / "link").symlink_to("run.sh")
    source = {"files": {"1": {"source": {"path": "asset.1", "packaging": "zip"}}}}
    (root / "App.assets.json").write_text(json.dumps(source))
    return root


@pytest.fixture
def store(tmp_path):
    return AssemblyStore(tmp_path / "store")


def test_what_is_kept_is_taken_as_it_was(store, made, tmp_path):
    store.keep("key", made, STACKS)
    assert store.remember("key") == STACKS
    assert store.take("key", tmp_path / "taken")
    taken = tmp_path / "taken"
    assert {str(path.relative_to(taken)) for path in taken.rglob("*")} == {
        "manifest.json",
        "App.assets.json",
        "asset.1",
        "asset.1/run.sh",
        "asset.1/link",
    }
    assert (taken / "asset.1" / "run.sh").stat().st_mode & 0o111
    assert (taken / "asset.1" / "link").is_symlink()


def test_a_look_at_the_templates_takes_no_asset(store, made, tmp_path):
    store.keep("key", made, STACKS)
    assert store.take("key", tmp_path / "looked", whole=False)
    assert sorted(path.name for path in (tmp_path / "looked").iterdir()) == ["App.assets.json", "manifest.json"]
    (place,) = (tmp_path / "store").glob("*/cdk.out")
    (place / "asset.1" / "run.sh").write_text("other")
    assert store.take("key", tmp_path / "again", whole=False)
    assert not store.take("key", tmp_path / "taken")
    (place / "manifest.json").write_text("{")
    assert not store.take("key", tmp_path / "damaged", whole=False)
    assert not (tmp_path / "damaged").exists()


def test_what_an_older_release_kept_is_not_remembered(store, made, tmp_path):
    """It knew nothing of the parameters that a template declares."""
    store.keep("key", made, STACKS)
    (record,) = (tmp_path / "store").glob("*/record.json")
    document = json.loads(record.read_text())
    del document["stacks"]["App"]["declared"]
    record.write_text(json.dumps(document))
    assert store.remember("key") == {}


def test_nothing_is_known_of_another_key(store, made, tmp_path):
    store.keep("key", made, STACKS)
    assert store.remember("other") == {}
    assert not store.take("other", tmp_path / "taken")


DAMAGES = {
    "content": lambda place: (place / "cdk.out" / "manifest.json").write_text("{}"),
    "mode": lambda place: (place / "cdk.out" / "asset.1" / "run.sh").chmod(0o644),
    "more": lambda place: (place / "cdk.out" / "more").touch(),
    "less": lambda place: (place / "cdk.out" / "asset.1" / "run.sh").unlink(),
    "record": lambda place: (place / "record.json").write_text("{"),
    "half a record": lambda place: (place / "record.json").write_text("[]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_assembly_is_not_taken(store, made, tmp_path, damage):
    store.keep("key", made, STACKS)
    (place,) = (path for path in (tmp_path / "store").iterdir() if path.name != MARKER)
    DAMAGES[damage](place)
    assert not store.take("key", tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


@pytest.mark.parametrize(
    "document",
    [
        {"files": {"1": {"source": {"path": "/elsewhere/asset"}}}},
        {"files": {"1": {"source": {"path": "../asset"}}}},
        {"files": {"1": {"source": {"executable": ["make"]}}}},
        {"dockerImages": {"1": {"source": {"directory": "/elsewhere"}}}},
    ],
)
def test_an_assembly_that_points_outside_of_itself_is_remembered_but_not_kept(store, made, tmp_path, document):
    (made / "App.assets.json").write_text(json.dumps(document))
    store.keep("key", made, STACKS)
    assert store.remember("key") == STACKS
    assert not store.take("key", tmp_path / "taken")


def test_an_assembly_with_look_ups_to_make_is_not_kept(store, made, tmp_path):
    (made / "manifest.json").write_text('{"missing": [{}]}')
    store.keep("key", made, STACKS)
    assert not store.take("key", tmp_path / "taken")


@pytest.mark.parametrize(
    ("manifest", "asset", "kept"),
    [
        ({}, "../asset.1", True),
        ({}, "../../elsewhere", False),
        ({"missing": [{}]}, "../asset.1", False),
    ],
)
def test_a_stage_is_looked_into(store, made, tmp_path, manifest, asset, kept):
    stage = made / "assembly-Dev"
    stage.mkdir()
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Dev"}}
    (made / "manifest.json").write_text(json.dumps({"artifacts": {"assembly-Dev": nested}}))
    (stage / "manifest.json").write_text(json.dumps({"artifacts": {}, **manifest}))
    (stage / "DevApi.assets.json").write_text(json.dumps({"files": {"1": {"source": {"path": asset}}}}))
    store.keep("key", made, STACKS)
    assert store.take("key", tmp_path / "taken") is kept


def test_places_are_remembered_and_a_record_without_any_says_nothing(store, made, tmp_path):
    place = StackPlace("Dev/Api", "Dev-Api", "222222222222", "us-east-1", "role", "id", "lookup", "other")
    stacks = {name: replace(stack, place=place) for name, stack in STACKS.items()}
    store.keep("key", made, stacks)
    assert store.remember("key") == stacks
    (record,) = (tmp_path / "store").rglob("record.json")
    document = json.loads(record.read_text())
    del document["stacks"]["App"]["place"]
    record.write_text(json.dumps(document))
    assert store.remember("key") == {}


def test_their_number_is_bounded(store, made, tmp_path):
    for number in range(stores.REMEMBERED + 3):
        store.keep(f"key {number}", made, STACKS)
    places = [path for path in (tmp_path / "store").iterdir() if path.name != MARKER]
    assert len(places) == stores.REMEMBERED
    assert sum((place / "cdk.out").is_dir() for place in places) == stores.KEPT
    assert store.take(f"key {stores.REMEMBERED + 2}", tmp_path / "taken")


def test_a_place_that_cannot_be_written_costs_nothing_but_the_next_synth(made, tmp_path):
    (tmp_path / "file").touch()
    store = AssemblyStore(tmp_path / "file" / "store")
    store.keep("key", made, STACKS)
    assert store.remember("key") == {}


def test_a_draft_of_a_run_that_was_killed_goes_after_a_day(tmp_path, made):
    store = AssemblyStore(tmp_path / "store")
    for name, age in ((".new-young", 0), (".new-old", 25 * 3600)):
        (tmp_path / "store" / name / "cdk.out").mkdir(parents=True)
        os.utime(tmp_path / "store" / name, (time.time() - age,) * 2)
    store.keep("key", made, STACKS)
    assert sorted(path.name for path in (tmp_path / "store").glob(".new-*")) == [".new-young"]


def test_the_last_synth_is_the_one_that_was_kept_last(store, made, tmp_path):
    assert store.latest() == ("", {})
    for number, name in enumerate(("one", "two"), 1):
        store.keep(name, made, {name: STACKS["App"]}, f"account {name}")
        record = max((tmp_path / "store").rglob("record.json"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(record, ns=(number, number))
    assert store.latest() == ("account two", {"two": STACKS["App"]})
