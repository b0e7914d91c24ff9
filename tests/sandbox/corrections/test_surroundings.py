"""Protection, topics and tags of a stack, and SSM's parameters, as AWS has them and plain moto does not."""

from __future__ import annotations

from typing import Any

import pytest
from corrected import Gap, code, create, refusal, row_name, stack, update, waiting


def protection(cloud: Any) -> Any:
    cfn = create(cloud, waiting())
    changed = code(cfn.update_termination_protection, StackName=cloud.name, EnableTerminationProtection=True)
    deleted = code(cfn.delete_stack, StackName=cloud.name)
    return changed, deleted, code(cfn.describe_stacks, StackName=cloud.name)


def topics_and_tags(cloud: Any) -> Any:
    """As created, after an update that names neither, and after one that names none."""
    topic = cloud.client("sns").create_topic(Name=cloud.name)["TopicArn"]
    create(cloud, waiting(A="1"), Tags=[{"Key": "a", "Value": "b"}])
    seen = []
    for number, named in enumerate(({"NotificationARNs": [topic]}, {}, {"NotificationARNs": [], "Tags": []}), start=2):
        assert update(cloud, waiting(A=str(number)), **named) == "done"
        seen.append((len(stack(cloud)["NotificationARNs"]), len(stack(cloud)["Tags"])))
    return seen


SURROUNDINGS = [
    Gap(protection, ("done", "ValidationError", "done"), ("HTTP 500", "done", "ValidationError")),
    Gap(topics_and_tags, [(1, 1), (1, 1), (0, 0)], [(0, 1), (0, 1), (0, 1)]),
]


def parameter_without_a_name(cloud: Any) -> Any:
    """The stack's state, whether the parameter has a name of the stack's, and the same name and another value later."""
    template = {"Resources": {"Size": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}
    created = refusal(create, cloud=cloud, template=template)
    if created != "done":
        return created

    def names() -> list[str]:
        found = cloud.client("cloudformation").list_stack_resources(StackName=cloud.name)["StackResourceSummaries"]
        return [each["PhysicalResourceId"] for each in found]

    before = names()
    template["Resources"]["Size"]["Properties"]["Value"] = "2"
    answer = update(cloud, template)
    value = cloud.client("ssm").get_parameter(Name=before[0])["Parameter"]["Value"]
    return before[0].startswith(f"{cloud.name}-Size"), answer, names() == before, value


SSM = [Gap(parameter_without_a_name, (True, "done", True, "2"), "HTTP 500")]


@pytest.mark.parametrize("gap", [*SURROUNDINGS, *SSM], ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", [*SURROUNDINGS, *SSM], ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
