"""A machine that never ran the tool decides by the lists of inputs that the stacks carry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_worlds import LIST, OTHER_LIST, UNREADABLE, decided

from rajee_deploy.fingerprint import Input
from rajee_deploy.plan.carried import MOST_BYTES


def test_a_machine_that_never_ran_the_tool_decides_by_the_lists_that_the_stacks_carry(world):
    world.synthesise_by(LIST)
    world.up()
    assert [state.carried for state in world.stacks.stacks.values()] == [LIST, LIST]
    world.move()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None, LIST], "one list is hashed once"
    world.infra = "2"
    assert decided(world)[1:] == ("synth", 1)


def test_where_the_own_list_agrees_nothing_is_hashed_twice(world):
    world.synthesise_by(LIST)
    world.up()
    world.hashed.clear()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None]


def test_each_stack_is_judged_by_its_own_list(world):
    world.proofs = None
    world.synthesise_by(LIST)
    world.up()
    world.infra, world.stacks.app["App"] = "2", "two"
    world.synthesise_by(OTHER_LIST)
    assert world.up() == "infra"
    assert [world.stacks.stacks[name].carried for name in ("Registry", "App")] == [LIST, OTHER_LIST]
    world.move()
    assert decided(world) == ([], "synth", 1), "what Registry was made of is gone"
    world.move()
    registry = world.stacks.stacks["Registry"]
    recorded = {**registry.parameters, "RajeeInfraHash": str(world.infrastructure(LIST).digest)}
    world.stacks.stacks["Registry"] = replace(registry, parameters=recorded)
    assert decided(world) == ([], "hash", 0)
    assert world.hashed[1:] == [None, LIST, OTHER_LIST]


@pytest.mark.parametrize("hostile", [OTHER_LIST, UNREADABLE, {**LIST, "entries": []}])
def test_another_list_than_that_of_the_deployment_costs_a_synth_and_hides_nothing(world, hostile):
    world.synthesise_by(LIST)
    world.up()
    for change in (False, True):
        world.move()
        for name, state in world.stacks.stacks.items():
            world.stacks.stacks[name] = replace(state, carried=hostile)
        world.infra, world.stacks.app["App"] = ("2", "two") if change else ("1", "one")
        steps, tier, synths = decided(world)
        assert (len(steps), tier, synths) == (int(change), "synth", 1)


def test_a_stack_whose_list_was_lost_costs_a_synth(world):
    world.synthesise_by(LIST)
    world.up()
    world.move()
    for name, state in world.stacks.stacks.items():
        world.stacks.stacks[name] = replace(state, carried=None)
    assert decided(world) == ([], "synth", 1)
    assert decided(world) == ([], "hash", 0), "for this machine knows now"


def test_a_list_that_may_not_travel_is_not_sent_and_an_old_one_does_not_stay(world):
    world.synthesise_by(LIST)
    world.up()
    world.publishes, world.infra, world.stacks.app["App"] = False, "2", "two"
    world.up()
    assert world.stacks.stacks["App"].carried is None


def test_an_image_alone_leaves_the_list_and_its_hash(world):
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", '[cdk]\ntag-only = "cloudformation"'))
    world.synthesise_by(LIST)
    world.up()
    recorded = world.stacks.stacks["App"].parameters["RajeeInfraHash"]
    world.move()
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    state = world.stacks.stacks["App"]
    assert (state.parameters["RajeeInfraHash"], state.carried, world.stacks.synths) == (recorded, LIST, 1)


def test_what_is_remembered_goes_with_the_list_of_its_synth(world):
    """A machine that has been elsewhere meanwhile: its list is another, but it knows what these inputs make."""
    world.synthesise_by(LIST)
    world.up()
    for name, state in world.stacks.stacks.items():
        lost = {**state.parameters, "RajeeInfraHash": "sha256:of-other-inputs"}
        world.stacks.stacks[name] = replace(state, parameters=lost)
    world.own = OTHER_LIST
    assert decided(world) == ([], "hash", 0)
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    state = world.stacks.stacks["App"]
    assert state.parameters["RajeeInfraHash"] == str(world.infrastructure(LIST).digest), "never that of another list"


def test_a_kept_assembly_of_a_carried_list_is_deployed_with_that_list(world):
    world.synthesise_by(LIST)
    world.up()
    world.own = OTHER_LIST
    state = world.stacks.stacks["App"]
    world.stacks.stacks["App"] = replace(state, content=replace(state.content, tags={"by": "somebody"}))
    assert world.up() == "infra"
    found = world.stacks.stacks["App"]
    assert (found.carried, found.content.tags, world.stacks.synths) == (LIST, {}, 1)
    assert found.parameters["RajeeInfraHash"] == str(world.infrastructure(LIST).digest)


def test_what_is_not_installed_here_is_told_once(world):
    world.synthesise_by(LIST)
    world.up()
    world.traced = (Input("toolchain-taken:node", "20"), Input("toolchain-taken:cdk-cli", "2"))
    world.move()
    assert world.up() == "noop"
    assert world.talk.getvalue().count("not installed here, taken as recorded: cdk-cli, node\n") == 1


def test_plan_repeats_what_is_left_out_though_synth_reads_it(world):
    world.up()
    world.traced = (Input("ignored:./cdk/notes.md", "by cdk.ignore"),)
    assert world.up() == "noop"
    assert "left out by cdk.ignore, though synth reads it: ./cdk/notes.md\n" in world.talk.getvalue()


LONG = {**LIST, "obstacles": ["x" * MOST_BYTES]}


def test_a_list_that_is_too_long_for_a_template_lies_in_the_registry(world):
    world.synthesise_by(LONG)
    world.up()
    assert [state.carried for state in world.stacks.stacks.values()] == [None, None]
    assert "could not be kept" not in world.talk.getvalue()
    world.move()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None, LONG, LONG], "by each stack's"
    world.move()
    world.infra = "2"
    assert world.up() == "noop"
    assert world.stacks.synths == 2
    world.move()
    assert decided(world) == ([], "hash", 0), "a proof by such a list"


def test_without_a_repository_such_a_list_lies_nowhere_and_that_is_told(world):
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(
        text[text.index("[cdk]") :].replace('"Registry", "App"', '"Registry"')
    )
    world.synthesise_by(LONG)
    world.up()
    assert "so other machines synthesise to decide: the settings have no image" in " ".join(
        world.talk.getvalue().split()
    )
    world.move()
    assert decided(world) == ([], "synth", 1)


def test_a_list_that_no_machine_would_take_stops_nothing(world):
    world.synthesise_by({**LIST, "entries": [["file", "../elsewhere"]]})
    assert world.up() == "first"
    assert [state.carried for state in world.stacks.stacks.values()] == [None, None]
    assert "no other machine would take" in world.talk.getvalue()
    world.infra = "2"
    assert world.up() == "noop"
    assert len(world.proofs.records) == 2, "the proofs alone"
