"""Corrections to AWS::Lambda::Version, and AWS::Lambda::Alias, which moto's CloudFormation does not know."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaStorage, LambdaVersion, lambda_backends
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel


def apply() -> None:
    """Apply every correction of this module; aliases are known as soon as it is imported."""
    publish_versions()


class Alias(CloudFormationModel):  # type: ignore[misc]
    """AWS::Lambda::Alias (moto's CloudFormation does not know it: nothing was made).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html
    """

    def __init__(self, arn: str, function: str, name: str) -> None:
        self.physical_resource_id = arn
        self._function, self._name = function, name

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Its type."""
        return "AWS::Lambda::Alias"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Which attributes `Fn::GetAtt` gives."""
        return attr == "AliasArn"

    def get_cfn_attribute(self, _name: str) -> str:
        """The one attribute."""
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        """Create the alias."""
        properties = cloudformation_json["Properties"]
        function = properties["FunctionName"]
        made = lambda_backends[account_id][region_name].create_alias(
            resource_name,
            function,
            properties["FunctionVersion"],
            properties.get("Description", ""),
            properties.get("RoutingConfig"),
        )
        return cls(made.arn, function, resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Let it point at another version."""
        properties = cloudformation_json["Properties"]
        if (properties["FunctionName"], new_resource_name) != (original_resource._function, original_resource._name):
            made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
            original_resource.delete(account_id, region_name)
            return made
        lambda_backends[account_id][region_name].update_alias(
            original_resource._name,
            original_resource._function,
            properties["FunctionVersion"],
            properties.get("Description", ""),
            properties.get("RoutingConfig"),
        )
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the alias."""
        lambda_backends[account_id][region_name].delete_alias(self._name, self._function)


def publish_versions() -> None:
    """A version's number is never given twice; a stack's version has its ARN and attributes, is refused where nothing
    changed since the last one, and goes with its resource (moto: none of it)."""
    publish = LambdaStorage.publish_version

    def publish_version(self: Any, name_or_arn: str, description: str = "") -> Any:
        group = self._functions[self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn).function_name]
        known = list(group["versions"])
        version = publish(self, name_or_arn, description)
        if version is not None and not any(version is each for each in known):
            group["rajee_last"] = max(group.get("rajee_last", 0), *(int(each.version) for each in known), 0) + 1
            version.set_version(group["rajee_last"])
            self._arns[version.function_arn] = version
        return version

    def create(
        _cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        del resource_name
        properties = cloudformation_json["Properties"]
        backend, name = lambda_backends[account_id][region_name], properties["FunctionName"]
        before = {each.version for each in backend.list_versions_by_function(name)}
        made = backend.publish_version(name, properties.get("Description", ""))
        if made.version in before:
            message = f"A version for this Lambda function exists ( {made.version} ). Modify the function to create a"
            raise ValidationError(message=f"{message} new version.")
        version = LambdaVersion({"Version": str(made.version)})
        version.physical_resource_id = made.function_arn
        return version

    def delete(self: Any, account_id: str, region_name: str) -> None:
        lambda_backends[account_id][region_name].delete_function(self.physical_resource_id)

    LambdaStorage.publish_version = publish_version
    LambdaVersion.create_from_cloudformation_json = classmethod(create)
    LambdaVersion.has_cfn_attr = classmethod(lambda _cls, attr: attr in ("Version", "FunctionArn"))
    LambdaVersion.get_cfn_attribute = lambda self, name: (
        self.version if name == "Version" else self.physical_resource_id
    )
    LambdaVersion.delete = delete
