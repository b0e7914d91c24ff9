"""Change sets, as AWS has them and plain moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import HASHED, Gap, change, code, create, given, kept, outputs, parameters, row_name, stack, waiting


def created_by_change_set(cloud: Any) -> Any:
    cfn, named = change(cloud, HASHED, "CREATE", Parameters=given(Hash="1"))
    cfn.execute_change_set(**named)
    return stack(cloud)["StackStatus"], outputs(cloud), parameters(cloud)


def updated_by_change_set(cloud: Any) -> Any:
    create(cloud, HASHED)
    tags = [{"Key": "a", "Value": "1"}]
    cfn, named = change(cloud, HASHED, "UPDATE", Parameters=given(Hash="1") + kept("Idle"), Tags=tags)
    cfn.execute_change_set(**named)
    return outputs(cloud), parameters(cloud), stack(cloud).get("Tags"), "LastUpdatedTime" in stack(cloud)


def empty_change_set(cloud: Any) -> tuple[str, str]:
    create(cloud, waiting(A="1"))
    cfn, named = change(cloud, waiting(A="1"), "UPDATE")
    found = cfn.describe_change_set(**named)
    create_again = json.dumps(HASHED)
    create_other = {
        "StackName": f"{cloud.name}b",
        "TemplateBody": create_again,
        "Parameters": given(Hash="1", Idle="1"),
    }
    cfn.create_stack(**create_other)
    other = code(cfn.create_change_set, **create_other, ChangeSetName="cdk-deploy-change-set", ChangeSetType="UPDATE")
    return found["Status"], found.get("StatusReason", "").split(".")[0], other


def deleting_no_change_set(cloud: Any) -> str:
    cfn = create(cloud, waiting(A="1"))
    return code(cfn.delete_change_set, StackName=cloud.name, ChangeSetName=f"missing-{cloud.name}")


def same_name_in_two_stacks(cloud: Any) -> str:
    cfn, named = change(cloud, waiting(A="1"), "CREATE")
    cfn.create_change_set(
        **{**named, "StackName": f"{cloud.name}b"}, ChangeSetType="CREATE", TemplateBody=json.dumps(waiting(A="2"))
    )
    return cfn.describe_change_set(**named)["StackName"].replace(cloud.name, "NAME")


def imported_export(cloud: Any) -> Any:
    template = waiting(A="1")
    template["Outputs"]["A"]["Export"] = {"Name": cloud.name}
    cfn, named = change(cloud, template, "CREATE")
    cfn.execute_change_set(**named)
    importer = waiting(B={"Fn::ImportValue": cloud.name})
    other = {"StackName": f"{cloud.name}b"}
    made = [code(cfn.create_stack, TemplateBody=json.dumps(importer), **other), code(cfn.describe_stacks, **other)]
    if made != ["done", "done"]:
        return made
    return cfn.describe_stacks(StackName=f"{cloud.name}b")["Stacks"][0]["Outputs"][0]["OutputValue"]


CHANGE_SETS = [
    Gap(
        created_by_change_set,
        ("CREATE_COMPLETE", {"State": "1"}, {"Hash": "1", "Idle": "-"}),
        ("CREATE_COMPLETE", {}, {"Hash": "1", "Idle": "-"}),
    ),
    Gap(
        updated_by_change_set,
        ({"State": "1"}, {"Hash": "1", "Idle": "-"}, [{"Key": "a", "Value": "1"}], True),
        ({"State": "1"}, {"Hash": "1", "Idle": "-"}, [], False),
    ),
    Gap(
        empty_change_set,
        ("FAILED", "The submitted information didn't contain changes", "done"),
        ("FAILED", "The submitted information didn't contain changes", "ValidationError"),
    ),
    Gap(deleting_no_change_set, "done", "HTTP 500"),
    Gap(same_name_in_two_stacks, "NAME", "NAMEb"),
    Gap(imported_export, "1", ["done", "HTTP 500"]),
]


@pytest.mark.parametrize("gap", CHANGE_SETS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", CHANGE_SETS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
