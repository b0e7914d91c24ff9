"""Corrections to AWS::CloudFormation::Stack, the resource: a stack that another one has.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse

from rajee_deploy.sandbox.corrections.parameters import effective_parameters, given_parameters, is_update
from rajee_deploy.sandbox.corrections.stacks import get_template, update


def apply() -> None:
    """Apply every correction of this module. It wraps what those of `stacks` replace, so it comes after them."""
    answer_for_its_outputs()
    fail_with_a_nested_stack()
    update_in_place()
    delete_with_its_parent()


def answer_for_its_outputs() -> None:
    """`Ref` is the nested stack's ARN, `Fn::GetAtt` gives its outputs (moto: its name, and a mistake of its own)."""

    def get_cfn_attribute(self: Any, attribute_name: str) -> Any:
        kind, _, name = attribute_name.partition(".")
        if kind != "Outputs" or name not in self.output_map.outputs or (found := self.output_map[name]) is None:
            raise ValidationError(message=f"Template error: {self.name} has no attribute {attribute_name}")
        return found.value

    Stack.get_cfn_attribute = get_cfn_attribute
    Stack.physical_resource_id = property(lambda self: self.stack_id)


def fail_with_a_nested_stack() -> None:
    """A nested stack that fails makes its parent fail (moto's error passed through both; ours settles the inner
    one), and it knows its parent."""

    def create(
        _cls: type[Any],
        /,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Any:
        properties = cloudformation_json["Properties"]
        template = get_template(properties["TemplateURL"], account_id, region_name)
        backend = cloudformation_backends[account_id][region_name]
        values = effective_parameters(Stack.parse_template(template), _requested(properties), {})
        stack = backend.create_stack(resource_name, template, values)
        stack.parent_id = kwargs.get("StackId")
        stack.root_id = getattr(backend.stacks.get(stack.parent_id), "root_id", stack.parent_id)
        _check(stack, "created")
        return stack

    Stack.create_from_cloudformation_json = classmethod(create)


def update_in_place() -> None:
    """An update of a nested stack updates it (moto deletes it and makes another one)."""

    def update_nested(
        _cls: type[Any],
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG001 -- moto's signature; a nested stack keeps its name
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        properties = cloudformation_json["Properties"]
        template = get_template(properties["TemplateURL"], account_id, region_name)
        document = Stack.parse_template(template)
        values = effective_parameters(document, _requested(properties), given_parameters(original_resource))
        if is_update(original_resource, document, values, None):
            CloudFormationResponse._validate_status(None, original_resource)
            update(cloudformation_backends[account_id][region_name], original_resource, template, values, None)
            _check(original_resource, "updated")
        return original_resource

    Stack.update_from_cloudformation_json = classmethod(update_nested)


def delete_with_its_parent() -> None:
    """A nested stack that cannot be deleted hinders its parent's deletion."""

    def delete(
        _cls: type[Any], resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        del cloudformation_json
        backend = cloudformation_backends[account_id][region_name]
        stack = backend.get_stack(resource_name)
        backend.delete_stack(resource_name)
        _check(stack, "deleted")

    Stack.delete_from_cloudformation_json = classmethod(delete)


def _requested(properties: Any) -> list[dict[str, Any]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in properties.get("Parameters", {}).items()]


def _check(stack: Any, done: str) -> None:
    if "ROLLBACK" in stack.status or "FAILED" in stack.status:
        reasons = (each.resource_status_reason for each in reversed(stack.events) if "FAILED" in each.resource_status)
        message = f"Embedded stack {stack.stack_id} was not successfully {done}: {next(reasons, stack.status)}"
        raise ValidationError(message=message)
