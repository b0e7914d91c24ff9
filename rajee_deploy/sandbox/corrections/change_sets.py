"""Corrections to change sets, the way `cdk deploy` goes when it is not told `--method=direct`."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from rajee_deploy.sandbox.corrections.parameters import effective_parameters, given_parameters, is_update
from rajee_deploy.sandbox.corrections.repositories import importing
from rajee_deploy.sandbox.corrections.settling import settling
from rajee_deploy.sandbox.corrections.stacks import check_outputs, fail_creation, publish_exports, update

_NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_REVIEW = "REVIEW_IN_PROGRESS"


def apply() -> None:
    """Apply every correction of this module."""
    create_as_aws_does()
    find_by_stack()
    execute_completely()


def create_as_aws_does() -> None:
    """CreateChangeSet: no changes is a FAILED change set and never an error; UsePreviousValue gives back the value as
    it was given (moto: an SSM parameter's content); ImportExistingResources is kept for the execution."""

    def create_change_set(self: Any) -> Any:
        backend, name = self.cloudformation_backend, self._get_param("StackName")
        kind = self._get_param("ChangeSetType", "UPDATE")
        stack = backend.get_stack(name) if kind == "UPDATE" else None
        if stack is None:
            _make_room(backend, name)
        else:
            self._validate_status(stack)
        template = _template(self, stack)
        document = Stack.parse_template(template)
        previous = given_parameters(stack) if stack is not None else {}
        values = effective_parameters(document, self._get_param("Parameters", []), previous)
        tags = {each["Key"]: each["Value"] for each in self._get_param("Tags", [])}
        identifier, stack_id = backend.create_change_set(
            stack_name=name,
            change_set_name=self._get_param("ChangeSetName"),
            template=template,
            parameters=values,
            description=self._get_param("Description"),
            notification_arns=self._get_param("NotificationARNs", []),
            tags=tags,
            role_arn=self._get_param("RoleARN"),
            change_set_type=kind,
        )
        change_set = backend.change_sets[identifier]
        change_set.imports_existing = bool(self._get_bool_param("ImportExistingResources", if_none=False))
        _judge(change_set, changed=stack is None or is_update(stack, document, values, tags or None))
        return ActionResult({"Id": identifier, "StackId": stack_id})

    CloudFormationResponse.create_change_set = create_change_set


def find_by_stack() -> None:
    """A change set's name belongs to its stack (moto takes any stack's: cdk names them all alike), and deleting one
    that is not there succeeds, as cdk relies on (moto: HTTP 500)."""

    def delete_change_set(self: Any) -> Any:
        found = _find(self)
        if found is not None:
            del self.cloudformation_backend.change_sets[found.change_set_id]
        return EmptyResult()

    def describe_change_set(self: Any) -> Any:
        return ActionResult(_get(self))

    def execute_change_set(self: Any) -> Any:
        _execute(self.cloudformation_backend, _get(self))
        return EmptyResult()

    CloudFormationResponse.delete_change_set = delete_change_set
    CloudFormationResponse.describe_change_set = describe_change_set
    CloudFormationResponse.execute_change_set = execute_change_set


def execute_completely() -> None:
    """ExecuteChangeSet sets outputs, tags, parameters and exports too (moto: parameters and template alone)."""

    def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
        del stack_name
        _execute(self, self.describe_change_set(change_set_name))

    CloudFormationBackend.execute_change_set = execute_change_set


def _execute(backend: Any, change_set: Any) -> None:
    stack = backend.stacks[change_set.stack_id]
    reset = importing.set(change_set.imports_existing)
    try:
        if stack.status == _REVIEW:
            _create(backend, stack, change_set)
        else:
            update(backend, stack, change_set.template, change_set.parameters, change_set.tags or None)
    finally:
        importing.reset(reset)
    change_set.execution_status = "EXECUTE_FAILED" if "ROLLBACK" in stack.status else "EXECUTE_COMPLETE"


def _create(backend: Any, stack: Any, change_set: Any) -> None:
    stack.template = change_set.template
    stack._parse_template()
    stack.parameters = change_set.parameters
    stack.status = "CREATE_IN_PROGRESS"
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
    with settling(lambda error: fail_creation(stack, error)):
        stack.cross_stack_resources = backend.exports
        stack.resource_map = stack._create_resource_map()
        stack.output_map = stack._create_output_map()
        stack.create_resources()
        check_outputs(stack)
        publish_exports(backend, stack)


def _make_room(backend: Any, name: str) -> None:
    """A stack that was only ever reviewed makes way; any other of that name forbids its creation."""
    for stack in [each for each in backend.stacks.values() if each.name == name]:
        if stack.status != _REVIEW:
            raise ValidationError(
                message=f"Stack [{name}] already exists and cannot be created again with the changeSet"
            )
        del backend.stacks[stack.stack_id]


def _template(response: Any, stack: Any | None) -> str:
    if response._get_bool_param("UsePreviousTemplate", if_none=False) and stack is not None:
        return str(stack.template)
    body = response._get_param("TemplateBody")
    if url := response._get_param("TemplateURL"):
        body = response._get_stack_from_s3_url(url)
    if not body:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    return str(body)


def _judge(change_set: Any, *, changed: bool) -> None:
    change_set.status = "CREATE_COMPLETE" if changed else "FAILED"
    change_set.execution_status = "AVAILABLE" if changed else "UNAVAILABLE"
    change_set.status_reason = None if changed else _NO_CHANGES


def _find(response: Any) -> Any | None:
    """The newest change set that the request's ChangeSetName (or ARN) and StackName (or ARN) mean."""
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    for each in reversed(list(response.cloudformation_backend.change_sets.values())):
        if each.change_set_id == name or (each.change_set_name == name and stack in (each.stack_name, each.stack_id)):
            return each
    return None


def _get(response: Any) -> Any:
    found = _find(response)
    if found is None:
        raise CloudFormationError(
            "ChangeSetNotFound", f"ChangeSet [{response._get_param('ChangeSetName')}] does not exist"
        )
    return found
