"""Corrections to what lies around a stack's template: its termination protection, notification topics and tags."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult


def apply() -> None:
    """Apply every correction of this module."""
    protect()
    update_topics_and_tags()


def protect() -> None:
    """UpdateTerminationProtection exists, and a protected stack is not deleted (moto: neither).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateTerminationProtection.html
    """

    def update_termination_protection(self: Any) -> Any:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection", if_none=False)
        return ActionResult({"StackId": stack.stack_id})

    original = CloudFormationResponse.delete_stack

    def delete_stack(self: Any) -> Any:
        name = self._get_param("StackName")
        for stack in self.cloudformation_backend.stacks.values():
            if name in (stack.name, stack.stack_id) and stack.enable_termination_protection:
                message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                raise ValidationError(message=message)
        return original(self)

    CloudFormationResponse.update_termination_protection = update_termination_protection
    CloudFormationResponse.delete_stack = delete_stack


def update_topics_and_tags() -> None:
    """UpdateStack takes the notification topics and tags that it names, also when it names an empty list of them; what
    it does not name stays (moto: topics always stay, and tags do when the list is empty)."""
    original = CloudFormationResponse.update_stack

    def update_stack(self: Any) -> Any:
        answer = original(self)
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.notification_arns = list(self._get_param("NotificationARNs", stack.notification_arns))
        if self._get_param("Tags") == []:
            stack.tags = {}
        return answer

    CloudFormationResponse.update_stack = update_stack
