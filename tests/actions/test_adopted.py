"""The story of images that the app declares: found, built, deployed, and seen to be so; and what others do to them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from adopted_worlds import OTHER_REPOSITORY, REPOSITORY, AdoptedWorld
from synth.image_assemblies import function, inner_stack, task, version

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import IMAGES_PARAMETER, INFRA_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan import planner
from rajee_deploy.plan.steps import BuildAndPush, DeployStack

INNER = "AppInner.nested.template.json"


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return lambda **how: AdoptedWorld(root, **how)


@pytest.fixture
def world(make) -> AdoptedWorld:
    """Two images, deployed."""
    made = make(web="w1", api="a1")
    made.up()
    assert made.runs() == ["w1", "a1"]
    made.done()
    return made


def parameters(world, stack="App"):
    return world.cloud.stacks[stack]["parameters"]


def settled(world) -> None:
    """One `up` puts all right that is not, and then nothing is left to do, here and on a fresh machine."""
    world.up()
    assert world.runs() == world.wants()
    world.done()
    assert world.tier()[:2] == ("hash", True)
    assert world.up() == "noop"
    assert world.done() == (0, [])
    world.move()
    assert world.tier()[1]


def test_up_builds_all_before_it_deploys_and_then_finds_nothing_to_do(make):
    world = make(web="w1", api="a1")
    plan = plan_run(world.context()).plan
    assert [type(step) for step in plan.steps] == [BuildAndPush, BuildAndPush, DeployStack]
    assert {step.image for step in plan.steps if isinstance(step, BuildAndPush)} == {"Task.web", "Task.api"}
    assert world.up() != "noop"
    assert world.done() == (2, ["App"])
    tags = world.tags()
    assert parameters(world)[IMAGES_PARAMETER] == f"{REPOSITORY} Task.api={tags[1]} Task.web={tags[0]}"
    assert world.up() == "noop"
    assert world.tier() == ("hash", True, 0)


def test_a_synth_that_is_asked_for_says_the_same(world):
    assert world.tier(check="synth") == ("synth", True, 1)


def test_another_machine_needs_no_synth_either(world):
    world.move()
    assert world.tier() == ("hash", True, 0)


def test_what_no_dockerfile_reads_changes_nothing(world):
    world.edit("web", "w1", readme="new")
    assert world.tier() == ("hash", True, 0)
    assert world.tier(check="synth") == ("synth", True, 1)


@pytest.mark.parametrize(("program", "times"), [("finch", 1), ("docker", 0)])
def test_another_program_that_the_cdk_cli_would_build_with_is_told_of_once(world, monkeypatch, program, times):
    monkeypatch.setenv("CDK_DOCKER", program)
    world.edit("web", "w2")
    run = world.context()
    recorded_run(run, 5)
    assert sum("CDK_DOCKER (finch)" in told.message for told in run.console.warned) == times


def test_an_edit_builds_one_image(world):
    before = world.tags()
    world.edit("web", "w2")
    assert world.up() != "noop"
    assert world.done() == (1, ["App"])
    assert world.runs() == ["w2", "a1"]
    assert world.tags()[1] == before[1]
    settled(world)


def test_the_plan_and_what_is_done_agree(world):
    world.edit("api", "a2")
    planned = plan_run(world.context()).plan
    _, record = recorded_run(world.context(), 5)
    assert (
        record.built == tuple(step.image for step in planned.steps if isinstance(step, BuildAndPush)) == ("Task.api",)
    )
    assert world.done() == (1, ["App"])


def test_an_edit_of_the_rest_builds_nothing(world):
    world.app.note = "2"
    world.up()
    assert world.done() == (0, ["App"])
    settled(world)


def test_back_to_what_was_built_before_builds_nothing(world):
    world.edit("web", "w2")
    world.up()
    world.edit("web", "w1")
    world.done()
    world.up()
    assert world.done() == (0, ["App"])
    settled(world)


def test_a_remembered_synth_of_other_images_takes_its_kept_assembly(world):
    """And no node."""
    world.edit("web", "w2")
    world.up()
    world.edit("web", "w1")
    _, is_empty, synths = world.tier()
    assert (is_empty, synths) == (False, 0)
    world.up()
    assert world.runs() == ["w1", "a1"]


def test_images_that_changed_places(world):
    world.edit("web", "a1")
    world.edit("api", "w1")
    world.up()
    assert world.done() == (0, ["App"])
    settled(world)


def test_images_of_one_content_are_one_and_are_two_again(world):
    world.edit("api", "w1")
    world.up()
    assert world.done() == (0, ["App"])
    assert len({*world.tags()}) == 1
    settled(world)
    world.edit("api", "a2")
    world.up()
    assert world.done() == (1, ["App"])
    settled(world)


def two_stacks(app, assembly):
    for name in ("One", "Two"):
        [found] = app.hashes(assembly).values()
        template = {"Resources": {"Task": {**task(found), "Metadata": {"note": app.note}}}}
        assembly.stack(name, template, {found: assembly.image(found, "Task/web/AssetImage")})


def test_an_image_that_two_stacks_run_is_built_once(make):
    world = make(web="w1")
    world.app.write = two_stacks
    world.set(stacks='"One", "Two"')
    world.up()
    assert world.done() == (1, ["One", "Two"])
    assert world.runs("One") == world.runs("Two") == ["w1"]
    assert world.tier() == ("hash", True, 0)
    world.edit("web", "w2")
    world.up()
    assert world.done() == (1, ["One", "Two"])
    assert world.runs("One") == world.runs("Two") == ["w2"]


def test_one_of_two_stacks_with_the_same_image_that_was_edited_by_hand(make):
    world = make(web="w1")
    world.app.write = two_stacks
    world.set(stacks='"One", "Two"')
    world.up()
    world.edit("web", "w2")
    world.up()
    world.done()
    old = next(
        tag for tag in world.registry.repositories[REPOSITORY] if tag.startswith("c-") and tag not in world.tags("One")
    )
    by_hand(world, "Two", {world.tags("Two")[0]: old}, template=True, record=True)
    assert world.runs("Two") == ["w1"]
    world.up()
    assert world.done() == (0, ["Two"])
    assert world.runs("Two") == ["w2"]


def test_an_image_that_the_registry_lost_is_made_again(world):
    lost = world.tags()[0]
    del world.registry.repositories[REPOSITORY][lost]
    assert world.tier()[1] is False
    world.up()
    assert world.done()[0] == 1
    assert lost in world.registry.repositories[REPOSITORY]
    assert world.up() == "noop"


@pytest.mark.parametrize("by", ["cdk", "cloudformation"])
@pytest.mark.parametrize("machine", ["same", "other"])
def test_a_lost_image_where_hashes_alone_decide(world, by, machine):
    """CloudFormation alone would find nothing to do, and nothing would be built."""
    world.set(by=by)
    lost = world.tags()[0]
    del world.registry.repositories[REPOSITORY][lost]
    if machine == "other":
        world.move()
    assert not plan_run(world.context(check="hash")).plan.is_empty
    recorded_run(world.context(check="hash"), 5)
    assert lost in world.registry.repositories[REPOSITORY]
    assert world.runs() == ["w1", "a1"]


@pytest.mark.parametrize("check", ["hash", "auto", "synth"])
@pytest.mark.parametrize("by", ["cdk", "cloudformation"])
def test_an_edit_arrives_whatever_may_decide(world, check, by):
    world.set(by=by)
    world.edit("web", "w2")
    assert not plan_run(world.context(check=check)).plan.is_empty
    recorded_run(world.context(check=check), 5)
    assert world.runs() == ["w2", "a1"]
    assert world.done()[0] == 1
    assert world.tier() == ("hash", True, 0)


def test_a_deployment_that_failed_is_made_again(world):
    world.edit("web", "w2")
    world.cloud.fails = True
    with pytest.raises(DeployError):
        world.up()
    assert world.runs() == ["w1", "a1"]
    assert world.done()[0] == 1
    world.up()
    assert world.done() == (0, ["App"])
    settled(world)


def test_a_build_that_failed_deploys_nothing(world):
    world.edit("web", "w2")
    world.engine.fails = True
    with pytest.raises(DeployError):
        world.up()
    assert world.done() == (0, [])
    world.engine.fails = False
    settled(world)


# --- what others do


def by_hand(world, stack="App", texts=None, *, template=False, record=False):
    """Somebody updates the stack in the console: its template, what it records, or both."""
    found = world.cloud.stacks[stack]
    changed, given = json.dumps(found["template"]), dict(found["parameters"])
    for old, new in (texts or {}).items():
        changed = changed.replace(old, "\0" + new) if template else changed
        given[IMAGES_PARAMETER] = (
            given[IMAGES_PARAMETER].replace(old, "\0" + new) if record else given[IMAGES_PARAMETER]
        )
    given = {name: value.replace("\0", "") for name, value in given.items()}
    assert world.cloud.put(stack, json.loads(changed.replace("\\u0000", "").replace("\0", "")), given)


@pytest.fixture
def older(world) -> str:
    """A tag of before that is still there."""
    before = world.tags()[0]
    world.edit("web", "w2")
    world.up()
    world.done()
    return before


HANDS = [(True, False), (False, True), (True, True)]


@pytest.mark.parametrize(("template", "record"), HANDS)
@pytest.mark.parametrize("check", ["auto", "hash", "synth"])
@pytest.mark.parametrize("machine", ["same", "other"])
def test_another_tag_by_hand_is_put_right(world, older, template, record, check, machine):
    """Above all where both were changed alike, and all hashes that the stack records say what they said."""
    by_hand(world, texts={world.tags()[0]: older}, template=template, record=record)
    if machine == "other":
        world.move()
    assert not plan_run(world.context(check=check)).plan.is_empty
    recorded_run(world.context(check=check), 5)
    assert world.runs() == ["w2", "a1"]
    settled(world)


@pytest.mark.parametrize(("template", "record"), HANDS)
def test_tags_that_were_swapped_by_hand_are_put_right(world, template, record):
    web, api = world.tags()
    swapped = {web: "x", api: web, "x": api}
    found = world.cloud.stacks["App"]
    text, given = json.dumps(found["template"]), dict(found["parameters"])
    for old, new in swapped.items():
        text = text.replace(old, new) if template else text
        given[IMAGES_PARAMETER] = given[IMAGES_PARAMETER].replace(old, new) if record else given[IMAGES_PARAMETER]
    assert world.cloud.put("App", json.loads(text), given)
    assert not plan_run(world.context()).plan.is_empty
    settled(world)


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "",
        "nonsense",
        "{repository} Task.api={api}",
        "{repository} Task.web={web}",
        "{repository} Task.api={api} Task.web={older} Task.web={web}",
        "{repository} Task.api={api} Task.web={web} Zz={older}",
        "other-assets Task.api={api} Task.web={web}",
        "{repository} Task.web={web} Task.api={api}",
    ],
)
@pytest.mark.parametrize("runs_old", [False, True])
def test_a_record_by_hand_hides_nothing(world, older, text, runs_old):
    web, api = world.tags()
    told = text.format(repository=REPOSITORY, web=web, api=api, older=older)
    if runs_old:
        by_hand(world, texts={web: older}, template=True)
    found = world.cloud.stacks["App"]
    world.cloud.put("App", found["template"], {**found["parameters"], IMAGES_PARAMETER: told})
    world.up()
    assert world.runs() == ["w2", "a1"]
    settled(world)


def test_plain_cdk_deploy_in_between_is_put_right(world):
    world.deploy_plainly()
    assert IMAGES_PARAMETER not in parameters(world)
    plan = plan_run(world.context()).plan
    assert "cdk deploy deployed it from these very sources" in str(plan.steps)
    settled(world)


def with_construct(app, assembly):
    """The app declares DeployState, whose parameters keep their values over a plain `cdk deploy`."""
    hashes = app.hashes(assembly)
    images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
    slots = {
        name: {"Type": "String", "Default": "-"} for name in (INFRA_PARAMETER, TEMPLATE_PARAMETER, "RajeeRevision")
    }
    refs = {"RajeeState": {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in slots]]}}}
    resources = {"Task": {**task(*hashes.values()), "Metadata": {"note": app.note}}}
    assembly.stack("App", {"Parameters": slots, "Resources": resources, "Outputs": refs}, images)


def test_plain_cdk_deploy_of_a_stack_that_goes_on_recording(make):
    world = make(web="w1", api="a1")
    world.app.write = with_construct
    settled(world)
    recorded = parameters(world)[INFRA_PARAMETER]
    world.edit("web", "w2")
    world.deploy_plainly()
    assert parameters(world)[INFRA_PARAMETER] == recorded
    world.edit("web", "w1")
    assert not plan_run(world.context()).plan.is_empty, "its template is none that we deployed"
    settled(world)


def test_who_builds_the_images_is_changed_and_changed_back(make):
    """What is kept of a synth names placeholders, which nobody fills in where the CDK CLI builds."""
    world = make(web="w1", api="a1")
    world.app.write = with_construct
    settled(world)
    world.set(builder="cdk")
    world.app.note = "2"
    world.up()
    assert all(len(tag) == 64 for tag in world.tags()), "as the CDK names them"
    assert world.tier()[1]
    world.set(builder="adopt")
    world.app.note = "3"
    settled(world)


@pytest.mark.parametrize("infra_check", ["auto", "synth"])
def test_a_kept_synth_is_taken_by_nobody_who_puts_no_tags_in(world, infra_check):
    """The very same inputs, as where a fingerprint says nothing of who builds."""
    world.counts_builder = False
    settled(world)
    world.set(builder="cdk")
    world.cloud.stacks.clear()
    recorded_run(world.context(check=infra_check), 5)
    assert "rajee-image." not in json.dumps(world.cloud.stacks["App"]["template"])
    assert all(len(tag) == 64 for tag in world.tags())


def test_a_stack_that_is_deployed_by_its_placeholders_is_put_right(world):
    """Somebody gives the CDK CLI a kept assembly by hand: no image is named so."""
    found = world.cloud.stacks["App"]
    text = json.dumps(found["template"])
    for name, tag in zip(("Task.web", "Task.api"), world.tags(), strict=True):
        text = text.replace(tag, f"rajee-image.{name}")
    world.cloud.put("App", json.loads(text), found["parameters"])
    assert not plan_run(world.context()).plan.is_empty
    settled(world)


# --- names, places, and images of the settings


def test_an_asset_that_got_another_name(world):
    def renamed(app, assembly):
        hashes = app.hashes(assembly)
        images = {found: assembly.image(found, f"Job/{name}/AssetImage") for name, found in hashes.items()}
        resources = {"Task": {**task(*hashes.values()), "Metadata": {"note": app.note}}}
        assembly.stack("App", {"Resources": resources}, images)

    world.app.write, world.app.note = renamed, "2"
    world.up()
    assert world.done() == (0, ["App"])
    settled(world)


def test_a_stack_that_got_another_name(world):
    def renamed(app, assembly):
        hashes = app.hashes(assembly)
        images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
        assembly.stack("App", {"Resources": {"Task": task(*hashes.values())}}, images, stackName="Other")

    world.app.write, world.app.note = renamed, "2"
    world.up()
    assert world.done() == (0, ["Other"])
    assert world.runs("Other") == ["w1", "a1"]


def test_another_repository(make):
    world = make(web="w1", api="a1")
    settled(world)

    def moved(app, assembly):
        hashes = app.hashes(assembly)
        images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
        for image in images.values():
            image["destinations"]["current_account-current_region"]["repositoryName"] = OTHER_REPOSITORY
        resources = json.loads(
            json.dumps({"Task": task(*hashes.values())}).replace("cdk-hnb659fds-container-assets", "other-assets")
        )
        assembly.stack("App", {"Resources": resources}, images)

    world.app.write, world.app.note = moved, "2"
    world.up()
    assert world.done() == (2, ["App"])
    assert {*world.tags()} <= {*world.registry.repositories[OTHER_REPOSITORY]}
    assert world.tier() == ("hash", True, 0)


def test_a_repository_that_is_not_there(make):
    world = make(web="w1")
    del world.registry.repositories[REPOSITORY]
    with pytest.raises(DeployError) as caught:
        world.up()
    assert caught.value.code == "no-repository"


def nested(app, assembly):
    hashes = app.hashes(assembly)
    web, api = hashes.values()
    own = "FnCurrentVersion17A89ABB" + web[:32]
    inner = {"Fn": {**function(web), "DependsOn": []}, own: version("Fn")}
    images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
    resources = {"Task": {**task(web, api), "Metadata": {"note": app.note}}, "Inner": inner_stack(INNER)}
    assembly.stack("App", {"Resources": resources}, images, nested={INNER: {"Resources": inner}})


def test_images_in_nested_stacks(make):
    world = make(web="w1", api="a1")
    world.app.write = nested
    settled(world)
    before = json.dumps(world.cloud.stacks["App"]["template"]["Resources"]["Inner"])
    world.edit("web", "w1", readme="new")
    assert world.tier(check="synth") == ("synth", True, 1)
    world.edit("web", "w2")
    settled(world)
    after = json.dumps(world.cloud.stacks["App"]["template"]["Resources"]["Inner"])
    assert before != after


def test_a_nested_template_that_somebody_put_in_place_of_ours(make):
    world = make(web="w1", api="a1")
    world.app.write = nested
    settled(world)
    found = world.cloud.stacks["App"]
    url = found["template"]["Resources"]["Inner"]["Properties"]["TemplateURL"]["Fn::Join"][1][-1]
    key = url.removeprefix("/").removesuffix(".json")
    changed = json.loads(json.dumps(found["template"]).replace(f"{key}.json", f"{'0' * 64}.json"))
    world.cloud.put("App", changed, found["parameters"])
    assert not plan_run(world.context()).plan.is_empty
    settled(world)


def test_an_image_of_the_settings_beside_images_of_the_app(make):
    """One of each name: both are told apart."""
    world = make(web="w1")

    def mixed(app, assembly):
        [found] = app.hashes(assembly).values()
        slots = {"ImageTag": {"Type": "String"}}
        resources = {"Task": task(found), "Own": {"Type": "A::B::C", "Properties": {"Tag": {"Ref": "ImageTag"}}}}
        assembly.stack(
            "App", {"Parameters": slots, "Resources": resources}, {found: assembly.image(found, "app/AssetImage")}
        )

    world.app.write = mixed
    world.registry.repositories["team/app"] = {}
    world.set(more='[images.app]\nrepository = "team/app"\nstack = "App"\n')
    world.up()
    built = world.done()
    assert built == (2, ["App"])
    assert world.runs() == ["w1"]
    assert world.tier() == ("hash", True, 0)
    (world.root / "app").write_text("two")
    world.up()
    assert world.done() == (1, ["App"])
    world.edit("web", "w2")
    world.up()
    assert world.done() == (1, ["App"])
    assert world.runs() == ["w2"]
    assert world.tier() == ("hash", True, 0)


def test_several_assemblies_with_names_that_are_shown_alike(make):
    world = make(web="w1", api="a1")

    def alike(app, assembly):
        for stack, (_, found) in zip(("A-B", "A.B"), app.hashes(assembly).items(), strict=True):
            image = assembly.image(found, "web/AssetImage")
            assembly.stack(
                stack, {"Resources": {"Task": task(found)}}, {found: image}, stackName=stack.replace(".", "")
            )

    world.app.write = alike
    world.set(stacks='"*"')
    names = {image.name for image in plan_run(world.context()).wanted.images}
    assert names == {"A-B.web", "A.B.web"}
    world.up()
    assert world.runs("A-B") == ["w1"]
    assert world.runs("AB") == ["a1"]


def test_what_is_left_to_the_cdk_cli_is_told_and_goes_with_the_others(make):
    world = make(web="w1", api="a1")

    def left(app, assembly):
        hashes = app.hashes(assembly)
        images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
        images[hashes["api"]]["source"]["networkMode"] = "host"
        resources = {"Task": {**task(*hashes.values()), "Metadata": {"note": app.note}}}
        assembly.stack("App", {"Resources": resources}, images)

    world.app.write = left
    world.up()
    assert world.done() == (1, ["App"])
    assert "networkMode" in world.talk.getvalue()
    web, api = world.tags()
    assert len(api) == 64
    assert web in parameters(world)[IMAGES_PARAMETER]
    assert api not in parameters(world)[IMAGES_PARAMETER]
    assert world.tier() == ("hash", True, 0)


def test_proofs_of_other_machines_are_not_taken_for_such_stacks(world):
    """What is proved of a template says nothing of tags, which are no part of it. And none is kept."""
    found = world.cloud.stacks["App"]
    world.cloud.put("App", found["template"], {**found["parameters"], INFRA_PARAMETER: "-"})
    assert recorded_run(world.context(check="synth"), 5)[1].kind == "noop"
    assert world.proofs is not None
    assert world.proofs.records == {}
    planned = plan_run(world.context())
    planned = replace(planned, wanted=replace(planned.wanted, proven=frozenset({"App"}), remembered={}, synthesised={}))
    assert planner.synth_reasons(planned.wanted, planned.observed)


def test_the_settings_of_an_environment(world):
    world.set(more="[environments.prod]\n")
    _, record = recorded_run(world.context("prod"), 5)
    assert record.kind == "noop"
    world.edit("web", "w2")
    recorded_run(world.context("prod"), 5)
    settled(world)


HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize("host", ["", f"{HOST}/"])
def test_a_record_is_read_from_any_region(make, host):
    """Who deploys from elsewhere records the registry, too; who is at home takes the same repository without it."""
    world = make(web="w1")
    world.up()
    found = world.cloud.stacks["App"]
    told = found["parameters"][IMAGES_PARAMETER].replace(REPOSITORY, f"{host}{REPOSITORY}")
    found["parameters"][IMAGES_PARAMETER] = told
    observed = plan_run(world.context()).observed
    [image] = observed.stacks["App"].images
    assert str(image.repository) == REPOSITORY
    assert (image.repository, image.tag) in observed.references


def test_who_is_in_another_region_asks_the_stacks_own_registry(make):
    world = make(web="w1")

    def elsewhere(app, assembly):
        [found] = app.hashes(assembly).values()
        image = assembly.image(found, "web/AssetImage")
        assembly.stack("App", {"Resources": {"Task": task(found)}}, {found: image})
        assembly.artifacts["App"]["environment"] = "aws://123456789012/eu-west-1"
        (assembly.root / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": assembly.artifacts}))

    world.app.write = elsewhere
    away = f"{HOST.replace('us-east-1', 'eu-west-1')}/{REPOSITORY.replace('us-east-1', 'eu-west-1')}"
    world.registry.repositories[away] = {}
    world.up()
    assert world.registry.repositories[away]
    assert parameters(world)[IMAGES_PARAMETER].startswith(f"{away} web=")
    assert world.tier() == ("hash", True, 0)
    tag = world.tags()[0]
    home = away.partition("/")[2]
    world.cloud.put(
        "App", world.cloud.stacks["App"]["template"], {**parameters(world), IMAGES_PARAMETER: f"{home} web={tag}"}
    )
    [state] = plan_run(world.context()).observed.stacks.values()
    [image] = state.images
    assert str(image.repository) == away
