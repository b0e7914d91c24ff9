"""Repositories that a stack declares, as AWS has them and plain moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import (
    Gap,
    change,
    code,
    create,
    outputs,
    put,
    repository,
    repository_template,
    row_name,
    stack,
    update,
    waiting,
)


def repository_properties(cloud: Any) -> tuple[Any, str]:
    policy = {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "any",
                    "countType": "sinceImagePulled",
                    "countUnit": "days",
                    "countNumber": 90,
                },
                "action": {"type": "transition", "targetStorageClass": "archive"},
            }
        ]
    }
    create(
        cloud,
        repository_template(
            cloud,
            ImageScanningConfiguration={"ScanOnPush": True},
            LifecyclePolicy={"LifecyclePolicyText": json.dumps(policy)},
        ),
    )
    ecr = cloud.client("ecr")
    found = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    return found["imageScanningConfiguration"], code(ecr.get_lifecycle_policy, repositoryName=cloud.name)


def generated_name(cloud: Any) -> str:
    template = repository_template(cloud)
    del template["Resources"]["Repository"]["Properties"]["RepositoryName"]
    template["Outputs"] = {"Name": {"Value": {"Ref": "Repository"}}}
    made = code(create, cloud=cloud, template=template)
    if made != "done":
        return made
    before = outputs(cloud)["Name"]
    template["Resources"]["Repository"]["Properties"]["ImageTagMutability"] = "IMMUTABLE"
    update(cloud, template)
    return "kept" if outputs(cloud)["Name"] == before == before.lower() else "replaced"


def encryption(cloud: Any) -> Any:
    create(cloud, repository_template(cloud, EncryptionConfiguration={"EncryptionType": "KMS"}))
    found = cloud.client("ecr").describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    return found["encryptionConfiguration"].get("encryptionType")


def updated_properties(cloud: Any) -> Any:
    template = repository_template(cloud)
    create(cloud, template)
    put(cloud, "a", "t")
    template["Resources"]["Repository"]["Properties"] |= {
        "ImageTagMutability": "IMMUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "LifecyclePolicy": {"LifecyclePolicyText": "{}"},
    }
    answer = update(cloud, template)
    ecr = cloud.client("ecr")
    found = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    policy = code(ecr.get_lifecycle_policy, repositoryName=cloud.name)
    images = len(ecr.list_images(repositoryName=cloud.name)["imageIds"])
    return answer, images, found["imageTagMutability"], found["imageScanningConfiguration"], policy


def retained_when_removed(cloud: Any) -> str:
    template = repository_template(cloud, DeletionPolicy="RetainExceptOnCreate")
    template["Resources"] |= waiting()["Resources"]
    create(cloud, template)
    update(cloud, waiting())
    return code(cloud.client("ecr").describe_repositories, repositoryNames=[cloud.name])


def emptied_on_delete(cloud: Any) -> tuple[str, str]:
    cfn = create(cloud, repository_template(cloud, EmptyOnDelete=True))
    put(cloud, "a", "t")
    deleted = code(cfn.delete_stack, StackName=cloud.name)
    return deleted, code(cloud.client("ecr").describe_repositories, repositoryNames=[cloud.name])


def adopted(cloud: Any) -> tuple[str, Any]:
    cfn = create(cloud, repository_template(cloud, DeletionPolicy="Retain"))
    put(cloud, "a", "t")
    cfn.delete_stack(StackName=cloud.name)
    template = repository_template(cloud, DeletionPolicy="Retain", ImageTagMutability="IMMUTABLE")
    cfn.create_change_set(
        StackName=cloud.name,
        ChangeSetName="adopt",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        ImportExistingResources=True,
    )
    executed = code(cfn.execute_change_set, StackName=cloud.name, ChangeSetName="adopt")
    ecr = cloud.client("ecr")
    images = len(ecr.list_images(repositoryName=cloud.name)["imageIds"])
    mutability = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]["imageTagMutability"]
    return executed, stack(cloud)["StackStatus"], images, mutability


REPOSITORIES = [
    Gap(repository_properties, ({"scanOnPush": True}, "done"), ({}, "LifecyclePolicyNotFoundException")),
    Gap(generated_name, "kept", "InvalidParameterException"),
    Gap(encryption, "KMS", None),
    Gap(
        updated_properties,
        ("done", 1, "IMMUTABLE", {"scanOnPush": True}, "done"),
        ("done", 1, "IMMUTABLE", {}, "LifecyclePolicyNotFoundException"),
    ),
    Gap(retained_when_removed, "done", "RepositoryNotFoundException"),
    Gap(emptied_on_delete, ("done", "RepositoryNotFoundException"), ("RepositoryNotEmptyException", "done")),
    Gap(
        adopted,
        ("done", "CREATE_COMPLETE", 1, "IMMUTABLE"),
        ("RepositoryAlreadyExistsException", "REVIEW_IN_PROGRESS", 1, "MUTABLE"),
    ),
]


def test_retained_repository_survives_its_stack(cloud: Any) -> None:
    cfn = create(cloud, repository_template(cloud, DeletionPolicy="Retain"))
    put(cloud, "a", "t")
    cfn.delete_stack(StackName=cloud.name)
    assert code(cloud.client("ecr").describe_images, repositoryName=cloud.name) == "done"
    assert code(cfn.describe_stacks, StackName=cloud.name) == "ValidationError"


def test_existing_repository_is_not_adopted_unasked(cloud: Any) -> None:
    repository(cloud)
    cfn, named = change(cloud, repository_template(cloud), "CREATE")
    cfn.execute_change_set(**named)
    assert stack(cloud)["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [
        each.get("ResourceStatusReason", "") for each in cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    ]
    assert any("already exists" in reason for reason in reasons)


def test_owned_repository_is_not_adopted(cloud: Any) -> None:
    cfn = create(cloud, repository_template(cloud))
    cfn.create_change_set(
        StackName=f"{cloud.name}b",
        ChangeSetName="steal",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(repository_template(cloud)),
        ImportExistingResources=True,
    )
    cfn.execute_change_set(StackName=f"{cloud.name}b", ChangeSetName="steal")
    found = cfn.describe_stacks(StackName=f"{cloud.name}b")["Stacks"][0]
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize("gap", REPOSITORIES, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", REPOSITORIES, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
