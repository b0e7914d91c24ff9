"""CloudFormation, read only: one stack's status, parameters, outputs, and its template as it was uploaded.

An answer counts only when it names what was asked for and has every part that a decision stands on.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.model.names import IMAGES_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.model.stack_status import is_refused_since_reviewed, is_reviewed, may_lack_template
from rajee_deploy.plan.carried import carried_of
from rajee_deploy.plan.state import StackAbsent, StackContent, StackPresent, StackState
from rajee_deploy.plan.tagged_templates import decode_images, without_tags
from rajee_deploy.plan.template_differences import effective, given_back, has_sent, is_recorded, volatile_parameters
from rajee_deploy.rollout.declared import declared_services

if TYPE_CHECKING:
    from collections.abc import Collection

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.plan.parameters import Declared


class CloudFormation:
    """The CloudFormation of one account and region. `with_parameters` are the stacks some of whose own parameters are
    given values: of those it is read what their template declares."""

    def __init__(self, aws: Asks, with_parameters: Collection[str] = ()) -> None:
        self._aws = aws
        self._with_parameters = with_parameters

    def describe(self, stack: str) -> StackState:
        """See StackReader."""
        record = self._record(stack)
        return record if isinstance(record, StackAbsent) else _present(record)

    def observe(self, stack: str) -> StackState:
        """See StackReader. Both calls are made at once; the template of a stack that is not there is not missed."""
        pool = ThreadPoolExecutor(max_workers=1)
        try:
            asked = pool.submit(self._template, stack)
            record = self._record(stack)
            template = asked.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if isinstance(record, StackAbsent):
            return record
        state = _present(record)
        if not template:
            # One that is being created may be asked before it has one; while it is, nothing is decided by it.
            if template is not None and not may_lack_template(state.status):
                raise unknown(f"cloudformation:GetTemplate {stack}", "the answer has no template")
            return state
        try:
            declared = _declared_parameters(template) if stack in self._with_parameters else {}
            neutral = without_tags(template, state.images) if state.images else template
            content = _content(record, neutral, state.parameters[IMAGES_PARAMETER] if state.images else "")
            state = _with_obstacle(state, template, content) if state.images else state
            return replace(
                state,
                content=content,
                volatile=volatile_parameters(template),
                carried=carried_of(template),
                declared=declared,
                template=neutral,
                services=declared_services(template),
            )
        except (AttributeError, TypeError, ValueError, LookupError) as error:
            cause = f"the template is none that CloudFormation takes: {error}"
            raise unknown(f"cloudformation:GetTemplate {stack}", cause) from error

    def _record(self, stack: str) -> dict[str, Any] | StackAbsent:
        """CloudFormation says "no such stack" as a ValidationError that ends in "does not exist"."""

        def absent(code: str, message: str) -> StackAbsent | None:
            says_so = code == "ValidationError" and stack in message and message.endswith("does not exist")
            return StackAbsent() if says_so else None

        answer = self._aws.ask("cloudformation", "describe_stacks", {"StackName": stack}, absent)
        if not isinstance(answer, dict):
            return answer
        record: dict[str, Any] | None = next(
            (found for found in answer.get("Stacks", ()) if found.get("StackName") == stack), None
        )
        if record is None or not record.get("StackStatus"):
            raise unknown(f"cloudformation:DescribeStacks {stack}", "the answer lacks the stack that was asked for")
        return record

    def _template(self, stack: str) -> Any | None:
        """The template as it was uploaded, parsed if it is JSON. None when CloudFormation says that there is none,
        empty when its answer is (as of a stack that was only ever reviewed)."""

        def absent(code: str, message: str) -> bool | None:
            # A stack that was only ever reviewed, or that is being created, has no template to give.
            is_known = any(word in message for word in ("does not exist", "is not ready"))
            is_absent = code == "ValidationError" and (is_known or is_refused_since_reviewed(message))
            return True if is_absent else None

        arguments = {"StackName": stack, "TemplateStage": "Original"}
        answer = self._aws.ask("cloudformation", "get_template", arguments, absent)
        if not isinstance(answer, dict):
            return None
        body = answer.get("TemplateBody") or ""
        if not isinstance(body, str | dict):
            raise unknown(f"cloudformation:GetTemplate {stack}", "the answer has no template")
        return body


def _present(record: dict[str, Any]) -> StackPresent:
    # What was only ever reviewed has parameters that nobody deployed.
    given = () if is_reviewed(record["StackStatus"]) else record.get("Parameters", ())
    parameters = {item["ParameterKey"]: item.get("ParameterValue", "") for item in given}
    images = decode_images(parameters.get(IMAGES_PARAMETER, ""))
    return StackPresent(
        record["StackStatus"],
        {**parameters, **{each.parameter: each.tag for each in images}},
        {item["OutputKey"]: item.get("OutputValue", "") for item in record.get("Outputs", ())},
        record.get("StackStatusReason", ""),
        since=_since(record.get("LastUpdatedTime") or record.get("CreationTime")),
        identifier=str(record.get("StackId", "")),
        images=images,
    )


def _declared_parameters(template: Any) -> dict[str, Declared]:
    from rajee_deploy.plan.declared import declared_parameters  # where values are given alone

    return declared_parameters(template)


def _with_obstacle(state: StackPresent, template: Any, content: StackContent) -> StackPresent:
    """With what stands in the way of other tags in the template."""
    from rajee_deploy.plan.retag import retag_obstacle, template_size  # where the app declares images

    recorded = state.parameters.get(TEMPLATE_PARAMETER, "")
    is_as_sent = is_recorded(recorded, content) and not has_sent(recorded)
    obstacle = retag_obstacle(template, state.images, is_as_sent=is_as_sent)
    return replace(state, retag_obstacle=obstacle, template_size=template_size(template))


def _since(moment: Any) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if isinstance(moment, datetime) else ""


def _content(record: dict[str, Any], template: Any, images: str) -> StackContent:
    return StackContent(
        given_back(template),
        {item["Key"]: item.get("Value", "") for item in record.get("Tags", ())},
        tuple(record.get("NotificationARNs", ())),
        bool(record.get("EnableTerminationProtection", False)),
        effective(template),
        images,
    )
