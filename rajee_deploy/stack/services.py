"""The ECS services (and Lambda functions made of images) that a stack holds, and what runs of them: the one look that a
run with nothing to do pays.

The physical names of a stack's resources change only when the stack does, so they are asked for once and remembered
for this very state of the stack. This room never decides whether anything is right: `rollout.standing` does.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.aws import pages, unknown
from rajee_deploy.model.stack_status import is_deletion, may_be_empty
from rajee_deploy.rollout import Service, rollout_state
from rajee_deploy.rollout.declared import (
    NESTED_TYPE,
    SERVICE_TYPE,
    DeclaredServices,
    declared_services,
    known_end,
    pseudo_parameters,
)
from rajee_deploy.rollout.standing import StackService
from rajee_deploy.stack.function_records import function_of, gone, no_function
from rajee_deploy.stack.service_records import cluster_named, service_of
from rajee_deploy.system.places import cache_directory
from rajee_deploy.system.sealed import read_sealed, write_sealed
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.plan.state import StackPresent

_SCHEMA = "rajee-deploy.services/3"
_AT_ONCE = 10  # services of one DescribeServices, and functions at a time
_NESTED = 5  # levels of nested stacks that are followed


class ServiceDoor(Protocol):
    """What the tool asks of ECS and Lambda for a plan, and the one thing it tells them."""

    def services_of(self, stack: str, state: StackPresent, *, fresh: bool = False) -> tuple[StackService, ...]:
        """The services that a stack holds. `fresh`: nothing is taken from memory."""
        ...

    def services(self, held: Sequence[StackService]) -> Mapping[str, Service]:
        """The services as they are, by ARN, without targets and tasks. DeployError when AWS does not tell."""
        ...

    def rolled_back(self, held: StackService) -> str:
        """The ARN of the task definition that ECS itself last rolled back from; "" where its last deployment was none
        such. Whoever may not ask gets DeployError `access-denied`."""
        ...

    def run(self, held: StackService, task_definition: str) -> None:
        """Have a service run a task definition, by a new deployment; or a function an image, by its whole address."""
        ...


class Services:
    """The ServiceDoor of one account and region."""

    def __init__(self, aws: Asks) -> None:
        self._aws = aws

    def services_of(self, stack: str, state: StackPresent, *, fresh: bool = False) -> tuple[StackService, ...]:
        """See ServiceDoor. A nested stack can change by itself, so what is in one is never taken from memory."""
        found = state.services
        if found is None or found.is_empty:
            return ()
        question = json.dumps([_SCHEMA, state.identifier, state.since, state.status, _known_key(state)]).encode()
        place = _place(state.identifier)
        may = bool(state.identifier and state.since) and found.is_readable and not found.nested
        kept = read_sealed(place, question) if may and not fresh else None
        known_already = _parse_kept(kept) if kept is not None else None
        if known_already is not None:
            return known_already
        known = {**pseudo_parameters(state.identifier), **state.parameters}
        services = tuple(self._held(stack, found, known, _NESTED))
        if may:
            rows = [[one.arn, one.task_definition, one.desired, one.is_function, one.cluster] for one in services]
            write_sealed(place, question, json.dumps(rows).encode())
        return services

    def services(self, held: Sequence[StackService]) -> Mapping[str, Service]:
        """See ServiceDoor."""
        by_cluster: dict[str, list[str]] = {}
        for one in dict.fromkeys(one for one in held if not one.is_function):
            by_cluster.setdefault(cluster_named(one), []).append(one.arn)
        found = self._functions([one for one in dict.fromkeys(held) if one.is_function])
        for cluster, names in by_cluster.items():
            for start in range(0, len(names), _AT_ONCE):
                found |= self._services(cluster, names[start : start + _AT_ONCE])
        return found

    def rolled_back(self, held: StackService) -> str:
        """See ServiceDoor. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html"""

        def unknown_call(code: str, _message: str) -> dict[str, Any] | None:
            """An ECS that has no such call yet keeps no such history."""
            return {} if code in ("UnknownOperationException", "InvalidAction", "UnsupportedFeatureException") else None

        asked = {"cluster": cluster_named(held), "service": held.arn}
        found = self._aws.ask("ecs", "list_service_deployments", asked, unknown_call).get("serviceDeployments", ())
        newest: Mapping[str, Any] = max(found, key=lambda one: one["createdAt"], default={})
        revision = newest.get("targetServiceRevisionArn")
        if not rollout_state.is_undone(str(newest.get("status", ""))) or not revision:
            return ""
        answer = self._aws.ask("ecs", "describe_service_revisions", {"serviceRevisionArns": [revision]})
        return next((str(one.get("taskDefinition", "")) for one in answer.get("serviceRevisions", ())), "")

    def run(self, held: StackService, task_definition: str) -> None:
        """See ServiceDoor."""
        if held.is_function:
            arguments = {"FunctionName": held.arn, "ImageUri": task_definition}
            self._aws.ask("lambda", "update_function_code", arguments)
            return
        self._aws.ask(
            "ecs",
            "update_service",
            {
                "cluster": cluster_named(held),
                "service": held.arn,
                "taskDefinition": task_definition,
                "forceNewDeployment": True,
            },
        )

    def _held(
        self, stack: str, found: DeclaredServices, parameters: Mapping[str, str], levels: int
    ) -> Iterator[StackService]:
        resources = {each["LogicalResourceId"]: each for each in stack_resources(self._aws, stack)}
        physical = {name: each["PhysicalResourceId"] for name, each in resources.items()}
        wanted = {one.resource: one for one in found.services}
        for name, each in resources.items():
            if each["ResourceType"] == SERVICE_TYPE:
                one = wanted.get(name)
                yield StackService(
                    each["PhysicalResourceId"],
                    physical.get(one.task_definition, "") if one is not None else "",
                    one.desired if one is not None else None,
                    cluster=physical.get(one.cluster, one.cluster) if one is not None else "",
                )
            elif each["ResourceType"] == NESTED_TYPE and levels:
                inner = each["PhysicalResourceId"]
                declared = self._declared(inner)
                yield from self._held(inner, declared, self._parameters(inner, declared), levels - 1)
        for function in found.functions:
            if function.resource in physical:
                shown = {name: value for name, value in parameters.items() if name not in found.opaque}
                yield StackService(physical[function.resource], known_end(function.image, shown), is_function=True)

    def _parameters(self, stack: str, declared: DeclaredServices) -> dict[str, str]:
        """Of a nested stack, which is named by its ARN; asked for only where an address may be made of them."""
        if not declared.functions:
            return {}
        answer = self._aws.ask("cloudformation", "describe_stacks", {"StackName": stack})
        found = next(iter(answer.get("Stacks", ())), None)
        if found is None:
            raise unknown(f"cloudformation:DescribeStacks {stack}", "the answer lacks the stack that was asked for")
        given = {one.get("ParameterKey", ""): one.get("ParameterValue", "") for one in found.get("Parameters", ())}
        return {**pseudo_parameters(stack), **given}

    def _declared(self, stack: str) -> DeclaredServices:
        """What the template of a nested stack declares."""
        answer = self._aws.ask("cloudformation", "get_template", {"StackName": stack, "TemplateStage": "Original"})
        if not answer.get("TemplateBody"):
            raise unknown(f"cloudformation:GetTemplate {stack}", "the answer has no template")
        try:
            return declared_services(answer["TemplateBody"])
        except (AttributeError, TypeError, ValueError, LookupError) as error:
            cause = f"the template is none that CloudFormation takes: {error}"
            raise unknown(f"cloudformation:GetTemplate {stack}", cause) from error

    def _functions(self, held: Sequence[StackService]) -> dict[str, Service]:
        """Lambda tells of one function a call."""
        if not held:
            return {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip((one.arn for one in held), pool.map(self._function, held), strict=True))

    def _function(self, one: StackService) -> Service:
        """A function, as a service with one deployment."""
        answer = self._aws.ask("lambda", "get_function", {"FunctionName": one.arn}, no_function)
        return function_of(one.arn, answer, one.task_definition) if isinstance(answer, dict) else gone(one.arn)

    def _services(self, cluster: str, arns: Sequence[str]) -> dict[str, Service]:

        def no_cluster(code: str, _message: str) -> dict[str, Any] | None:
            gone = {"failures": [{"arn": arn, "reason": "MISSING"} for arn in arns]}
            return gone if code == "ClusterNotFoundException" else None

        answer = self._aws.ask("ecs", "describe_services", {"cluster": cluster, "services": list(arns)}, no_cluster)
        found = {one["serviceArn"]: service_of(one) for one in answer.get("services", ()) if one.get("serviceArn")}
        for one in answer.get("failures", ()):
            if one.get("reason") == "MISSING" and one.get("arn"):
                name = str(one["arn"]).rpartition("/")[2]
                found.setdefault(one["arn"], Service(name, (), status=rollout_state.MISSING))
        by_name = {arn.rpartition("/")[2]: one for arn, one in found.items()}  # the ARN's form may be another
        found |= {arn: by_name[name] for arn in arns if (name := arn.rpartition("/")[2]) in by_name}
        lacking = [arn for arn in arns if arn not in found]
        if lacking:
            raise unknown(f"ecs:DescribeServices {lacking[0]}", "the answer lacks the service that was asked for")
        return {arn: found[arn] for arn in arns}


def stack_resources(aws: Asks, stack: str) -> list[dict[str, Any]]:
    """The resources that a stack has by now; none for a stack that is not there. ListStackResources, since
    DescribeStackResources tells of the first hundred alone."""

    found: list[dict[str, Any]] = []
    for answer in pages(aws, "cloudformation", "list_stack_resources", {"StackName": stack}, _no_stack):
        if not isinstance(answer, dict):
            return []
        page = answer.get("StackResourceSummaries")
        if page is None or not (page or found or _may_be_empty(aws, stack)):
            raise unknown(f"cloudformation:ListStackResources {stack}", "the answer lists no resource")
        found += page
    return [
        each
        for each in found
        if each.get("PhysicalResourceId") and not is_deletion(str(each.get("ResourceStatus", "")))
    ]


def _may_be_empty(aws: Asks, stack: str) -> bool:
    """Whether a stack's status allows that it holds no resource: before its creation, or after it was undone."""
    answer = aws.ask("cloudformation", "describe_stacks", {"StackName": stack}, _no_stack)
    if not isinstance(answer, dict):
        return True
    status = next((one.get("StackStatus", "") for one in answer.get("Stacks", ())), "")
    return may_be_empty(status)


def _no_stack(code: str, message: str) -> tuple[()] | None:
    return () if code == "ValidationError" and message.endswith("does not exist") else None


def _known_key(state: StackPresent) -> list[Any]:
    content = state.content.template if state.content is not None else ""
    return [content, sorted(state.parameters.items())]


def _parse_kept(kept: bytes) -> tuple[StackService, ...] | None:
    """What was kept, as it is written above; None for anything else that somebody put there."""
    try:
        found = tuple(StackService(*each) for each in parse_json(kept))
    except (ValueError, TypeError):
        return None
    texts = all(isinstance(text, str) for one in found for text in (one.arn, one.task_definition, one.cluster))
    return found if texts and all(isinstance(one.desired, int | None) for one in found) else None


def _place(stack_id: str) -> Path:
    return cache_directory() / "services" / f"services-{sha256(stack_id.encode()).hexdigest()[:32]}.json"
