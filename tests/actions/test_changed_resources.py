"""Which resources a plan changes: by the templates that there are, with the values and the tags that are given."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from templates import kept, resource, task

from rajee_deploy.actions.changed_resources import with_changed_resources
from rajee_deploy.actions.planned import Planned
from rajee_deploy.actions.synthesise import Synthesis
from rajee_deploy.aws import Identity
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import of_infrastructure
from rajee_deploy.model.names import ASSET_PREFIX
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.parameters import ParameterValue
from rajee_deploy.plan.replacement import Replacement, Specification
from rajee_deploy.plan.resource_changes import Action
from rajee_deploy.plan.state import Observed, StackAbsent, StackPresent, Wanted, WantedImage
from rajee_deploy.plan.steps import DeployStack, Plan, StackChange, Via
from rajee_deploy.plan.tagged_templates import RecordedImage

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/App/1"
SPECIFICATION = Specification(
    {
        "AWS::S3::Bucket": {"BucketName": Replacement.YES},
        "AWS::SQS::Queue": {},
        "AWS::RDS::DBInstance": {"Port": Replacement.MAYBE},
    }
)
QUEUE = resource("SQS::Queue")
INFRASTRUCTURE = (StackChange.INFRASTRUCTURE,)


def template(parameters=None, /, **resources):
    return {"Parameters": parameters or {}, "Resources": resources}


class World:
    """A stack App with a template, and what the app makes of it now (None: no synth was made)."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.asked: list[set[str]] = []
        self.images: tuple[WantedImage, ...] = ()
        self.recorded: tuple[RecordedImage, ...] = ()
        self.parameters: dict[str, str] = {}
        self.nested: dict[tuple[str, ...], object] = {}
        self.asked_nested: list[tuple[str, ...]] = []

    def nested_template(self, stack, path):
        assert stack == "App"
        self.asked_nested.append(path)
        found = self.nested[path]
        if isinstance(found, Exception):
            raise found
        return found

    def specification(self, types):
        self.asked.append(set(types))
        return SPECIFICATION

    def plan(self, deployed, made=None, changes=INFRASTRUCTURE, **step) -> Planned:
        state = StackPresent(
            "UPDATE_COMPLETE",
            self.parameters,
            {},
            identifier=ARN,
            images=self.recorded,
            template=deployed,
        )
        run = SimpleNamespace(
            ports=SimpleNamespace(
                specification=self.specification, synthesiser=None, nested_template=self.nested_template
            ),
            settings=SimpleNamespace(place_of=lambda stack: SimpleNamespace(id=stack)),
        )
        synthesis = Synthesis(of_infrastructure((), {}, {}, {}), self._assembly(made)) if made is not None else None
        return Planned(
            Plan((DeployStack("App", (), "", changes, **step),), ()),
            Wanted(self.images, ("App",)),
            {},
            Identity("123456789012", "eu-west-1"),
            Observed({}, {"App": state if deployed is not None else StackAbsent()}),
            run,
            synthesis,
        )

    def _assembly(self, made):
        properties = {"templateFile": "App.template.json", "stackName": "App"}
        manifest = {"artifacts": {"App": {"type": "aws:cloudformation:stack", "properties": properties}}}
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        (self.folder / "App.template.json").write_text(json.dumps(made))
        return self.folder


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def found(planned):
    changes = with_changed_resources(planned).resources.get("App")
    return None if changes is None else {each.logical_id: each for each in changes.resources}


def texts(planned):
    return {name: [each.text for each in one.properties] for name, one in found(planned).items()}


def test_the_deployed_template_beside_the_synth(world):
    planned = world.plan(template(Old=QUEUE), template(New=QUEUE))
    assert {name: one.action for name, one in found(planned).items()} == {"New": Action.ADD, "Old": Action.REMOVE}
    assert world.asked == [{"AWS::SQS::Queue"}]


