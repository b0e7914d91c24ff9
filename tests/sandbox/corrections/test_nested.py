"""Nested stacks, and the order of an update, as AWS has them and plain moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import Gap, code, create, outputs, row_name, stack, update

TOPIC = "AWS::SNS::Topic"


def put_template(cloud: Any, key: str, template: Any) -> str:
    """Its TemplateURL."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=cloud.name)
    s3.put_object(Bucket=cloud.name, Key=key, Body=json.dumps(template).encode())
    return f"http://localhost:{cloud.port}/{cloud.name}/{key}"


def inner(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Parameters": {"Name": {"Type": "String", "Default": "-"}},
        "Resources": {"Topic": {"Type": TOPIC, "Properties": {"TopicName": name, **more}}},
        "Outputs": {"Name": {"Value": {"Ref": "Name"}}, "Topic": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
    }


def outer(url: str, parameter: str = "one") -> dict[str, Any]:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url, "Parameters": {"Name": parameter}},
    }
    found = {"Topic": "Outputs.Topic", "Name": "Outputs.Name"}
    return {
        "Resources": {"Inner": nested},
        "Outputs": {"Ref": {"Value": {"Ref": "Inner"}}}
        | {key: {"Value": {"Fn::GetAtt": ["Inner", name]}} for key, name in found.items()},
    }


def told(cloud: Any) -> dict[str, str]:
    return {key: value for key, value in outputs(cloud).items() if key != "Ref"}


def inner_stack(cloud: Any) -> str:
    """The ARN of one that was made; "" where its parent does not say it."""
    made = code(create, cloud=cloud, template=outer(put_template(cloud, "a", inner(cloud.name))))
    return outputs(cloud).get("Ref", "") if made == "done" else ""


def nested(cloud: Any) -> Any:
    """Of the inner stack: what the outer one gives of it, and its parent."""
    if not (made := inner_stack(cloud)):
        return "no outputs"
    (inside,) = cloud.client("cloudformation").describe_stacks(StackName=made)["Stacks"]
    return told(cloud)["Topic"] == cloud.name, told(cloud)["Name"], inside["ParentId"] == stack(cloud)["StackId"]


def nested_update(cloud: Any) -> Any:
    """By a parameter, and by a template at another address: the inner stack is the same one."""
    if not (before := inner_stack(cloud)):
        return "no outputs"
    answers = [update(cloud, outer(put_template(cloud, "a", inner(cloud.name)), "two"))]
    answers += [told(cloud)["Name"]]
    answers += [update(cloud, outer(put_template(cloud, "b", inner(f"{cloud.name}-b")), "two"))]
    return [*answers, told(cloud)["Topic"] == f"{cloud.name}-b", outputs(cloud)["Ref"] == before]


def nested_failure(cloud: Any) -> Any:
    """An update whose inner stack fails: both are back where they were."""
    if not inner_stack(cloud):
        return "no outputs"
    broken = inner(cloud.name, DisplayName={"Fn::Select": [5, ["only one"]]})
    answer = update(cloud, outer(put_template(cloud, "b", broken)))
    cfn = cloud.client("cloudformation")
    within = cfn.describe_stacks(StackName=outputs(cloud)["Ref"])["Stacks"][0]["StackStatus"]
    return answer, stack(cloud)["StackStatus"], within


def nested_deletion(cloud: Any) -> Any:
    if not (identifier := inner_stack(cloud)):
        return "no outputs"
    cfn = cloud.client("cloudformation")
    cfn.delete_stack(StackName=cloud.name)
    return cfn.describe_stacks(StackName=identifier)["Stacks"][0]["StackStatus"]


def value(name: str, text: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": text}}


def new_one_of_a_changed_one(cloud: Any) -> str:
    """What a resource that an update adds sees of one that it replaces."""
    create(cloud, {"Resources": {"Source": {"Type": TOPIC, "Properties": {"TopicName": f"{cloud.name}-old"}}}})
    source = {"Type": TOPIC, "Properties": {"TopicName": f"{cloud.name}-new"}}
    added = value(f"/{cloud.name}/copy", {"Fn::GetAtt": ["Source", "TopicName"]})
    update(cloud, {"Resources": {"Added": added, "Source": source}})
    return code_or_value(cloud, f"/{cloud.name}/copy").removeprefix(f"{cloud.name}-")


def code_or_value(cloud: Any, name: str) -> str:
    ssm = cloud.client("ssm")
    found = ssm.get_parameters(Names=[name])["Parameters"]
    return str(found[0]["Value"]) if found else "absent"


def metadata_alone(cloud: Any) -> Any:
    """An update of nothing but metadata leaves the resource as somebody else made it."""
    template = {"Resources": {"One": value(f"/{cloud.name}/one", "ours")}}
    create(cloud, template)
    cloud.client("ssm").put_parameter(Name=f"/{cloud.name}/one", Value="theirs", Type="String", Overwrite=True)
    template["Resources"]["One"]["Metadata"] = {"aws:asset:path": "asset.1"}
    return update(cloud, template), code_or_value(cloud, f"/{cloud.name}/one")


def condition_that_ends(cloud: Any) -> Any:
    template = {
        "Parameters": {"With": {"Type": "String"}},
        "Conditions": {"Is": {"Fn::Equals": [{"Ref": "With"}, "yes"]}},
        "Resources": {
            "Always": value(f"/{cloud.name}/always", "1"),
            "Sometimes": value(f"/{cloud.name}/sometimes", "1") | {"Condition": "Is"},
        },
    }
    given = [{"ParameterKey": "With", "ParameterValue": "yes"}]
    create(cloud, template, Parameters=given)
    before = code_or_value(cloud, f"/{cloud.name}/sometimes")
    update(cloud, template, Parameters=[{"ParameterKey": "With", "ParameterValue": "no"}])
    return before, code_or_value(cloud, f"/{cloud.name}/sometimes")


ROWS = [
    Gap(nested, (True, "one", True), "no outputs"),
    Gap(nested_update, ["done", "two", "done", True, True], "no outputs"),
    Gap(nested_failure, ("done", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"), "no outputs"),
    Gap(nested_deletion, "DELETE_COMPLETE", "no outputs"),
    Gap(new_one_of_a_changed_one, "new", "old"),
    Gap(metadata_alone, ("done", "theirs"), ("done", "ours")),
    Gap(condition_that_ends, ("1", "absent"), ("1", "1")),
]


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
