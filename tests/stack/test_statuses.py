"""What CloudFormation answers about a stack in each of its statuses, by each call that we make, and what is taken for.

Only of a stack that was reviewed there is no template: https://github.com/cdklabs/awscdk-v1-stack-finder/issues/273.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import botocore.session
import pytest
from botocore.exceptions import ClientError

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.model.stack_status import Answer
from rajee_deploy.model.stack_status import answer as answer_of
from rajee_deploy.plan.planner import is_busy
from rajee_deploy.plan.state import StackAbsent, StackPresent
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.watching import Watching

AT = datetime.fromtimestamp(40, UTC)
TEMPLATE = {"Resources": {"Service": {"Type": "AWS::ECS::Service"}}}
SERVICE = {
    "ResourceType": "AWS::ECS::Service",
    "PhysicalResourceId": "arn:service",
    "ResourceStatus": "CREATE_COMPLETE",
}
# What may be there or not: a template is asked for while the stack is made, and resources come and go.
NO_TEMPLATE = ({}, {"TemplateBody": ""}, {"TemplateBody": {}}, {"TemplateBody": None})
REFUSALS = (
    "Stack with id App does not exist",
    "Template for App is not ready yet",
    "Stack:arn:aws:cloudformation:us-east-1:1:stack/App/x is in REVIEW_IN_PROGRESS state",
)
MAY_BE_EMPTY = {
    "REVIEW_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
}
STATUSES = botocore.session.get_session().get_service_model("cloudformation").shape_for("StackStatus").enum


@cache
def _meta():
    return botocore.session.get_session().create_client("cloudformation", region_name="us-east-1").meta


class StatusAws(Aws):
    """One stack in one status."""

    def __init__(self, status: str, template=None, resources=(), refusal: str = "") -> None:
        super().__init__(region="us-east-1")
        self._status, self._template, self._resources, self._refusal = status, template, list(resources), refusal
        self.meta = _meta()  # AWS's own description, which answers are held against

    def client(self, service):
        assert service == "cloudformation"
        return self

    def _known(self, answer):
        if self._status == "DELETE_COMPLETE":
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "Stack with id App does not exist"}}, "")
        return answer

    def describe_stacks(self, **_):
        parameters = [{"ParameterKey": "ImageTag", "ParameterValue": "c-1"}]
        record = {"StackName": "App", "StackStatus": self._status, "CreationTime": AT, "Parameters": parameters}
        return self._known({"Stacks": [record]})

    def get_template(self, **_):
        if self._refusal:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": self._refusal}}, "GetTemplate")
        return self._known(self._template or {"TemplateBody": TEMPLATE})

    def list_stack_resources(self, **_):
        return self._known({"StackResourceSummaries": self._resources})

    def describe_stack_events(self, **_):
        event = {
            "EventId": "e",
            "Timestamp": AT,
            "LogicalResourceId": "App",
            "ResourceStatus": self._status,
            "ResourceType": "AWS::CloudFormation::Stack",
        }
        return self._known({"StackEvents": [event]})


@pytest.mark.parametrize("status", STATUSES)
def test_a_stack_in_each_status_is_understood(status):
    is_gone = status == "DELETE_COMPLETE"
    aws = StatusAws(status, resources=[SERVICE])
    state = CloudFormation(aws).observe("App")
    watching = Watching(aws)
    assert watching.services("App") == (() if is_gone else ("arn:service",))
    assert [event.status for event in watching.events("App", 0)] == ([] if is_gone else [status])
    if is_gone:
        assert state == CloudFormation(aws).describe("App") == StackAbsent()
        return
    assert isinstance(state, StackPresent)
    assert (state.status, state.content is not None) == (status, True)
    assert state.parameters == ({} if status == "REVIEW_IN_PROGRESS" else {"ImageTag": "c-1"})
    assert CloudFormation(aws).describe("App").parameters == state.parameters


@pytest.mark.parametrize("status", STATUSES)
def test_who_lists_no_resource_is_believed_where_there_may_be_none(status):
    watching = Watching(StatusAws(status))
    if status in MAY_BE_EMPTY:
        assert watching.services("App") == ()
        return
    with pytest.raises(DeployError) as caught:
        watching.services("App")
    assert caught.value.code == "unknown-answer"


@pytest.mark.parametrize("answer", NO_TEMPLATE, ids=repr)
@pytest.mark.parametrize("status", [each for each in STATUSES if each != "DELETE_COMPLETE"])
def test_who_gives_no_template_is_believed_where_there_may_be_none(status, answer):
    """While an operation is under way nothing is decided, so what is read then may lack it."""
    reader = CloudFormation(StatusAws(status, {"TemplateBody": "", **answer}))
    if status.endswith("_IN_PROGRESS"):
        state = reader.observe("App")
        assert state.content is None
        assert is_busy(state) or answer_of(status) in (Answer.CREATE, Answer.STOP)
        return
    with pytest.raises(DeployError) as caught:
        reader.observe("App")
    assert caught.value.code == "unknown-answer"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_reviewed_stack_whose_template_is_refused_has_none(refusal):
    state = CloudFormation(StatusAws("REVIEW_IN_PROGRESS", refusal=refusal)).observe("App")
    assert (state.status, state.content, state.parameters) == ("REVIEW_IN_PROGRESS", None, {})
