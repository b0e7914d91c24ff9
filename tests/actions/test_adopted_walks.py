"""Whatever happens to images that the app declares, in any order: a plan is empty only where the stack runs what is
here, and one `up` puts everything right.
"""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from adopted_worlds import REPOSITORY, AdoptedWorld
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synth.image_assemblies import function, inner_stack, task, version

from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import IMAGES_PARAMETER, INFRA_PARAMETER, RECORDS

INNER = "AppInner.nested.template.json"


def flat(app, assembly):
    hashes = app.hashes(assembly)
    web, api = hashes.values()
    images = {found: assembly.image(found, f"{name}/AssetImage") for name, found in hashes.items()}
    own = "FnCurrentVersion17A89ABB" + api[:32]
    task_now = {**task(web, api), "Metadata": {"note": app.note}}
    assembly.stack("App", {"Resources": {"Task": task_now, "Fn": function(api), own: version("Fn")}}, images)


def nested(app, assembly):
    hashes = app.hashes(assembly)
    web, api = hashes.values()
    images = {found: assembly.image(found, f"{name}/AssetImage") for name, found in hashes.items()}
    resources = {"Task": {**task(web, api), "Metadata": {"note": app.note}}, "Inner": inner_stack(INNER)}
    assembly.stack("App", {"Resources": resources}, images, nested={INNER: {"Resources": {"Fn": function(api)}}})


def recording(app, assembly):
    """The app declares DeployState, whose parameters keep their values over a plain `cdk deploy`."""
    hashes = app.hashes(assembly)
    images = {found: assembly.image(found, f"{name}/AssetImage") for name, found in hashes.items()}
    slots = {name: {"Type": "String", "Default": "-"} for name in RECORDS}
    state = {"RajeeState": {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in slots]]}}}
    resources = {"Task": {**task(*hashes.values()), "Metadata": {"note": app.note}}}
    assembly.stack("App", {"Parameters": slots, "Resources": resources, "Outputs": state}, images)


def edit(world, name, text):
    world.edit(name, text)


def read_me(world, name, text):
    world.edit(name, world.app.contexts[name]["app"], readme=text)


def note(world, name, text):
    world.app.note = name + text


def up(world, _name, text):
    recorded_run(world.context(check="hash" if text == "3" else "auto"), 5)


def fail(world, _name, _text):
    """A deployment that is rolled back, if there is any."""
    world.cloud.fails = True
    with suppress(DeployError):
        world.up()
    world.cloud.fails = False


def plain(world, _name, _text):
    world.deploy_plainly()


def other_machine(world, _name, _text):
    world.move()


def by(world, _name, text):
    world.set(by="cloudformation" if text == "1" else "cdk")


def builder(world, _name, _text):
    """For one deployment the CDK CLI builds."""
    world.set(builder="cdk")
    with suppress(DeployError):  # a stack that was rolled back, and for which there is nothing to do
        recorded_run(world.context(check="synth"), 5)
    world.set()


def lose(world, _name, _text):
    """The registry loses an image that is not run."""
    for tag in sorted({*world.registry.repositories[REPOSITORY]} - {*world.tags()})[:1]:
        del world.registry.repositories[REPOSITORY][tag]


def put(world, template, told):
    found = world.cloud.stacks["App"]
    known = {name: value for name, value in found["parameters"].items() if name in template.get("Parameters", {})}
    world.cloud.put("App", template, {**known, **{name: value for name, value in told.items() if name in known}})


def tag_by_hand(world, name, text):
    """Another tag in the template, or in the record, or in both."""
    there = sorted(tag for tag in world.registry.repositories[REPOSITORY] if tag.startswith("c-"))
    found = world.cloud.stacks["App"]
    running = [tag for tag in world.tags() if tag.startswith("c-")]
    if not there or not running:
        return
    old, new = running[0 if name == "web" else -1], there[int(text) % len(there)]
    template, told = json.dumps(found["template"]), found["parameters"].get(IMAGES_PARAMETER, "-")
    if text in "13":
        template = template.replace(old, new)
    if text in "23":
        told = told.replace(old, new)
    put(world, json.loads(template), {IMAGES_PARAMETER: told})


def record_by_hand(world, _name, text):
    """Records of another time, with the template as it is."""
    told = {"1": {INFRA_PARAMETER: "-"}, "2": {IMAGES_PARAMETER: "-"}, "3": {IMAGES_PARAMETER: f"{REPOSITORY} web=c-1"}}
    put(world, world.cloud.stacks["App"]["template"], told[text])


def old_template(world, _name, text):
    """A template of before, with the parameters of now."""
    old = world.seen[int(text) % len(world.seen)]
    put(world, old, {})


HAPPENS = [
    edit,
    read_me,
    note,
    up,
    fail,
    plain,
    other_machine,
    by,
    builder,
    lose,
    tag_by_hand,
    record_by_hand,
    old_template,
]
events = st.lists(
    st.tuples(st.sampled_from(HAPPENS), st.sampled_from(["web", "api"]), st.sampled_from("123")), max_size=6
)


@pytest.mark.parametrize("write", [flat, nested, recording])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(happens=events)
def test_a_plan_is_empty_only_where_all_is_right(tmp_path_factory, monkeypatch, write, happens):
    place = tmp_path_factory.mktemp("walk")
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(place / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(place / "cache"))
    (place / "project").mkdir()
    world = AdoptedWorld(place / "project", web="1", api="2")
    world.app.write = write
    world.up()
    world.seen = [world.cloud.stacks["App"]["template"]]
    for event, name, text in happens:
        event(world, name, text)
        world.seen.append(world.cloud.stacks["App"]["template"])
        for check in ("auto", "hash"):
            check_no_op(world, check)
    world.up()
    check_right(world)
    assert world.tier()[1]
    assert world.tier(check="synth")[1]
    world.move()
    assert world.tier()[1]


def check_no_op(world, check):
    if world.tier(check=check)[1]:
        check_right(world)


def check_right(world):
    """Each container, and each function, runs what is here; the template is what the app makes."""
    web, api = world.wants()
    assert {*world.runs()} == {web, api}
    assert world.runs()[:2] == [web, api]
    template = world.cloud.stacks["App"]["template"]
    assert template["Resources"]["Task"]["Metadata"] == {"note": world.app.note}
    if "Fn" in template["Resources"]:
        assert world.runs()[2] == api
