"""Corrections to AWS::Lambda::Function of a container image, to its versions, and to aliases."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

import re
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import ImageConfig, LambdaFunction, LambdaStorage, LambdaVersion, lambda_backends
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from rajee_deploy.sandbox import images
from rajee_deploy.text.foreign import parse_json

_ECR_HOST = re.compile(r"\d+\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.")
_LATER = {"KmsKeyArn": "kms_key_arn", "TracingConfig": "tracing_config", "Architectures": "architectures"}


def apply() -> None:
    """Apply every correction of this module."""
    run_real_images()
    create_whole_functions()
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


def run_real_images() -> None:
    """A function runs the image that its repository has under the tag now, and keeps it; without it, or with an image
    index, it is refused (moto believes any name).

    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
    """
    original = LambdaFunction._set_function_code
    get_code = LambdaFunction.get_code

    def _set_function_code(self: Any, updated_spec: Any) -> None:
        original(self, updated_spec)
        if "ImageUri" in updated_spec:
            image = _image(updated_spec["ImageUri"])
            self.code_sha_256 = image.get_image_digest().removeprefix("sha256:")
            self.code_size = sum(layer["size"] for layer in parse_json(image.image_manifest)["layers"])

    def get_whole_code(self: Any) -> Any:
        answer = get_code(self)
        if "ImageUri" in self.code:
            name = _parts(self.code["ImageUri"])[0]
            answer["Code"]["ResolvedImageUri"] = f"{name}@sha256:{self.code_sha_256}"
        return answer

    LambdaFunction._set_function_code = _set_function_code
    LambdaFunction.get_code = get_whole_code


def create_whole_functions() -> None:
    """CloudFormation's function keeps its package type, command, architecture and tags (moto: each is a zip file's)."""
    create, update = (
        LambdaFunction.create_from_cloudformation_json.__func__,
        LambdaFunction.update_from_cloudformation_json.__func__,
    )

    def create_whole(cls: Any, /, resource_name: str, cloudformation_json: Any, *where: Any, **more: Any) -> Any:
        function = create(cls, resource_name, cloudformation_json, *where, **more)
        return _complete(function, cloudformation_json["Properties"])

    def update_whole(
        cls: Any, /, original_resource: Any, new_resource_name: str, cloudformation_json: Any, *where: Any, **more: Any
    ) -> Any:
        function = update(cls, original_resource, new_resource_name, cloudformation_json, *where, **more)
        return _complete(function, cloudformation_json["Properties"])

    LambdaFunction.create_from_cloudformation_json = classmethod(create_whole)
    LambdaFunction.update_from_cloudformation_json = classmethod(update_whole)


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


def _complete(function: Any, properties: Any) -> Any:
    function.package_type = properties.get("PackageType", "Zip")
    function.image_config = ImageConfig(properties.get("ImageConfig", {}))
    for name, attribute in _LATER.items():
        if name in properties:
            setattr(function, attribute, properties[name])
    function.tags = {each["Key"]: each["Value"] for each in properties.get("Tags", [])}
    return function


def _image(uri: str) -> Any:
    name, reference = _parts(uri)
    host, _, path = name.partition("/")
    region = _ECR_HOST.match(host)
    repository = images.find_repository(images.place(region["region"], path) if region else path)
    image = images.find_image(repository, reference) if repository else None
    if image is None:
        raise InvalidParameterValueException(f"Source image {uri} does not exist. Provide a valid source image.")
    if "layers" not in parse_json(image.image_manifest):
        message = f"The image manifest, config or layer media type for the source image {uri} is not supported."
        raise InvalidParameterValueException(message)
    return image


def _parts(uri: str) -> tuple[str, str]:
    """The repository's address, and the tag or digest."""
    name, _, digest = uri.partition("@")
    if digest:
        return name, digest
    name, _, tag = uri.rpartition(":")
    return name, tag