def test_of_a_new_stack_all_is_new(world):
    planned = world.plan(None, template(New=QUEUE), (StackChange.FIRST,))
    assert [one.action for one in found(planned).values()] == [Action.ADD]
    assert not world.asked


def test_without_a_template_nothing_is_said(world):
    assert found(world.plan(template(Old=QUEUE))) is None
    assert found(world.plan(None, template(New=QUEUE))) is None
    planned = world.plan(template(Old=QUEUE), template(New=QUEUE))
    (world.folder / "manifest.json").write_text("no manifest")
    assert found(planned) is None


def test_a_plan_without_deployments_stays_what_it_is(world):
    planned = replace(world.plan(template()), plan=Plan((), ()))
    assert with_changed_resources(planned) is planned


TAG = {"Tag": {"Type": "String"}}
BY_TAG = template(TAG, Task=task({"Fn::Sub": "${AWS::AccountId}/app:${Tag}"}), Queue=QUEUE)


@pytest.mark.parametrize("via", Via)
def test_another_tag_changes_what_runs_it_and_takes_no_list(world, via):
    world.parameters = {"Tag": "c-1"}
    planned = world.plan(BY_TAG, None, (StackChange.TAG,), via=via)
    step = replace(planned.plan.steps[0], parameters=(("Tag", "c-2"), ("RajeeInfraHash", "sha256:x")))
    assert texts(replace(planned, plan=Plan((step,), ()))) == {"Task": ["web: image c-1 → c-2"]}
    assert not world.asked


def test_images_that_the_app_declares_have_their_tags(world):
    """The deployed template has a placeholder, as the one that the app makes."""
    made = template(Task=task("acct/own:rajee-image.App"), Other=task("acct/own:rajee-image.Same"))
    repository = Repository("own")
    world.recorded = (RecordedImage("App", repository, "c-1"), RecordedImage("Same", repository, "c-0"))
    fingerprints = {name: SimpleNamespace(tag=tag) for name, tag in (("App", "c-2"), ("Same", "c-0"))}
    world.images = tuple(
        WantedImage(name, fingerprint, repository, "App", ASSET_PREFIX + name, ())
        for name, fingerprint in fingerprints.items()
    )
    assert all(image.is_asset for image in world.images)
    assert texts(world.plan(made, made)) == {"Task": ["web: image c-1 → c-2"]}


def test_of_what_an_image_changes_besides_the_list_is_asked(world):
    world.parameters = {"Tag": "c-1"}
    made = template(TAG, Server=resource("S3::Bucket", BucketName={"Ref": "Tag"}))
    planned = world.plan(made, None, (StackChange.TAG,))
    step = replace(planned.plan.steps[0], parameters=(("Tag", "c-2"),))
    assert found(replace(planned, plan=Plan((step,), ())))["Server"].action is Action.REPLACE
    assert world.asked == [{"AWS::S3::Bucket"}]


VALUES = {"Plain": {"Type": "String"}, "Secret": {"Type": "String", "NoEcho": True}, "Own": {"Type": "String"}}
BY_VALUES = template(
    VALUES, Queue=resource("SQS::Queue", **{name: {"Fn::Sub": f"${{{name}}}"} for name in VALUES}), Data=QUEUE
)


def test_values_are_shown_but_for_those_that_are_hidden(world):
    world.parameters = {"Plain": "a", "Secret": "****", "Own": "before-all"}
    planned = world.plan(BY_VALUES, None, (StackChange.PARAMETER,))
    values = (
        ParameterValue("Plain", "b"),
        ParameterValue("Secret", "hunter2-hunter2", "SECRET"),
        ParameterValue("Own", "swordfish", "OWN"),
    )
    changed = (("Secret", "Secret: *** → ***"), ("Plain", "Plain: a → b"))
    step = replace(planned.plan.steps[0], values=values, parameter_changes=changed)
    planned = replace(planned, plan=Plan((step,), ()))
    assert texts(planned) == {"Queue": ["Plain a → b", "Secret"]}
    assert "hunter2" not in repr(with_changed_resources(planned).resources)
    assert "swordfish" not in repr(with_changed_resources(planned).resources)


