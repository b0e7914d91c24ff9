"""CloudFormation, read only: one stack's status, parameters and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.facts import StackAbsent, StackPresent, StackState

if TYPE_CHECKING:
    from rajee_deploy.aws import Aws


class CloudFormation:
    """The CloudFormation of one account and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def describe(self, stack: str) -> StackState:
        """See StackReader. CloudFormation says "no such stack" as a ValidationError that ends in "does not exist"."""

        def absent(code: str, message: str) -> StackAbsent | None:
            says_so = code == "ValidationError" and stack in message and message.endswith("does not exist")
            return StackAbsent() if says_so else None

        answer = self._aws.ask("cloudformation", "describe_stacks", {"StackName": stack}, absent)
        return _present(f"cloudformation:DescribeStacks {stack}", answer, stack) if isinstance(answer, dict) else answer


def _present(asked: str, answer: dict[str, Any], stack: str) -> StackPresent:
    record = next((found for found in answer.get("Stacks", ()) if found.get("StackName") == stack), None)
    if record is None or not record.get("StackStatus"):
        raise unknown(asked, "the answer lacks the stack that was asked for")
    return StackPresent(
        record["StackStatus"],
        {item["ParameterKey"]: item.get("ParameterValue", "") for item in record.get("Parameters", ())},
        {item["OutputKey"]: item.get("OutputValue", "") for item in record.get("Outputs", ())},
        record.get("StackStatusReason", ""),
    )
