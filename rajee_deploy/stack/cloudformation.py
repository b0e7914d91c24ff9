"""CloudFormation, read only: one stack's status, parameters and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import error_code, translated, unknown
from rajee_deploy.facts import StackAbsent, StackPresent, StackState

if TYPE_CHECKING:
    from rajee_deploy.aws import Aws


class CloudFormation:
    """The CloudFormation of one account and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def describe(self, stack: str) -> StackState:
        """See StackReader. CloudFormation says "no such stack" as a ValidationError that ends in "does not exist"."""
        from botocore.exceptions import ClientError

        asked = f"cloudformation:DescribeStacks {stack}"
        client = self._aws.client("cloudformation")
        with translated(asked, self._aws.profile):
            try:
                answer = client.describe_stacks(StackName=stack)
            except ClientError as error:
                message = str(error.response.get("Error", {}).get("Message", ""))
                if error_code(error) == "ValidationError" and stack in message and message.endswith("does not exist"):
                    return StackAbsent()
                raise
        return _present(asked, answer, stack)


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
