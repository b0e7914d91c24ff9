"""A stack's parameters, updated by CloudFormation alone: its own template, new values, no node and no synth. Where the
template itself names tags (images that the app declares), it is the same template with other tags.

Rollback is always on: an image's change replaces its task definition, which CloudFormation refuses while rollback is
disabled. This room never decides that a deployment may go this way.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.aws import unknown
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import PRIVATE
from rajee_deploy.model.stack_status import is_refused_for_now, stack_busy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.plan.state import StackPresent

# What a template with IAM resources or macros asks its deployer to know; CDK's own deployments always say so.
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Accepted(Enum):
    """What CloudFormation said to an update."""

    STARTED = "it has begun"
    NOTHING = "nothing differs"


class StackUpdater(Protocol):
    """What the tool asks of CloudFormation when only parameters change."""

    def update(
        self,
        stack: str,
        state: StackPresent,
        parameters: Mapping[str, str],
        token: str,
        tags: Mapping[str, str],
    ) -> Accepted:
        """Begin an update of `parameters`; all others keep their values. `tags` stand in the places of others in the
        template. The same token begins it only once.

        DeployErrors `stack-busy`, `deploy-failed`, and those of `aws`.
        """
        ...

    def execute(self, stack: str, change_set: str) -> Accepted:
        """Begin what a change set says; one that is not there (any more) held nothing to do. DeployErrors as above."""
        ...


class Updates:
    """The StackUpdater of one account and region."""

    def __init__(self, aws: Asks) -> None:
        self._aws = aws

    def update(
        self,
        stack: str,
        state: StackPresent,
        parameters: Mapping[str, str],
        token: str,
        tags: Mapping[str, str],
    ) -> Accepted:
        """See StackUpdater."""
        own = [key for key in sorted(state.parameters) if key not in parameters and not key.startswith(PRIVATE)]
        kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in own]
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())]
        arguments = {
            "StackName": stack,
            **self._template(stack, tags),
            "Parameters": [*given, *kept],
            "Capabilities": _CAPABILITIES,
            "ClientRequestToken": token,
            "DisableRollback": False,
        }
        refusal = ""

        def expected(code: str, message: str) -> Accepted | None:
            nonlocal refusal
            if code != "ValidationError":
                return None
            refusal = message
            return Accepted.NOTHING

        answer = self._aws.ask("cloudformation", "update_stack", arguments, expected)
        if answer is not Accepted.NOTHING:
            return Accepted.STARTED
        if "No updates are to be performed" in refusal:
            return Accepted.NOTHING
        raise _refusal(stack, refusal)

    def _template(self, stack: str, tags: Mapping[str, str]) -> dict[str, Any]:
        """Which template the update is of."""
        if not tags:
            return {"UsePreviousTemplate": True}
        from rajee_deploy.plan.retag import template_body  # where the app declares images

        asked = {"StackName": stack, "TemplateStage": "Original"}
        template = self._aws.ask("cloudformation", "get_template", asked).get("TemplateBody")
        if not template or not isinstance(template, str | dict):
            raise unknown(f"cloudformation:GetTemplate {stack}", "the answer has no template")
        try:
            return {"TemplateBody": template_body(template, tags)}
        except ValueError as error:
            raise _refusal(stack, f"its template cannot be given with other tags: {error}") from error

    def execute(self, stack: str, change_set: str) -> Accepted:
        """See StackUpdater. The CDK CLI removes a change set without changes by itself."""
        refusal = ""

        def expected(code: str, message: str) -> Accepted | None:
            nonlocal refusal
            if code == "ChangeSetNotFound":
                return Accepted.NOTHING
            if code in ("InvalidChangeSetStatus", "ValidationError"):
                refusal = message
                return Accepted.NOTHING
            return None

        arguments = {"StackName": stack, "ChangeSetName": change_set, "ClientRequestToken": change_set}
        answer = self._aws.ask("cloudformation", "execute_change_set", arguments, expected)
        if answer is not Accepted.NOTHING:
            return Accepted.STARTED
        if refusal:
            raise _refusal(stack, refusal)
        return Accepted.NOTHING


def _refusal(stack: str, message: str) -> DeployError:
    if is_refused_for_now(message):
        return stack_busy(stack, cause=message)
    return DeployError(
        "deploy-failed",
        f"CloudFormation refused the update of {stack}",
        where=f"stack {stack}",
        cause=message,
        hint='set tag-only = "cdk", which deploys with the CDK CLI',
    )
