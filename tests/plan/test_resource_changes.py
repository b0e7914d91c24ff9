"""What becomes of resources: a template before, one after, and what is replaced."""

from __future__ import annotations

import pytest
from templates import allow, at, kept, policy, resource, role, task

from rajee_deploy.plan.replacement import Replacement, Specification
from rajee_deploy.plan.resource_changes import Action, Side, stack_changes

SPECIFICATION = Specification(
    {
        "AWS::S3::Bucket": {"BucketName": Replacement.YES},
        "AWS::SQS::Queue": {},
        "AWS::EC2::Instance": {"UserData": Replacement.MAYBE, "ImageId": Replacement.YES},
        "AWS::ECS::Service": {"Cluster": Replacement.YES},
        "AWS::SNS::Subscription": {"Endpoint": Replacement.YES},
    }
)
QUEUE = resource("SQS::Queue", DelaySeconds=1)
BUCKET = resource("S3::Bucket", BucketName="one")
OTHER_BUCKET = resource("S3::Bucket", BucketName="two")


def compare(before, after, values=({}, {}), **more):
    sides = [
        Side({"Resources": side, **more.get(name, {})}, value)
        for name, side, value in zip(("old", "new"), (before, after), values, strict=True)
    ]
    return stack_changes(*sides, SPECIFICATION, more.get("hide", str))


def become(before, after):
    return [(each.action, each.logical_id) for each in compare(before, after).resources]


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (None, QUEUE, Action.ADD),
        (QUEUE, None, Action.REMOVE),
        (kept(QUEUE), None, Action.KEEP),
        (QUEUE, {**QUEUE, "Properties": {"DelaySeconds": 2}}, Action.UPDATE),
        (QUEUE, kept(QUEUE), Action.UPDATE),
        (BUCKET, OTHER_BUCKET, Action.REPLACE),
        (BUCKET, resource("S3::Bucket"), Action.REPLACE),
        (QUEUE, BUCKET, Action.REPLACE),
        (resource("EC2::Instance", UserData="a"), resource("EC2::Instance", UserData="b"), Action.MAY_REPLACE),
        (task(), task("acct/app:c-2"), Action.UPDATE),
        (resource("Lambda::Version", FunctionName="a"), resource("Lambda::Version", FunctionName="b"), Action.UPDATE),
        ({"Type": "Custom::Own"}, {"Type": "Custom::Own", "Properties": {"A": 1}}, Action.UPDATE),
    ],
)
def test_what_becomes_of_a_resource(before, after, action):
    sides = [{"It": side} if side is not None else {} for side in (before, after)]
    assert become(*sides) == [(action, "It")]


@pytest.mark.parametrize(
    "after",
    [
        QUEUE,
        {**QUEUE, "DependsOn": ["Other"]},
        {**QUEUE, "Metadata": {"a": "b"}},
        resource("SQS::Queue", DelaySeconds="1"),
    ],
)
def test_what_is_the_same(after):
    assert become({"It": QUEUE}, {"It": after}) == []


def test_what_is_not_known_is_said():
    (one,) = compare({"It": resource("New::Thing", A=1)}, {"It": resource("New::Thing", A=2)}).resources
    assert (one.action, one.replacement) == (Action.UPDATE, Replacement.UNKNOWN)
    assert [each.replacement for each in compare({"It": QUEUE}, {"It": kept(QUEUE)}).resources] == [Replacement.NO]


def test_what_refers_to_a_replaced_resource_changes_with_it_and_so_on():
    def topology(bucket):
        return {
            "Bucket": bucket,
            "Sub": resource("SNS::Subscription", Endpoint={"Fn::GetAtt": ["Bucket", "Arn"]}),
            "Far": resource("SQS::Queue", Url={"Fn::Sub": "x/${Sub}"}),
            "Free": resource("SQS::Queue", Url={"Ref": "Other"}),
        }

    found = compare(topology(BUCKET), topology(OTHER_BUCKET)).resources
    assert [(each.logical_id, each.action) for each in found] == [
        ("Bucket", Action.REPLACE),
        ("Sub", Action.REPLACE),
        ("Far", Action.UPDATE),
    ]
    assert [each.because for each in found] == [("BucketName",), ("Endpoint",), ()]
    assert [text.text for text in found[2].properties] == ["Url (the new Sub)"]


def test_a_new_revision_of_a_task_is_no_replacement_of_anything():
    def app(image):
        return {"Task": task(image), "Service": resource("ECS::Service", TaskDefinition={"Ref": "Task"})}

    revision, service = compare(app("r/a:c-1"), app("r/a:c-2")).resources
    assert (revision.is_revision, revision.because, revision.is_dangerous) == (True, (), False)
    assert service.properties[0].follows == "Task"


