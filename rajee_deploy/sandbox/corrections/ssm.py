"""Corrections to the SSM parameters of a stack."""

from __future__ import annotations

from typing import Any

from moto.ssm.models import Parameter


def apply() -> None:
    """Apply every correction of this module."""
    name_parameters()


def name_parameters() -> None:
    """A parameter that the template does not name is given a name, and keeps it (moto breaks down in the middle, and
    the stack is being created for ever).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
    """
    create = Parameter.create_from_cloudformation_json.__func__
    update = Parameter.update_from_cloudformation_json.__func__

    def create_named(cls: Any, /, resource_name: str, cloudformation_json: Any, *where: Any, **more: Any) -> Any:
        return create(cls, resource_name, _named(cloudformation_json, resource_name), *where, **more)

    def update_named(
        cls: Any, /, original_resource: Any, new_resource_name: str, cloudformation_json: Any, *where: Any, **more: Any
    ) -> Any:
        template = _named(cloudformation_json, original_resource.name)
        return update(cls, original_resource, new_resource_name, template, *where, **more)

    Parameter.create_from_cloudformation_json = classmethod(create_named)
    Parameter.update_from_cloudformation_json = classmethod(update_named)


def _named(template: Any, name: str) -> Any:
    return template | {"Properties": {"Name": name} | template["Properties"]}
