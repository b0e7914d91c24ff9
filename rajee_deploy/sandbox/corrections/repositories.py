"""Corrections to AWS::ECR::Repository, the CloudFormation resource."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.ecr.models import Repository, RepositoryUpdateProperty, ecr_backends

from rajee_deploy.sandbox.corrections.casing import to_api

importing: ContextVar[bool] = ContextVar("importing", default=False)
"""True while a change set runs that was created with ImportExistingResources."""


def apply() -> None:
    """Apply every correction of this module."""
    honour_properties_and_adopt()
    update_in_place()
    empty_before_deleting()


def honour_properties_and_adopt() -> None:
    """Create: scan settings, lifecycle policy and a lower-case generated name count (moto drops or refuses them), and
    a repository that exists is adopted when the change set imports existing resources and no stack owns it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    original = Repository.create_from_cloudformation_json.__func__

    def create(
        cls: type[Any],
        /,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Any:
        template = _readable(cloudformation_json)
        name = template["Properties"].get("RepositoryName") or resource_name.lower()
        existing = ecr_backends[account_id][region_name].repositories.get(name)
        if existing is not None and importing.get() and not _is_owned(existing):
            return cls.update_from_cloudformation_json(existing, name, cloudformation_json, account_id, region_name)
        repository = original(cls, name, template, account_id, region_name, **kwargs)
        _set_rest(repository, template["Properties"])
        return repository

    Repository.create_from_cloudformation_json = classmethod(create)


def update_in_place() -> None:
    """Update: nothing but another name replaces a repository (moto invents a new name for one that the template does
    not name, and so deletes it with its images), and scan settings and lifecycle policy follow."""

    def update(
        cls: Any,
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG001 -- moto's signature; the name is only right when the template gives one
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        properties = _readable(cloudformation_json)["Properties"]
        if properties.get("RepositoryName", original_resource.name) != original_resource.name:
            # The old one is deleted after the update on AWS; images hinder that, so it stays.
            return cls.create_from_cloudformation_json(
                properties["RepositoryName"], cloudformation_json, account_id, region_name
            )
        backend = ecr_backends[account_id][region_name]
        backend.validate_image_tag_mutability_params_compatibility(
            properties.get("ImageTagMutability"), properties.get("ImageTagMutabilityExclusionFilters")
        )
        original_resource.update(
            RepositoryUpdateProperty.IMAGE_TAG_MUTABILITY,
            image_tag_mutability=properties.get("ImageTagMutability"),
            image_tag_mutability_exclusion_filters=cls._convert_cfn_mutability_exclusion_filters(
                properties.get("ImageTagMutabilityExclusionFilters")
            ),
        )
        scanning = properties.get("ImageScanningConfiguration") or {"scanOnPush": False}
        original_resource.image_scanning_configuration = scanning
        backend.tagger.tag_resource(original_resource.arn, properties.get("Tags", []))
        _set_rest(original_resource, properties)
        return original_resource

    Repository.update_from_cloudformation_json = classmethod(update)


def empty_before_deleting() -> None:
    """`EmptyOnDelete` lets a stack delete a repository that holds images (moto does not know it)."""

    def delete(self: Any, account_id: str, region_name: str) -> None:
        force = getattr(self, "empty_on_delete", False)
        ecr_backends[account_id][region_name].delete_repository(self.name, force=force)

    Repository.delete = delete


def _readable(resource: Any) -> Any:
    """The resource with those properties in the API's casing that moto keeps as they come."""
    properties = dict(resource.get("Properties", {}))
    for name in ("ImageScanningConfiguration", "EncryptionConfiguration"):
        if name in properties:
            properties[name] = to_api(properties[name])
    return {**resource, "Properties": properties}


def _set_rest(repository: Any, properties: Any) -> None:
    policy = properties.get("LifecyclePolicy", {})
    # Kept as text, past moto's validation, which does not know `sinceImagePulled` and `transition`.
    repository.lifecycle_policy = policy.get("LifecyclePolicyText")
    repository.empty_on_delete = str(properties.get("EmptyOnDelete", "")).lower() == "true"


def _is_owned(repository: Any) -> bool:
    stacks = cloudformation_backends[repository.account_id][repository.region_name].stacks.values()
    return any(repository is resource for stack in list(stacks) for resource in _made(stack))


def _made(stack: Any) -> list[Any]:
    """What the stack has created so far. Looking it up in the resource map would create the rest."""
    return list(stack.resource_map._parsed_resources.values())
