"""Corrections to Lambda functions made of an image: AWS::Lambda::Function with Code.ImageUri, and Lambda's API.

No image is ever run here: what is true of a function is which image it has, and since when.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import ImageConfig, LambdaFunction
from moto.awslambda.utils import get_backend
from moto.ecr.models import ecr_backends
from moto.moto_api._internal import mock_random

from rajee_deploy.sandbox import images
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# host/name, then @digest or :tag
_ADDRESS = re.compile(r"(?P<repository>(?P<host>[^/]+)/(?P<name>[^:@]+))(?:@(?P<digest>.+)|:(?P<tag>[^@]+))")
_AMAZON = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


def apply() -> None:
    """Apply every correction of this module."""
    take_images_from_the_registry()
    create_whole_functions()
    tell_of_each_change()


def take_images_from_the_registry() -> None:
    """A function's image has to be in its repository, and one image at that: an index is refused. ResolvedImageUri has
    its digest (moto: any address will do, and the digest is one of the address's own letters).

    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
    """
    original, get_code = LambdaFunction._set_function_code, LambdaFunction.get_code  # noqa: SLF001 -- corrects these

    def _set_function_code(self: Any, updated_spec: Any) -> None:
        address = updated_spec.get("ImageUri")
        found = _find_image(address) if address else None
        original(self, updated_spec)
        if found is not None and not updated_spec.get("DryRun"):
            repository, digest, size = found
            self.code_sha_256, self.code_size = digest.removeprefix("sha256:"), size
            self.rajee_resolved = f"{repository}@{digest}"

    def get_code_resolved(self: Any) -> Any:
        answer = get_code(self)
        if "ResolvedImageUri" in answer.get("Code", {}):
            answer["Code"]["ResolvedImageUri"] = self.rajee_resolved
        return answer

    LambdaFunction._set_function_code = _set_function_code  # noqa: SLF001 -- see above
    LambdaFunction.get_code = get_code_resolved


def create_whole_functions() -> None:
    """CloudFormation's function keeps what makes it one of an image (moto: one of a zip file)."""
    create, update = LambdaFunction.create_from_cloudformation_json, LambdaFunction.update_from_cloudformation_json

    def create_function(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        if "ImageUri" not in properties.get("Code", {}):
            return create.__func__(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        return get_backend(account_id, region_name).create_function(_given(resource_name, properties))

    def update_function(
        cls: Any,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        json = {**cloudformation_json, "Properties": _given(new_resource_name, cloudformation_json["Properties"])}
        function = update.__func__(cls, original_resource, new_resource_name, json, account_id, region_name)
        function.image_config = ImageConfig(json["Properties"].get("ImageConfig", {}))
        function.tags = json["Properties"]["Tags"]
        return function

    LambdaFunction.create_from_cloudformation_json = classmethod(create_function)
    LambdaFunction.update_from_cloudformation_json = classmethod(update_function)


def tell_of_each_change() -> None:
    """RevisionId and LastModified are others after each change (moto: no RevisionId, and the moment of creation)."""
    get_configuration = LambdaFunction.get_configuration
    for name in ("__init__", "update_configuration", "update_function_code"):
        setattr(LambdaFunction, name, _changing(getattr(LambdaFunction, name)))

    def get_configuration_of_now(self: Any, *args: Any, **kwargs: Any) -> Any:
        return {**get_configuration(self, *args, **kwargs), "RevisionId": self.rajee_revision}

    LambdaFunction.get_configuration = get_configuration_of_now


def _changing(change: Any) -> Any:
    def changing(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.rajee_revision = str(mock_random.uuid4())
        answer = change(self, *args, **kwargs)
        self.last_modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        return answer

    return changing


def _given(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A function's properties as the API takes them; its code is a copy, since moto writes into what it gets."""
    tags = {each["Key"]: each["Value"] for each in properties.get("Tags", ())}
    return {**properties, "Code": dict(properties["Code"]), "FunctionName": name, "Tags": tags}


def _find_image(address: str) -> tuple[str, str, int]:
    """The repository's address, and the image's digest and size. Lambda's own words for what is not there."""
    parts = _ADDRESS.fullmatch(address)
    repository = _find_repository(parts["host"], parts["name"]) if parts is not None else None
    if parts is None or repository is None:
        raise InvalidParameterValueException(f"Source image {address} is not valid. Provide a valid source image.")
    image = images.find_image(repository, parts["digest"] or parts["tag"])
    if image is None:
        message = f"Source image {address} does not exist. Provide a valid source image."
        raise InvalidParameterValueException(message)
    if "manifests" in parse_json(image.image_manifest):
        message = f"The image manifest, config or layer media type for the source image {address} is not supported."
        raise InvalidParameterValueException(message)
    return parts["repository"], image.get_image_digest(), image.get_image_size_in_bytes() or 0


def _find_repository(host: str, name: str) -> Any | None:
    """Amazon's address of a repository says its account and region; the sandbox's own says so in its path."""
    amazon = _AMAZON.fullmatch(host)
    if amazon is None:
        return images.find_repository(name)
    return ecr_backends[amazon["account"]][amazon["region"]].repositories.get(name)
