"""An edit that changes no template is synthesised once, for everybody."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from fakes import FakeRegistry
from run_worlds import LIST, OTHER_LIST, UNREADABLE, World, decided

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.build_record.store import Record
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input
from rajee_deploy.plan.carried import encode


@pytest.fixture
def edited(world) -> World:
    """A comment was edited since the deployment: other inputs, the same templates. Nobody has synthesised it yet."""
    world.synthesise_by(LIST)
    world.up()
    world.infra = "2"
    world.move()
    return world


def test_an_edit_that_changes_no_template_is_synthesised_once_for_everybody(edited):
    assert edited.up() == "noop"
    assert edited.stacks.synths == 2
    edited.move()
    assert decided(edited) == ([], "hash", 0)
    assert edited.up() == "noop"
    assert edited.stacks.synths == 2
    proofs = [json.loads(gzip.decompress(record.document)) for record in edited.proofs.records.values()]
    assert sorted(said["stack"] for said in proofs) == ["App", "Registry"]


@pytest.mark.parametrize("check", ["auto", "hash"])
def test_a_proof_is_of_these_inputs_and_of_this_template_alone(edited, check):
    edited.up()
    edited.move()
    assert decided(edited, check=check) == ([], "hash", 0)
    app = edited.stacks.stacks["App"]
    others = {
        "inputs": lambda: setattr(edited, "infra", "3"),
        "template": lambda: edited.stacks.stacks.update(App=replace(app, content=replace(app.content, template="x"))),
        "list": lambda: edited.stacks.stacks.update(App=replace(app, carried=OTHER_LIST)),
    }
    for change in others.values():
        edited.infra, edited.stacks.stacks["App"] = "2", app
        change()
        edited.move()
        steps, tier, synths = decided(edited, check=check)
        assert (tier, synths) == ("synth", 1) if check == "auto" else steps != []


def test_a_plan_keeps_no_proof_and_the_run_after_it_does(edited):
    assert decided(edited) == ([], "synth", 1)
    assert edited.proofs.records == {}
    edited.up()
    assert len(edited.proofs.records) == 2
    assert edited.stacks.synths == 2


def test_equal_hashes_ask_for_no_proof(world):
    world.synthesise_by(LIST)
    world.up()
    before = world.registry.looks
    world.up()
    assert world.registry.looks == before + 1
    assert world.proofs.records == {}


def test_where_a_synth_is_asked_for_no_proof_is_enough(edited):
    edited.up()
    edited.move()
    assert decided(edited, check="synth") == ([], "synth", 1)


def test_an_app_that_no_hash_can_follow_proves_nothing(edited):
    edited.traced = (Input("impure:0", "app.py:1 forks"),)
    edited.up()
    assert edited.proofs.records == {}
    edited.traced = ()
    edited.move()
    edited.up()
    edited.traced = (Input("impure:0", "app.py:1 forks"),)
    edited.move()
    assert decided(edited)[1:] == ("synth", 1)


def test_a_proof_that_cannot_be_kept_or_asked_for_costs_a_synth(edited):
    edited.proofs.fails = True
    assert edited.up() == "noop"
    assert "what synth found out could not be kept" in edited.talk.getvalue()
    edited.proofs.fails = False
    edited.up()
    edited.move()
    run = edited.context()

    class Silent(FakeRegistry):
        def find(self, repository, references):
            if any(reference.startswith("m-") for reference in references):
                raise DeployError("throttled", "AWS throttled the call")
            return super().find(repository, references)

    run.ports = replace(run.ports, registry=Silent(edited.registry.repositories, edited.registry.contents))
    assert plan_run(run).plan.tier.value == "synth"


def test_an_app_without_images_has_no_place_for_proofs(edited):
    text = (edited.root / "rajee-deploy.toml").read_text()
    (edited.root / "rajee-deploy.toml").write_text(
        text[text.index("[cdk]") :].replace('"Registry", "App"', '"Registry"')
    )
    assert edited.up() == "noop"
    assert edited.proofs.records == {}


def test_an_edit_that_reads_more_and_makes_the_same_leads_on_to_its_list(edited):
    """The deployed list is of the former synth; the next edit leads on from there."""
    edited.synthesise_by(OTHER_LIST)
    assert edited.up() == "noop"
    edited.move()
    assert decided(edited) == ([], "hash", 0)
    edited.move()
    edited.infra = "3"
    assert decided(edited)[1:] == ("synth", 1)


@pytest.mark.parametrize("planted", [UNREADABLE, {**LIST, "entries": [["file", "another.py"]]}, None])
def test_a_list_that_somebody_planted_in_the_registry_costs_a_synth_and_no_more(edited, planted):
    edited.synthesise_by(OTHER_LIST)
    edited.up()
    lists = {key: one for key, one in edited.proofs.records.items() if b"proof" not in gzip.decompress(one.document)}
    assert len(lists) == 2
    text = encode(planted).encode() if planted else b"no list"
    for key in lists:
        edited.proofs.records[key] = Record(gzip.compress(text))
    edited.move()
    assert decided(edited) == ([], "synth", 1)
    edited.move()
    edited.stacks.app["App"] = "two"
    steps, tier, synths = decided(edited)
    assert (len(steps), tier, synths) == (1, "synth", 1)


def test_a_record_that_is_no_document_is_no_list(edited):
    edited.synthesise_by(OTHER_LIST)
    edited.up()
    for key in list(edited.proofs.records):
        edited.proofs.records[key] = Record(b"\x1f\x8b cut off")
    edited.move()
    assert decided(edited) == ([], "synth", 1)