@pytest.mark.parametrize(
    ("kind", "action", "is_revision"),
    [("S3::Bucket", Action.REPLACE, False), ("Lambda::Version", Action.UPDATE, True)],
)
def test_the_same_construct_under_another_logical_id_is_another_resource(kind, action, is_revision):
    before, after = (at("Stack/It/Resource", resource(kind, A=each)) for each in "ab")
    (one,) = compare({"It1": kept(before)}, {"It2": after}).resources
    assert (one.action, one.logical_id, one.is_revision, one.keeps_old) == (action, "It2", is_revision, not is_revision)


def test_what_refers_to_it_follows_it():
    def app(number):
        alias = resource("Lambda::Alias", FunctionVersion={"Fn::GetAtt": [f"Version{number}", "Version"]})
        return {f"Version{number}": at("Stack/Version/Resource", resource("Lambda::Version", A=number)), "Alias": alias}

    _, alias = compare(app(1), app(2)).resources
    assert [each.follows for each in alias.properties] == ["Version"]


def test_removed_ones_come_last_and_the_rest_as_the_template_has_it():
    before = {"Gone": QUEUE, "B": QUEUE, "A": QUEUE}
    other = resource("SQS::Queue", DelaySeconds=2)
    assert become(before, {"A": other, "New": QUEUE, "B": other}) == [
        (Action.UPDATE, "A"),
        (Action.ADD, "New"),
        (Action.UPDATE, "B"),
        (Action.REMOVE, "Gone"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"Outputs": {"A": {"Value": 1}}}, {"Outputs": {"A": {"Value": 2}, "B": {}}}, ["outputs changed: A, B"]),
        ({"Conditions": {"C": 1}}, {}, ["conditions changed: C"]),
        ({}, {"Mappings": {"M": {}}}, ["mappings changed: M"]),
        ({"Transform": "a"}, {"Transform": "b"}, ["transform changed"]),
        ({"Parameters": {"RajeeRevision": {"Default": "a"}}}, {"Outputs": {"RajeeState": {}}}, []),
        ({"Description": "a", "Metadata": {"a": 1}}, {"Description": "b"}, []),
    ],
)
def test_what_else_differs(old, new, said):
    assert [*compare({}, {}, old=old, new=new).others] == said


def test_values_that_a_nested_stack_is_given_are_not_shown():
    before, after = (
        resource("CloudFormation::Stack", TemplateURL=url, Parameters=parameters, TimeoutInMinutes=number)
        for url, parameters, number in (
            ("a", {"Word": "open", "Old": "x"}, 1),
            ("b", {"Word": "sesame", "New": "y"}, 2),
        )
    )
    (one,) = compare({"Inner": before}, {"Inner": after}).resources
    assert [each.text for each in one.properties] == [
        "Parameters.Word",
        "Parameters.Old removed",
        "Parameters.New added",
        "TimeoutInMinutes 1 → 2",
        "its own template",
    ]


def test_what_macros_write_is_no_resource():
    before, after = ({"Fn::ForEach::Queues": ["Name", [each], {}]} for each in "ab")
    found = compare(before, after)
    assert (found.resources, found.others) == ((), ("loops changed: Fn::ForEach::Queues",))


def test_the_metadata_of_the_cdk_is_told_in_a_word():
    before, after = ({"Own": resource("CDK::Metadata", Analytics=each)} for each in "ab")
    assert compare(before, after).others == ("the CDK's own metadata",)


def test_a_template_that_is_text_is_not_known():
    assert stack_changes(Side("Resources: {}"), Side({}), SPECIFICATION).unknown


def test_values_of_parameters_decide_and_are_shown():
    """A template that stays can change a resource by its parameters, and one that changes, nothing."""
    made = {"It": resource("S3::Bucket", BucketName={"Ref": "Name"})}
    (one,) = compare(made, made, ({"Name": "a"}, {"Name": "b"})).resources
    assert (one.action, one.properties[0].text) == (Action.REPLACE, "BucketName a → b")
    assert compare({"It": BUCKET}, made, ({}, {"Name": "one"})).resources == ()


def test_what_is_hidden_stands_nowhere():
    before = {"hidden1": at("S/hidden/Resource", resource("SQS::Queue", hidden={"hidden": 1}))}
    after = {
        "hidden1": at("S/hidden/Resource", resource("SQS::Queue", hidden={"hidden": 2})),
        "Role": role(ManagedPolicyArns=["hidden"]),
        "P": policy(allow("hidden", "hidden")),
    }
    found = compare(before, after, hide=lambda text: text.replace("hidden", "***"), new={"Outputs": {"hidden": {}}})
    shown = [(each.name, each.properties, each.because, each.broader) for each in found.resources]
    assert "hidden" not in repr((shown, found.others))


@pytest.mark.parametrize(
    ("before", "said"),
    [({}, ("description changed",)), ({"Description": "One"}, ("description changed",)), ({"Description": "Two"}, ())],
)
def test_that_a_stack_is_described_in_other_words_is_said(before, said):
    assert compare({"It": QUEUE}, {"It": QUEUE}, old=before, new={"Description": "Two"}).others == said