TABLE, OTHER_TABLE = (resource("RDS::DBInstance", Port=each) for each in (1, 2))
BUCKET, OTHER = resource("S3::Bucket", BucketName="a"), resource("S3::Bucket", BucketName="b")


def snapped(made):
    return {**made, "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (BUCKET, None, "It (AWS::S3::Bucket) is removed, with what is in it"),
        (snapped(BUCKET), None, "It (AWS::S3::Bucket) is removed; a snapshot of it stays"),
        (BUCKET, OTHER, "by an empty one; the old one is removed with what is in it"),
        (kept(BUCKET), kept(OTHER), "is replaced by an empty one; the old one stays, without the stack"),
        (snapped(BUCKET), OTHER, "is replaced by an empty one; a snapshot of the old one stays"),
        (TABLE, OTHER_TABLE, "may be replaced by an empty one; then the old one is removed with what is in it"),
        (kept(BUCKET), None, ""),
        (resource("SNS::Topic"), None, ""),
        (resource("X::Y", A=1), resource("X::Y", A=2), "whether it replaces It is not known"),
        (resource("ECS::TaskDefinition", Cpu=1), resource("ECS::TaskDefinition", Cpu=2), ""),
    ],
)
def test_what_is_warned_of(world, before, after, said):
    sides = [template(It=side) if side is not None else template() for side in (before, after)]
    cautions = with_changed_resources(world.plan(*sides)).plan.cautions
    assert [said in each.text for each in cautions] == ([True] if said else [])
    assert {each.code for each in cautions} <= {"data-at-risk", "replacement-unknown"}


def nested(address, **more):
    made = resource("CloudFormation::Stack", TemplateURL=address, **more)
    return {**made, "Metadata": {"aws:asset:path": "Inner.nested.template.json"}}


def test_of_a_nested_stack_that_differs_the_resources_are_told(world):
    inner = template(Jobs=QUEUE, Same=QUEUE)
    (world.folder / "Inner.nested.template.json").write_text(json.dumps(template(Work=QUEUE, Same=QUEUE)))
    world.nested = {("Inner",): inner}
    planned = world.plan(template(Inner=nested("a"), Other=nested("c")), template(Inner=nested("b"), Other=nested("c")))
    assert {name: one.action for name, one in found(planned).items()} == {
        "Inner/Work": Action.ADD,
        "Inner/Jobs": Action.REMOVE,
    }
    assert world.asked_nested == [("Inner",)]


def test_what_its_own_line_says_besides_stays(world):
    (world.folder / "Inner.nested.template.json").write_text(json.dumps(template(Jobs=QUEUE)))
    world.nested = {("Inner",): template()}
    sides = (template(Inner=nested(each, TimeoutInMinutes=number)) for number, each in enumerate("ab"))
    assert texts(world.plan(*sides)) == {"Inner": ["TimeoutInMinutes 0 → 1"], "Inner/Jobs": []}


@pytest.mark.parametrize("answer", [None, "text", DeployError("access-denied", "no"), template()])
def test_a_nested_stack_that_cannot_be_read_has_its_line(world, answer):
    """The last one lacks the template that the app makes."""
    world.nested = {("Inner",): answer}
    if answer != template():
        (world.folder / "Inner.nested.template.json").write_text("{}")
    assert texts(world.plan(template(Inner=nested("a")), template(Inner=nested("b")))) == {
        "Inner": ["its own template"]
    }


def test_a_nested_stack_in_a_nested_one(world):
    (world.folder / "Inner.nested.template.json").write_text(json.dumps(template(Inner=nested("y"))))
    world.nested = {("Inner",) * level: template(Inner=nested("x")) for level in range(1, 9)}
    assert [*found(world.plan(template(Inner=nested("a")), template(Inner=nested("b"))))] == ["/".join(["Inner"] * 6)]
