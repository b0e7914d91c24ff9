"""The deployed templates of nested stacks. CloudFormation, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.stack.services import stack_resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.aws.elsewhere import Asks


def find_nested_template(aws: Asks, stack: str, path: Sequence[str]) -> Any | None:
    """The template of a nested stack, parsed if it is JSON; `path` are the logical ids that lead to it. None where
    there is no such stack, or it has no template. DeployErrors where the answer is neither."""
    for logical in path:
        resources = {each.get("LogicalResourceId"): each["PhysicalResourceId"] for each in stack_resources(aws, stack)}
        if logical not in resources:
            return None
        stack = str(resources[logical])
    answer = aws.ask("cloudformation", "get_template", {"StackName": stack, "TemplateStage": "Original"})
    return answer.get("TemplateBody") or None
