"""What the sandbox cannot do: refused at once, all of it, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import Gap, code, create, outputs, refusal, row_name, stack, update, waiting

CLOUDFRONT = {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {"Enabled": True}}}
GROUP = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Port": 80, "Protocol": "HTTP"}}
READERS = {
    "output": {"Outputs": {"Host": {"Value": {"Fn::GetAtt": ["Cdn", "DomainName"]}}}},
    "join": {"Outputs": {"Host": {"Value": {"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Cdn", "DomainName"]}]]}}}},
    "sub": {"Outputs": {"Host": {"Value": {"Fn::Sub": "https://${Cdn.DomainName}/"}}}},
    "property": {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": "Cdn.DomainName"}}}
        }
    },
}
SAYS = "the attribute DomainName of Cdn (AWS::CloudFront::Distribution)"


def asking(*readers: str) -> dict[str, Any]:
    resources = {"Cdn": CLOUDFRONT}
    for each in readers:
        resources |= READERS[each].get("Resources", {})
    found = {key: value for each in readers for key, value in READERS[each].get("Outputs", {}).items()}
    return {"Resources": resources, "Outputs": found}


@pytest.mark.parametrize("reader", READERS)
def test_an_attribute_of_an_unknown_type_is_named_and_nothing_begins(reader: str, cloud: Any) -> None:
    cfn = cloud.client("cloudformation")
    body = json.dumps(asking(reader))
    named = {"StackName": cloud.name, "TemplateBody": body}
    change_set = {**named, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    for call, given in ((cfn.create_stack, named), (cfn.create_change_set, change_set)):
        said = refusal(call, **given)
        assert said.startswith("SandboxUnsupported: ")
        assert SAYS in said
        assert "does not exist" in refusal(cfn.describe_stacks, StackName=cloud.name)


def test_an_update_is_refused_and_the_stack_stays(cloud: Any) -> None:
    create(cloud, waiting(A="1"))
    assert SAYS in update(cloud, asking("sub"))
    assert (stack(cloud)["StackStatus"], outputs(cloud)) == ("CREATE_COMPLETE", {"A": "1"})


def test_all_of_it_is_named_at_once(cloud: Any) -> None:
    template = asking("sub")
    template["Resources"]["Group"] = GROUP
    template["Outputs"]["Group"] = {"Value": {"Fn::GetAtt": ["Group", "TargetGroupFullName"]}}
    said = refusal(create, cloud=cloud, template=template)
    assert SAYS in said
    assert "the attribute TargetGroupFullName of Group (AWS::ElasticLoadBalancingV2::TargetGroup)" in said


def test_within_a_nested_stack_it_is_its_parents_reason(cloud: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=cloud.name)
    s3.put_object(Bucket=cloud.name, Key="t", Body=json.dumps(asking("sub")).encode())
    url = f"http://localhost:{cloud.port}/{cloud.name}/t"
    create(cloud, {"Resources": {"In": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}})
    events = cloud.client("cloudformation").describe_stack_events(StackName=cloud.name)["StackEvents"]
    assert stack(cloud)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(SAYS in each.get("ResourceStatusReason", "") for each in events)


def unknown_type(cloud: Any) -> Any:
    """A resource of a type that is not emulated has a name."""
    create(cloud, {"Resources": {"Cdn": CLOUDFRONT}, "Outputs": {"Name": {"Value": {"Ref": "Cdn"}}}})
    return [key for key, value in outputs(cloud).items() if value.startswith(f"{cloud.name}-Cdn-")]


@pytest.mark.parametrize("kind", ["Custom::VpcRestrictDefaultSG", "Custom::Mine"])
def test_a_custom_resource_fails_unless_it_only_tidies_up(kind: str, cloud: Any) -> None:
    token = "arn:aws:lambda:us-east-1:123456789012:function:f"
    create(cloud, {"Resources": {"One": {"Type": kind, "Properties": {"ServiceToken": token}}}})
    ended = "ROLLBACK_COMPLETE" if kind == "Custom::Mine" else "CREATE_COMPLETE"
    assert stack(cloud)["StackStatus"] == ended
    assert code(cloud.client("cloudformation").delete_stack, StackName=cloud.name) == "done"


def unknown_call(cloud: Any) -> str:
    cfn = cloud.client("cloudformation")
    return code(cfn.detect_stack_drift, StackName=cloud.name)


def unreadable_template(cloud: Any) -> str:
    return code(cloud.client("cloudformation").create_stack, StackName=cloud.name, TemplateBody="[]")


ROWS = [
    Gap(unknown_type, ["Name"], []),
    Gap(unknown_call, "SandboxUnsupported", "HTTP 500"),
    Gap(unreadable_template, "SandboxUnsupported", "HTTP 500"),
]


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_sandbox_does_as_aws_or_says_so(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
