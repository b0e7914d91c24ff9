"""Stacks: parameters, updates, failures, deletions, as AWS has them and plain moto does not."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from corrected import (
    HASHED,
    NO_UPDATES,
    Gap,
    change,
    code,
    create,
    given,
    kept,
    outputs,
    parameters,
    put,
    refusal,
    repository,
    repository_template,
    row_name,
    stack,
    update,
    waiting,
)


def last_updated(cloud: Any) -> bool:
    create(cloud, HASHED)
    update(cloud, HASHED, Parameters=given(Hash="2"))
    return "LastUpdatedTime" in stack(cloud)


def previous_value_of_a_default(cloud: Any) -> Any:
    create(cloud, HASHED)
    answer = update(cloud, HASHED, Parameters=given(Hash="2") + kept("Idle"))
    return answer, parameters(cloud), outputs(cloud)


def nothing_changed(cloud: Any) -> list[str]:
    create(cloud, HASHED, Parameters=given(Hash="1"))
    return [
        update(cloud, HASHED, Parameters=given(Hash="1")),
        update(cloud, HASHED, Parameters=kept("Hash")),
        update(cloud, {**HASHED, "Description": "another"}, Parameters=given(Hash="1", Idle="-")),
    ]


def nothing_changed_without_parameters(cloud: Any) -> str:
    create(cloud, waiting(A="1"))
    return update(cloud, waiting(A="1"))


def unused_parameter(cloud: Any) -> str:
    create(cloud, HASHED, Parameters=given(Hash="1", Idle="1"))
    return update(cloud, HASHED, Parameters=given(Hash="1", Idle="2"))


def tags_alone(cloud: Any) -> tuple[str, Any]:
    create(cloud, HASHED, Parameters=given(Hash="1", Idle="1"), Tags=[{"Key": "a", "Value": "1"}])
    answer = update(cloud, HASHED, Parameters=given(Hash="1", Idle="1"), Tags=[{"Key": "a", "Value": "2"}])
    return answer, stack(cloud)["Tags"]


def shown(cloud: Any) -> dict[str, str]:
    path = f"/{cloud.name}/version"
    cloud.client("ssm").put_parameter(Name=path, Value="32", Type="String")
    slots = {
        "Secret": {"Type": "String", "NoEcho": True},
        "Count": {"Type": "Number"},
        "Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": path},
    }
    create(cloud, {"Parameters": slots} | waiting(A="1"), Parameters=given(Secret="s", Count="3"))
    return {key: value.replace(cloud.name, "NAME") for key, value in parameters(cloud).items()}


def substituted_parameter(cloud: Any) -> str:
    template = {
        "Parameters": {"Tag": {"Type": "String"}},
        "Resources": {
            "Value": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": f"/{cloud.name}/v", "Type": "String", "Value": {"Fn::Sub": "tag ${Tag}"}},
            }
        },
    }
    create(cloud, template, Parameters=given(Tag="1"))
    update(cloud, template, Parameters=given(Tag="2"))
    return cloud.client("ssm").get_parameter(Name=f"/{cloud.name}/v")["Parameter"]["Value"]


def failed_creation(cloud: Any) -> tuple[str, str]:
    repository(cloud)
    answer = code(create, cloud=cloud, template=repository_template(cloud))
    return answer, stack(cloud)["StackStatus"]


def failed_update(cloud: Any) -> Any:
    repository(cloud)
    create(cloud, HASHED, Parameters=given(Hash="1"))
    broken = {**HASHED, "Resources": HASHED["Resources"] | repository_template(cloud)["Resources"]}
    answer = update(cloud, broken, Parameters=given(Hash="2")).split(":")[0]
    events = cloud.client("cloudformation").describe_stack_events(StackName=cloud.name)["StackEvents"]
    failed = [each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    return answer, stack(cloud)["StackStatus"], parameters(cloud)["Hash"], outputs(cloud), failed


def broken(part: str) -> dict[str, Any]:
    """A template with an intrinsic that nobody can resolve, which moto meets as a mistake of its own."""
    nowhere = {"Fn::Select": [5, ["only one"]]}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": nowhere if part == "resource" else "t"}}
    return (
        waiting()
        | {"Resources": {"Topic": topic}}
        | ({"Outputs": {"O": {"Value": nowhere}}} if part != "resource" else {})
    )


def broken_creation(cloud: Any) -> Any:
    """Of a resource, and of an output: the answer, the status, and whether a reason is told."""
    found = []
    for part in ("resource", "output"):
        told = dataclasses.replace(cloud, name=f"{cloud.name}-{part}")
        made = code(create, cloud=told, template=broken(part))
        found.append((made, *ending(told)))
    return found


def broken_change_set(cloud: Any) -> Any:
    cfn, named = change(cloud, broken("resource"), "CREATE")
    answer = code(cfn.execute_change_set, **named)
    return (answer, *ending(cloud))


def broken_update(cloud: Any) -> Any:
    create(cloud, waiting())
    answer = update(cloud, broken("resource"))
    return (answer.split(":")[0], *ending(cloud))


def custom_resource(cloud: Any) -> Any:
    function = {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    }
    made = code(create, cloud=cloud, template={"Resources": {"Thing": function}})
    return (made, *ending(cloud))


def ending(cloud: Any) -> tuple[str, bool]:
    """In which status the stack ended, and whether its events say why."""
    cfn = cloud.client("cloudformation")
    status = refusal(cfn.describe_stacks, StackName=cloud.name)
    if status == "done":
        status = stack(cloud)["StackStatus"]
    told = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    return status, any("FAILED" in each["ResourceStatus"] and each.get("ResourceStatusReason") for each in told)


def looking_at_a_deleted_stack(cloud: Any) -> int:
    """How many topics there are after a look at the outputs of a stack that is gone."""
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": cloud.name}}},
        "Outputs": {"Name": {"Value": {"Ref": "Topic"}}},
    }
    cfn = create(cloud, template)
    identifier = stack(cloud)["StackId"]
    cfn.delete_stack(StackName=cloud.name)
    cfn.describe_stacks(StackName=identifier)
    cfn.list_stack_resources(StackName=identifier)
    topics = cloud.client("sns").get_paginator("list_topics").paginate()
    return sum(each["TopicArn"].endswith(f":{cloud.name}") for page in topics for each in page["Topics"])


def failed_deletion(cloud: Any) -> tuple[str, str]:
    cfn = create(cloud, repository_template(cloud))
    put(cloud, "a", "t")
    named = {"StackName": cloud.name}
    answer, found = code(cfn.delete_stack, **named), code(cfn.describe_stacks, **named)
    return answer, stack(cloud)["StackStatus"] if found == "done" else found


def update_after_a_failure(cloud: Any) -> str:
    cfn = create(cloud, repository_template(cloud))
    put(cloud, "a", "t")
    refusal(cfn.delete_stack, StackName=cloud.name)
    return update(cloud, waiting(A="1")).split(" state ")[-1].replace(cloud.name, "NAME")


def deleted_network(cloud: Any) -> tuple[str, str]:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    table = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    cfn = create(cloud, {"Resources": {"Vpc": vpc, "Table": table}})
    return code(cfn.delete_stack, StackName=cloud.name), code(cfn.describe_stacks, StackName=cloud.name)


def blamed_deletion(cloud: Any) -> Any:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    table = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    template = repository_template(cloud)
    template["Resources"] |= {"Vpc": vpc, "Table": table}
    cfn = create(cloud, template)
    put(cloud, "a", "t")
    refusal(cfn.delete_stack, StackName=cloud.name)
    if code(cfn.describe_stacks, StackName=cloud.name) != "done":
        return "no stack"
    found = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    return {each["LogicalResourceId"] for each in found if each["ResourceStatus"] == "DELETE_FAILED"} - {cloud.name}


def events(cloud: Any) -> tuple[list[str], set[Any]]:
    cfn = create(cloud, repository_template(cloud), ClientRequestToken="run-1")
    found = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    mine = [each["ResourceStatus"] for each in found if each["LogicalResourceId"] == "Repository"]
    return mine, {each.get("ClientRequestToken") for each in found}


def template_by_address(cloud: Any) -> str:
    s3, cfn = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket=cloud.name)
    s3.put_object(Bucket=cloud.name, Key="t.json", Body=json.dumps(waiting(A="1")).encode())
    url = f"http://127.0.0.1:{cloud.port}/{cloud.name}/t.json"
    return code(cfn.create_stack, StackName=cloud.name, TemplateURL=url)


STACKS = [
    Gap(last_updated, aws=True, moto=False),
    Gap(
        previous_value_of_a_default,
        ("done", {"Hash": "2", "Idle": "-"}, {"State": "2"}),
        ("HTTP 500", {"Hash": "-", "Idle": "-"}, {"State": "-"}),
    ),
    Gap(nothing_changed, [NO_UPDATES] * 3, ["done"] * 3),
    Gap(nothing_changed_without_parameters, NO_UPDATES, "done"),
    Gap(unused_parameter, NO_UPDATES, "done"),
    Gap(
        tags_alone,
        ("done", [{"Key": "a", "Value": "2"}]),
        (NO_UPDATES, [{"Key": "a", "Value": "1"}]),
    ),
    Gap(
        shown,
        {"Secret": "****", "Count": "3", "Version": "/NAME/version"},
        {"Secret": "s", "Count": "3", "Version": "32"},
    ),
    Gap(substituted_parameter, "tag 2", "tag 1"),
    Gap(failed_creation, ("done", "ROLLBACK_COMPLETE"), ("RepositoryAlreadyExistsException", "CREATE_IN_PROGRESS")),
    Gap(
        failed_update,
        ("done", "UPDATE_ROLLBACK_COMPLETE", "1", {"State": "1"}, ["Repository"]),
        ("RepositoryAlreadyExistsException", "CREATE_COMPLETE", "2", {"State": "2"}, []),
    ),
    Gap(
        broken_creation,
        [("done", "ROLLBACK_COMPLETE", True)] * 2,
        [("HTTP 500", "CREATE_IN_PROGRESS", False), ("done", "HTTP 500", False)],
    ),
    Gap(broken_change_set, ("done", "ROLLBACK_COMPLETE", True), ("HTTP 500", "REVIEW_IN_PROGRESS", False)),
    Gap(broken_update, ("done", "UPDATE_ROLLBACK_COMPLETE", True), ("HTTP 500", "CREATE_COMPLETE", False)),
    Gap(custom_resource, ("done", "ROLLBACK_COMPLETE", True), ("HTTP 500", "CREATE_IN_PROGRESS", False)),
    Gap(looking_at_a_deleted_stack, 0, 1),
    Gap(failed_deletion, ("done", "DELETE_FAILED"), ("RepositoryNotEmptyException", "ValidationError")),
    Gap(update_after_a_failure, "and can not be updated.", "ValidationError: Stack with id NAME does not exist"),
    Gap(deleted_network, ("done", "ValidationError"), ("DependencyViolation", "ValidationError")),
    Gap(blamed_deletion, {"Repository"}, "no stack"),
    Gap(events, (["CREATE_COMPLETE"], {"run-1"}), ([], {None})),
    Gap(template_by_address, "done", "NoSuchBucket"),
]


@pytest.mark.parametrize(
    ("requested", "problem"),
    [
        ([], "Parameters: [Tag] must have values"),
        (given(Tag="1", Other="2"), "Parameters: [Other] do not exist in the template"),
        (kept("Fresh") + given(Tag="1"), "Cannot specify usePreviousValue as true"),
    ],
)
def test_wrong_parameters_are_refused(requested: Any, problem: str, cloud: Any) -> None:
    before = {"Parameters": {"Tag": {"Type": "String"}}} | waiting(A={"Ref": "Tag"})
    create(cloud, before, Parameters=given(Tag="1"))
    after = {"Parameters": before["Parameters"] | {"Fresh": {"Type": "String", "Default": "x"}}} | waiting(A="2")
    assert problem in update(cloud, after, Parameters=requested)


def test_exports_follow_updates(cloud: Any) -> None:
    template = waiting(A="1", B="1")
    template["Outputs"]["A"]["Export"] = {"Name": f"{cloud.name}-a"}
    cfn = create(cloud, template)
    template["Outputs"]["B"]["Export"] = {"Name": f"{cloud.name}-b"}
    del template["Outputs"]["A"]["Export"]
    update(cloud, template)
    names = {each["Name"] for each in cfn.list_exports()["Exports"]}
    assert names & {f"{cloud.name}-a", f"{cloud.name}-b"} == {f"{cloud.name}-b"}
    cfn.delete_stack(StackName=cloud.name)
    assert f"{cloud.name}-b" not in {each["Name"] for each in cfn.list_exports()["Exports"]}


@pytest.mark.parametrize("gap", STACKS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", STACKS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto


def test_a_template_comes_back_as_it_was_sent(cloud: Any) -> None:
    """Its order too: what is deployed is compared with what was to be."""
    cfn = create(cloud, {"Resources": {"Z": waiting()["Resources"]["Nothing"]}, "Outputs": {"A": {"Value": "é"}}})
    found = cfn.get_template(StackName=cloud.name)["TemplateBody"]
    assert json.dumps(found) == json.dumps(
        {"Resources": {"Z": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}, "Outputs": {"A": {"Value": "é"}}}
    )
    text = (
        "# ours\nResources:\n  Z: {Type: 'AWS::CloudFormation::WaitConditionHandle'}\nOutputs: {A: {Value: !Sub 'b'}}\n"
    )
    assert refusal(cfn.update_stack, StackName=cloud.name, TemplateBody=text) == "done"
    assert cfn.get_template(StackName=cloud.name)["TemplateBody"] == text
    assert outputs(cloud) == {"A": "b"}


def test_an_update_by_a_templates_address(cloud: Any) -> None:
    s3, cfn = cloud.client("s3"), create(cloud, HASHED, Parameters=given(Hash="1"))
    s3.create_bucket(Bucket=cloud.name)
    s3.put_object(Bucket=cloud.name, Key="t.json", Body=json.dumps(HASHED | waiting(State="2")).encode())
    url = f"http://127.0.0.1:{cloud.port}/{cloud.name}/t.json"
    asked = {"StackName": cloud.name, "TemplateURL": url, "Parameters": kept("Hash", "Idle")}
    assert refusal(cfn.update_stack, **asked) == "done"
    assert (outputs(cloud), parameters(cloud)["Hash"]) == ({"State": "2"}, "1")
