"""What the sandbox cannot do is refused at once, in words, with the code SandboxUnsupported.

Moto answers with HTTP 500 and a page of HTML, which the CDK CLI asks for again for 45 seconds before it says "XML parse
error"; and a resource of a type that it does not know is nothing at all, so that a reference to it is lost.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SandboxUnsupported"
_TIDYING = (
    "Custom::ECRAutoDeleteImages",
    "Custom::LogRetention",
    "Custom::S3AutoDeleteObjects",
    "Custom::VpcRestrictDefaultSG",
)


def apply() -> None:
    """Apply every correction of this module. It wraps what those of `stacks` and `change_sets` replace."""
    keep_unknown_types()
    refuse_custom_resources()
    refuse_templates_at_the_start()
    answer_for_every_mistake()


class Inert(CloudFormationModel):  # type: ignore[misc]
    """A resource that the sandbox only names: `Ref` gives its name, and nothing happens."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_type() -> str:
        """No type of AWS: it stands for many."""
        return "Rajee::Sandbox::Inert"

    @classmethod
    def has_cfn_attr(cls, _attr: str) -> bool:
        """It has none."""
        return False

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> Any:
        """Nothing is made."""
        return cls(resource_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Nothing was made."""


def keep_unknown_types() -> None:
    """A resource of a type that moto lacks has a name, which others may refer to (moto: their references are lost)."""
    original = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        return original(resource_type) if _is_known(resource_type) else Inert

    parsing.resource_class_from_type = resource_class_from_type


def refuse_custom_resources() -> None:
    """A custom resource fails with a reason (moto runs its function in a container that cannot reach this server, and
    the stack is being created for ever). Those of the CDK's own that only tidy up around others are named, and no
    more: apps as `cdk init` makes them have some, and nothing that is emulated follows from them."""

    def create(_cls: Any, /, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any) -> Any:
        if cloudformation_json["Type"] in _TIDYING:
            return Inert(resource_name)
        raise ValidationError(message=f"the sandbox runs no functions, so no custom resource either ({resource_name})")

    CustomModel.create_from_cloudformation_json = classmethod(create)


def refuse_templates_at_the_start() -> None:
    """Whoever creates, changes or updates a stack is told all attributes that the sandbox cannot give (moto: the first
    one in the middle, as a mistake of its own)."""
    for name in ("create_stack", "update_stack", "create_change_set"):
        setattr(CloudFormationBackend, name, _checking(getattr(CloudFormationBackend, name)))


def answer_for_every_mistake() -> None:
    """A mistake of moto's, or a call that it lacks, is an error that says so."""
    original = CloudFormationResponse.call_action

    def call_action(self: Any) -> Any:
        try:
            return original(self)
        except Exception as error:  # noqa: BLE001 -- moto's mistakes have no class of their own
            said = f"the sandbox cannot do this: {type(error).__name__}: {error}"
            status, headers, body = self.serialized(ActionResult(CloudFormationError(CODE, said)))
            headers["status"] = status
            return status, headers, body

    CloudFormationResponse.call_action = call_action


def lacking(template: Any) -> list[str]:
    """What a template asks for that the sandbox cannot give, in words."""
    resources = template.get("Resources") or {}
    return sorted(
        {
            f"the attribute {attribute} of {name} ({resources[name]['Type']})"
            for name, attribute in _attributes({key: template.get(key) for key in ("Resources", "Outputs")})
            if name in resources and not _has(resources[name]["Type"], attribute)
        }
    )


def _checking(work: Any) -> Any:
    signature = inspect.signature(work)

    @functools.wraps(work)
    def checking(*args: Any, **kwargs: Any) -> Any:
        template = signature.bind(*args, **kwargs).arguments.get("template")
        if template and (missing := lacking(Stack.parse_template(template))):
            message = f"the sandbox cannot give {'; '.join(missing)}: it does not emulate that type, or not so far"
            raise CloudFormationError(CODE, message)
        return work(*args, **kwargs)

    return checking


def _is_known(resource_type: str) -> bool:
    known = resource_type in parsing.get_model_map() or resource_type in parsing.NULL_MODELS
    return known or resource_type.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))


def _has(resource_type: str, attribute: str) -> bool:
    """Whether moto gives an attribute of a type: it says so, or its code names it (what it says may be older)."""
    if resource_type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
        return True  # its function would answer
    model = parsing.get_model_map().get(resource_type)
    if model is None:
        return False
    get = getattr(model, "get_cfn_attribute", None)
    return get is not None and (model.has_cfn_attr(attribute) or f'"{attribute}"' in inspect.getsource(get))


def _attributes(part: Any) -> Iterator[tuple[str, str]]:
    """The resource and the attribute of each Fn::GetAtt, and of each one in an Fn::Sub."""
    if isinstance(part, list):
        for each in part:
            yield from _attributes(each)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key == "Fn::GetAtt":
            name, attribute = value.split(".", 1) if isinstance(value, str) else value[:2]
            if isinstance(attribute, str):
                yield name, attribute
            continue
        if key == "Fn::Sub":
            text = value if isinstance(value, str) else value[0]
            yield from re.findall(r"\$\{([^!.}]+)\.([^}]+)\}", text)
        yield from _attributes(value)
