"""The story of images that the app declares itself: deployed by CloudFormation alone, and back, over fakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asset_worlds import AssetProject
from fake_assets import REPOSITORY
from fakes import FakeStacks
from run_worlds import tier

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.render import show_plan
from rajee_deploy.build_record.fields import DIRTY
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import IMAGES_PARAMETER
from rajee_deploy.plan.state import ImageContent
from rajee_deploy.plan.steps import DeployStack, Tier, Via
from rajee_deploy.plan.template_differences import is_recorded
from rajee_deploy.rollout.declared import DeclaredServices


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return lambda **how: AssetProject(root, **how)


@pytest.fixture
def world(make) -> AssetProject:
    return make()


def refused(world, code, tag=None, **more):
    with pytest.raises(DeployError) as caught:
        world.back(tag, **more)
    assert caught.value.code == code
    assert world.runs() == world.second
    return caught.value


def deployment(world) -> tuple[DeployStack, list[str]]:
    plan = plan_run(world.context()).plan
    [step] = [each for each in plan.steps if isinstance(each, DeployStack)]
    return step, [each.code for each in plan.cautions]


def test_a_new_image_alone_goes_by_cloudformation(world):
    assert world.stacks.updated == ["App"]  # the second; the first made the stack
    parameters = world.stacks.stacks["App"].parameters
    assert parameters[IMAGES_PARAMETER] == f"{REPOSITORY} web={world.second},{world.first}"
    assert parameters["RajeeRevision"] == world.revision
    assert tier(world) == ("hash", True, 0)


def test_back_and_forth_by_the_record_of_the_stack(world):
    returns, record = world.back()
    assert (world.runs(), world.done()[0], record.kind) == (world.first, 0, "rollback")
    assert (returns[0].image, returns[0].before, returns[0].target.tag) == ("web", world.second, world.first)
    parameters = world.stacks.stacks["App"].parameters
    assert parameters["RajeeRevision"] == world.git("rev-parse", "HEAD~1")
    world.back()
    assert (world.runs(), world.registry.writes) == (world.second, [])  # no tag is moved there


def test_the_next_up_of_the_same_checkout_deploys_its_image_again(world):
    """Not even its hash lets it find nothing to do."""
    world.back()
    step, _ = deployment(world)
    assert (step.via, step.reason.split(":")[0]) == (Via.CLOUDFORMATION, "the image web changed")
    assert world.up() == "code"
    assert (world.runs(), tier(world)) == (world.second, ("hash", True, 0))


def test_what_the_stack_records_of_its_template_stays_true(world):
    for act in (lambda: None, world.back, world.back, lambda: world.deploy("three"), world.back):
        act()
        state = world.stacks.stacks["App"]
        assert is_recorded(state.parameters["RajeeTemplateHash"], state.content)


def test_a_record_of_the_template_that_was_lost_is_made_anew_where_a_synth_tells(world):
    state = world.stacks.stacks["App"]
    world.put(parameters={**state.parameters, "RajeeTemplateHash": "-"})
    world.deploy("three")
    assert (world.stacks.updated, tier(world)) == (["App", "App"], ("hash", True, 0))


def test_another_machine_synthesises_to_know_it(world):
    world.back()
    world.move()
    run = world.context()
    planned = plan_run(run)
    assert (planned.plan.tier, planned.plan.is_empty, world.stacks.synths) == (Tier.SYNTH, False, 3)
    show_plan(run, planned)
    run.close()
    assert "as after a rollback" in " ".join(world.talk.getvalue().split())


def test_a_deployment_with_the_same_image_keeps_what_ran_before(world):
    world.stacks.app["App"], world.infra = "another", "another"
    assert world.up() == "infra"
    world.back()
    assert world.runs() == world.first


def test_a_tag_that_runs_is_left_as_it_is(world):
    returns, record = world.back(world.second)
    assert (returns[0].is_there, record.kind, world.done()) == (True, "noop", (0, []))
    assert tier(world) == ("hash", True, 0)


def test_a_tag_that_is_named(world):
    third = world.deploy("three")
    world.done()
    world.back(world.first, names=("web",))
    assert world.runs() == world.first
    world.back()
    assert world.runs() == third


def test_without_a_former_tag_nothing_goes_back(make):
    world = make()
    world.stacks.stacks.clear()
    world.second = world.deploy("two")
    assert "rajee-deploy rollback TAG --image web" in refused(world, "no-previous").hint


def test_what_a_stack_records_that_was_never_created_did_not_run(world):
    world.put(status="ROLLBACK_COMPLETE")
    world.second = world.deploy("three")
    refused(world, "no-previous")


def test_an_image_that_the_registry_lost_is_not_promised(world):
    world.lose(world.first)
    error = refused(world, "asset-image-lost")
    assert f"git checkout {world.git('rev-parse', 'HEAD~1')}" in error.hint


def test_of_a_tree_with_changes_it_is_said_that_its_commit_makes_another(world):
    [records] = world.build_records
    for name, kept in records.records.items():
        records.records[name] = replace(kept, notes={**kept.notes, DIRTY: "true"})
    world.lose(world.first)
    assert "not committed" in refused(world, "asset-image-lost").cause


def test_a_repository_that_is_gone_has_no_image(world):
    world.registry.repositories.clear()
    refused(world, "asset-image-lost")


def test_a_template_that_only_the_cdk_cli_can_write_is_left_to_it(world):
    world.put(retag_obstacle="it has nested stacks")
    error = refused(world, "template-not-retaggable")
    assert (error.cause, f"git checkout {world.git('rev-parse', 'HEAD~1')}" in error.hint) == (
        "it has nested stacks",
        True,
    )
    world.edit("three")
    assert deployment(world)[1] == ["tag-only-by-cdk"]
    assert deployment(world)[0].via is Via.CDK
    assert (world.up(), world.stacks.updated) == ("code", ["App"])


def test_a_list_that_leaves_no_room_is_in_the_way_of_up_alone(world):
    world.put(template_size=60_000)
    world.edit("three")
    assert deployment(world)[1] == ["tag-only-by-cdk"]
    world.back()
    assert world.runs() == world.first


def test_what_only_a_build_brings_back_is_nothing_for_cloudformation_alone(world):
    """Where hashes alone decide, no assembly says which images there are to build."""
    world.lose(world.second)
    [step] = plan_run(world.context(check="hash")).plan.steps
    assert isinstance(step, DeployStack)
    assert (step.via, "is gone" in step.reason) == (Via.CDK, True)


def test_the_cdk_cli_deploys_where_the_settings_say_so(make):
    world = make(by="cdk")
    assert (world.stacks.updated, deployment_of_third(world)) == ([], (Via.CDK, []))
    world.back()
    assert world.stacks.updated == ["App"]


def deployment_of_third(world):
    world.edit("three")
    step, codes = deployment(world)
    return step.via, codes


def test_an_image_of_another_platform_does_not_go_back(world):
    digest = world.registry.repositories[REPOSITORY][world.first]
    world.registry.contents[digest] = ImageContent("linux/arm64", world.registry.contents[digest].fingerprint)
    assert "images." not in refused(world, "image-wrong-platform").hint


def test_a_name_that_no_stack_records_is_unknown(world):
    assert refused(world, "unknown-image", names=("other",)).hint == "known: web"


def test_a_stack_that_may_be_somebody_elses_takes_a_synth(world):
    world.stacks.declares = {"App": DeclaredServices(id="Other")}
    world.move()
    world.back()
    assert (world.runs(), world.stacks.synths) == (world.first, 3)
    assert "App: the stack of this name is Other in its app" in " ".join(world.talk.getvalue().split())


def test_somebody_else_who_took_the_image_away_is_told_of(world):
    class Quicker(FakeStacks):
        def update(self, *_):
            state = world.stacks.stacks["App"]
            world.put(images=(), parameters={key: one for key, one in state.parameters.items() if key != "asset:web"})
            raise DeployError("stack-busy", "another operation on stack App is under way")

    with pytest.raises(DeployError) as caught:
        world.back(ports=replace(world.context().ports, updater=Quicker()))
    assert (caught.value.code, "no image web any more" in caught.value.problem) == ("stack-changed", True)


def test_what_is_said_names_images_as_people_do(world):
    world.deploy("three")
    said = world.talk.getvalue()
    assert "build   web" in said
    assert "asset:" not in said
    assert IMAGES_PARAMETER not in said
