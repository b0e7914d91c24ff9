"""Corrections to CreateStack, UpdateStack, DeleteStack and what DescribeStacks then shows."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from typing import Any
from urllib.parse import urlparse

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.utils import utcnow
from moto.utilities.utils import get_partition

from rajee_deploy.sandbox.corrections.parameters import (
    effective_parameters,
    given_parameters,
    is_update,
    shown_parameters,
)
from rajee_deploy.sandbox.corrections.resources import add_event
from rajee_deploy.sandbox.corrections.settling import forget_outputs, reason_of, settling

_UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_STACK = "AWS::CloudFormation::Stack"


def apply() -> None:
    """Apply every correction of this module."""
    read_templates_from_here()
    show_given_parameters()
    refuse_updates_in_dead_ends()
    update_as_aws_does()
    roll_back_failed_creations()
    keep_stacks_that_cannot_be_deleted()


def read_templates_from_here() -> None:
    """TemplateURL on an IP address has the bucket in its path: S3 clients never put it before an IP address, which
    spares everyone an entry in /etc/hosts (moto: takes `127` for the bucket)."""
    original = models.get_stack_from_s3_url

    def get_stack_from_s3_url(template_url: str, account_id: str, partition: str) -> str:
        url = urlparse(template_url)
        if url.hostname in ("127.0.0.1", "::1"):
            template_url = f"http://localhost{url.path}"
        return str(original(template_url, account_id, partition))

    models.get_stack_from_s3_url = get_stack_from_s3_url
    responses.get_stack_from_s3_url = get_stack_from_s3_url


def get_template(url: str, account_id: str, region: str) -> str:
    """The template that lies at a TemplateURL."""
    return str(models.get_stack_from_s3_url(url, account_id=account_id, partition=get_partition(region)))


def show_given_parameters() -> None:
    """DescribeStacks shows parameters as text, `****` for NoEcho ones, and an SSM type's path beside its value."""
    Stack.parameter_list = property(shown_parameters)


def update_as_aws_does() -> None:
    """UpdateStack: a parameter that only an Output refers to is an update, and so is a tag; nothing else new is "No
    updates"; UsePreviousValue works for a parameter that was defaulted; LastUpdatedTime is set; a failed update ends
    in UPDATE_ROLLBACK_COMPLETE with the old values (moto leaves the stack half updated and answers with an error)."""

    def update_stack(
        self: Any, name: str, template: str, role_arn: str | None, parameters: list[Any], tags: dict[str, str] | None
    ) -> Any:
        stack = self.get_stack(name)
        document = Stack.parse_template(template)
        values = effective_parameters(document, parameters, given_parameters(stack))
        if not is_update(stack, document, values, tags):
            raise ValidationError(message="No updates are to be performed.")
        update(self, stack, template, values, tags)
        stack.role_arn = role_arn or stack.role_arn
        return stack

    CloudFormationBackend.update_stack = update_stack
    CloudFormationResponse._validate_different_update = lambda *_: None


def refuse_updates_in_dead_ends() -> None:
    """UpdateStack works in the settled states only (moto refuses in ROLLBACK_COMPLETE alone)."""

    def _validate_status(_: Any, stack: Any) -> None:
        if stack.status not in _UPDATABLE:
            message = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            raise ValidationError(message=message)

    CloudFormationResponse._validate_status = _validate_status


def roll_back_failed_creations() -> None:
    """CreateStack succeeds even when a resource then fails, or an output: the stack ends in ROLLBACK_COMPLETE (moto
    answers with the resource's error and leaves the stack in CREATE_IN_PROGRESS forever, so cdk waits forever)."""
    original = CloudFormationBackend.create_stack

    def create_stack(self: Any, name: str, template: str, *args: Any, **kwargs: Any) -> Any:
        known = set(self.stacks)

        def begun() -> Any | None:
            return next((each for key, each in self.stacks.items() if key not in known and each.name == name), None)

        def settle(error: Exception) -> None:
            if begun() is None:
                raise error  # the request itself was wrong
            fail_creation(begun(), error)

        with settling(settle):
            check_outputs(original(self, name, template, *args, **kwargs))
        return begun()

    CloudFormationBackend.create_stack = create_stack


def keep_stacks_that_cannot_be_deleted() -> None:
    """DeleteStack of a stack whose resource refuses (a repository with images) ends in DELETE_FAILED (moto loses the
    stack and answers with an error)."""
    original = CloudFormationBackend.delete_stack

    def delete_stack(self: Any, name_or_stack_id: str) -> None:
        live = [each for each in self.stacks.values() if name_or_stack_id in (each.name, each.stack_id)]

        def settle(error: Exception) -> None:
            if not live:
                raise error
            for stack in live:
                self.stacks[stack.stack_id] = stack
                stack.status = "DELETE_FAILED"
                _blame(stack, "DELETE_FAILED", error)
                stack._add_stack_event("DELETE_FAILED", resource_status_reason=reason_of(error))

        with settling(settle):
            original(self, name_or_stack_id)
            for stack in live:
                forget_outputs(stack)

    CloudFormationBackend.delete_stack = delete_stack


def update(backend: Any, stack: Any, template: str, values: dict[str, str], tags: dict[str, str] | None) -> None:
    """Bring a stack to a template, parameters and tags; back to its former ones when a resource refuses."""
    former = (stack.template, given_parameters(stack))

    def settle(error: Exception) -> None:
        stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        _blame(stack, "UPDATE_FAILED", error)
        stack._add_stack_event(stack.status, resource_status_reason=reason_of(error))
        with settling(lambda second: _give_up(stack, "UPDATE_ROLLBACK_FAILED", second)):
            _apply(stack, *former)
            _settle(stack, "UPDATE_ROLLBACK_COMPLETE")

    stack.status = "UPDATE_IN_PROGRESS"
    stack._add_stack_event(stack.status, resource_status_reason="User Initiated")
    with settling(settle):
        _apply(stack, template, values)
        stack.tags = stack.tags if tags is None else tags
        _settle(stack, "UPDATE_COMPLETE")
    stack.last_updated_time = utcnow()
    publish_exports(backend, stack)


def fail_creation(stack: Any, error: Exception) -> None:
    """Undo what was created and leave the stack in ROLLBACK_COMPLETE, with the reason among its events; in
    ROLLBACK_FAILED when it cannot be undone."""
    stack.status = "ROLLBACK_IN_PROGRESS"
    _blame(stack, "CREATE_FAILED", error)
    stack._add_stack_event(stack.status, resource_status_reason=reason_of(error))
    forget_outputs(stack)
    with settling(lambda second: _give_up(stack, "ROLLBACK_FAILED", second)):
        stack.resource_map.delete()
        _settle(stack, "ROLLBACK_COMPLETE")


def check_outputs(stack: Any) -> list[Any]:
    """Resolve the outputs while a failure can still undo the stack (moto: at every look, each of which fails then)."""
    return list(stack.outputs or ())


def publish_exports(backend: Any, stack: Any) -> None:
    """Make a stack's exports visible to others, and only those it has now."""
    for name in [name for name, each in backend.exports.items() if each.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    for export in stack.exports:
        backend.exports[export.name] = export


def _apply(stack: Any, template: str, values: dict[str, str]) -> None:
    # Moto takes every parameter it was not given before for changed; then it knows all of them.
    stack.resource_map.input_parameters = given_parameters(stack)
    stack.template = template
    stack._parse_template()
    stack.description = stack.template_dict.get("Description")
    stack.parameters = values
    stack.resource_map.update(stack.template_dict, values)
    stack.output_map = stack._create_output_map()
    check_outputs(stack)


def _blame(stack: Any, status: str, error: Exception) -> None:
    name, kind = getattr(error, "rajee_resource", (stack.name, _STACK))
    add_event(stack, name, kind, status, reason=reason_of(error))


def _settle(stack: Any, status: str) -> None:
    stack.status = status
    stack._add_stack_event(status)


def _give_up(stack: Any, status: str, error: Exception) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason_of(error))
