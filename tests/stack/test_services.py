"""Which services a stack holds, what is remembered of that, and what ECS's answers are taken for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scripted_aws import SERVICE, SERVICE_RECORD, TASK, ScriptedAws, at, resource

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import StackContent, StackPresent
from rajee_deploy.rollout import FunctionImage, Service
from rajee_deploy.rollout.declared import DeclaredFunction, DeclaredService, DeclaredServices
from rajee_deploy.rollout.standing import StackService, Standing, standing
from rajee_deploy.rollout.verdict import objection
from rajee_deploy.stack.service_records import cluster_of
from rajee_deploy.stack.services import Services

DECLARED = DeclaredServices((DeclaredService("Service", "Task", 2),))
STATE = StackPresent(
    "UPDATE_COMPLETE",
    {"ImageTag": "c-1"},
    {},
    content=StackContent("sha256:t"),
    since="2026-01-02T03:04:05+00:00",
    identifier="arn:aws:cloudformation:us-east-1:123456789012:stack/App/1",
    services=DECLARED,
)
INNER = "arn:aws:cloudformation:us-east-1:123456789012:stack/App-Inner/2"
FOUND = (StackService(SERVICE, TASK, 2),)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path))


def named(name, kind, physical, status="CREATE_COMPLETE"):
    return {**resource(kind, physical, status), "LogicalResourceId": name}


def resources(*more, task=TASK):
    return {
        "StackResourceSummaries": [
            named("Service", "AWS::ECS::Service", SERVICE),
            named("Task", "AWS::ECS::TaskDefinition", task),
            *more,
        ]
    }


def lists(aws, *more, stack="App", task=TASK):
    return aws.answers("cloudformation", "list_stack_resources", resources(*more, task=task), {"StackName": stack})


def test_a_service_with_what_the_stack_says_of_it_is_asked_for_once():
    assert Services(lists(ScriptedAws())).services_of("App", STATE) == FOUND
    assert Services(ScriptedAws()).services_of("App", STATE) == FOUND  # nothing is asked


@pytest.mark.parametrize(
    "change",
    [
        {"since": "2026-01-02T03:04:06+00:00"},
        {"identifier": "arn:aws:cloudformation:us-east-1:123456789012:stack/App/2"},
        {"parameters": {"ImageTag": "c-2"}},
        {"content": StackContent("sha256:u")},
        {"status": "UPDATE_ROLLBACK_COMPLETE"},
        {"services": replace(DECLARED, nested=True)},
        {"services": replace(DECLARED, is_readable=False)},
        {"since": ""},
        {"identifier": ""},
    ],
)
def test_of_another_state_of_the_stack_nothing_is_remembered(change):
    Services(lists(ScriptedAws())).services_of("App", STATE)
    later = lists(ScriptedAws(), task=TASK.replace(":2", ":3"))
    assert Services(later).services_of("App", replace(STATE, **change))[0].task_definition.endswith(":3")


def test_fresh_is_asked_anew_and_then_remembered():
    Services(lists(ScriptedAws())).services_of("App", STATE)
    assert (
        Services(lists(ScriptedAws(), task="other")).services_of("App", STATE, fresh=True)[0].task_definition == "other"
    )
    assert Services(ScriptedAws()).services_of("App", STATE)[0].task_definition == "other"


@pytest.mark.parametrize("services", [None, DeclaredServices()])
def test_a_stack_that_surely_holds_none_is_not_asked_for(services):
    assert Services(ScriptedAws()).services_of("App", replace(STATE, services=services)) == ()


def test_a_service_that_is_not_made_is_not_held():
    answer = {
        "StackResourceSummaries": [
            named("Service", "AWS::ECS::Service", SERVICE, "DELETE_COMPLETE"),
            named("Task", "AWS::ECS::TaskDefinition", TASK),
        ]
    }
    aws = ScriptedAws().answers("cloudformation", "list_stack_resources", answer)
    assert Services(aws).services_of("App", STATE) == ()


def test_of_a_template_that_is_no_json_all_services_are_held():
    unread = replace(STATE, services=DeclaredServices(is_readable=False))
    assert Services(lists(ScriptedAws())).services_of("App", unread) == (StackService(SERVICE),)


def test_services_of_nested_stacks_are_held():
    aws = ScriptedAws().answers(
        "cloudformation",
        "list_stack_resources",
        {"StackResourceSummaries": [named("Inner", "AWS::CloudFormation::Stack", INNER)]},
        {"StackName": "App"},
    )
    template = (
        '{"Resources": {"Service": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}}}, '
        '"Task": {"Type": "AWS::ECS::TaskDefinition"}}}'
    )
    aws.answers(
        "cloudformation", "get_template", {"TemplateBody": template}, {"StackName": INNER, "TemplateStage": "Original"}
    )
    lists(aws, stack=INNER)
    assert Services(aws).services_of("App", replace(STATE, services=DeclaredServices(nested=True))) == (
        StackService(SERVICE, TASK),
    )


def test_the_services_as_ecs_shows_them_ten_a_call():
    arns = [f"{SERVICE}{number}" for number in range(11)]
    aws = ScriptedAws()
    for part in (arns[:10], arns[10:]):
        records = [{**SERVICE_RECORD, "serviceArn": arn} for arn in reversed(part)]
        aws.answers("ecs", "describe_services", {"services": records}, {"cluster": "main", "services": part})
    found = Services(aws).services([StackService(arn) for arn in [*arns, arns[0]]])
    assert list(found) == arns
    assert found[arns[0]].primary.state == "IN_PROGRESS"


def test_a_service_of_another_controller_has_no_deployments():
    record = {**SERVICE_RECORD, "deployments": [], "deploymentController": {"type": "CODE_DEPLOY"}}
    aws = ScriptedAws().answers("ecs", "describe_services", {"services": [record]})
    assert Services(aws).services([StackService(SERVICE)])[SERVICE].controller == "CODE_DEPLOY"


def test_a_service_that_ecs_says_is_missing():
    aws = ScriptedAws().answers("ecs", "describe_services", {"failures": [{"arn": SERVICE, "reason": "MISSING"}]})
    assert Services(aws).services([StackService(SERVICE)]) == {SERVICE: Service("api", (), status="MISSING")}


def test_a_cluster_that_is_gone_took_its_services_along():
    aws = ScriptedAws()
    aws.stubs["ecs"].add_client_error("describe_services", "ClusterNotFoundException", "Cluster not found.")
    assert Services(aws).services([StackService(SERVICE)])[SERVICE].status == "MISSING"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"services": []},
        {"services": [{**SERVICE_RECORD, "serviceArn": "other"}]},
        {"services": [{**SERVICE_RECORD, "deployments": []}]},
        {"services": [{key: value for key, value in SERVICE_RECORD.items() if key != "status"}]},
        {"failures": [{"arn": SERVICE, "reason": "UNKNOWN"}]},
        {"failures": [{"arn": "other", "reason": "MISSING"}]},
    ],
)
def test_an_answer_that_does_not_tell_of_the_service_is_unknown(answer):
    with pytest.raises(DeployError, match="cannot be trusted"):
        Services(ScriptedAws().answers("ecs", "describe_services", answer)).services([StackService(SERVICE)])


NAME = SERVICE.rpartition("/")[2]
OLD_FORM = f"arn:aws:ecs:us-east-1:123456789012:service/{NAME}"


def test_an_arn_of_the_old_form_takes_the_cluster_of_the_template():
    held = StackService(OLD_FORM, cluster="main")
    answer = {"services": [{**SERVICE_RECORD, "serviceArn": SERVICE}]}
    aws = ScriptedAws().answers("ecs", "describe_services", answer, {"cluster": "main", "services": [OLD_FORM]})
    assert Services(aws).services([held])[OLD_FORM].name == "api"


@pytest.mark.parametrize(
    ("status", "undone"),
    [
        ("SUCCESSFUL", ""),
        ("IN_PROGRESS", ""),
        ("ROLLBACK_SUCCESSFUL", TASK),
        ("ROLLBACK_IN_PROGRESS", TASK),
        ("ROLLBACK_FAILED", TASK),
        ("STOPPED", TASK),
        ("STOP_REQUESTED", TASK),
    ],
)
def test_what_ecs_last_rolled_back_from(status, undone):
    old = {"status": "ROLLBACK_SUCCESSFUL", "createdAt": at(1), "targetServiceRevisionArn": "old"}
    new = {"status": status, "createdAt": at(2), "targetServiceRevisionArn": "new"}
    aws = ScriptedAws().answers("ecs", "list_service_deployments", {"serviceDeployments": [old, new]})
    if undone:
        revisions = {"serviceRevisions": [{"serviceRevisionArn": "new", "taskDefinition": TASK}]}
        aws.answers("ecs", "describe_service_revisions", revisions, {"serviceRevisionArns": ["new"]})
    assert Services(aws).rolled_back(FOUND[0]) == undone


def test_an_ecs_without_that_call_keeps_no_history():
    aws = ScriptedAws()
    aws.stubs["ecs"].add_client_error("list_service_deployments", "UnknownOperationException", "")
    assert Services(aws).rolled_back(FOUND[0]) == ""


def test_a_service_that_was_never_deployed_was_not_rolled_back():
    aws = ScriptedAws().answers("ecs", "list_service_deployments", {"serviceDeployments": []})
    assert Services(aws).rolled_back(FOUND[0]) == ""


FUNCTION = {
    "Configuration": {
        "FunctionName": "f",
        "LastUpdateStatus": "Successful",
        "RevisionId": "r",
        "LastModified": "2026-01-02T03:04:05.000+0000",
    },
    "Code": {"ImageUri": "host.test/team/app:c-1"},
}


def function(says, **configuration):
    answer = {**FUNCTION, "Configuration": {**FUNCTION["Configuration"], **configuration}}
    aws = ScriptedAws().answers("lambda", "get_function", answer, {"FunctionName": "f"})
    held = StackService("f", says, is_function=True)
    return held, Services(aws).services([held])["f"]


@pytest.mark.parametrize(
    ("says", "configuration", "stands"),
    [
        ("/app:c-1", {}, Standing.RUNS),
        ("", {}, Standing.RUNS),
        ("/app:c-2", {}, Standing.OTHER),
        ("/app:c-1", {"LastUpdateStatus": "InProgress"}, Standing.MOVING),
        ("/app:c-1", {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no"}, Standing.FAILED),
        ("/app:c-1", {"LastUpdateStatus": "Anything"}, Standing.UNKNOWN),
        ("/app:c-1", {"State": "Pending"}, Standing.MOVING),
        ("/app:c-1", {"State": "Failed"}, Standing.FAILED),
        ("/app:c-1", {"State": "Deactivated"}, Standing.UNKNOWN),
        ("/app:c-1", {"State": "Inactive", "StateReasonCode": "Idle"}, Standing.RUNS),
    ],
)
def test_a_function_as_lambda_shows_it(says, configuration, stands):
    held, found = function(says, **configuration)
    assert standing(held, found) is stands
    assert found.primary.began == 1767323045.0
    if stands is Standing.OTHER:
        text = objection(stands, held, found)
        assert text == "the function f runs app:c-1, and its stack says app:c-2"


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        (
            {
                "LastUpdateStatus": "Failed",
                "LastUpdateStatusReason": "no",
                "LastUpdateStatusReasonCode": "InvalidImage",
            },
            ("no", "InvalidImage"),
        ),
        (
            {
                "State": "Failed",
                "StateReason": "gone",
                "StateReasonCode": "ImageDeleted",
                "LastUpdateStatusReason": "x",
            },
            ("gone", "ImageDeleted"),
        ),
        ({"State": "Active", "StateReason": "x", "StateReasonCode": "Idle"}, ("", "")),
    ],
)
def test_why_a_function_is_as_it_is(configuration, why):
    _, found = function("", **configuration)
    assert (found.primary.reason, found.primary.code) == why


def test_the_image_of_a_function_is_told_whole():
    resolved = "host.test/team/app@sha256:" + "a" * 64
    code = {"ImageUri": "host.test/team/app:c-1", "ResolvedImageUri": resolved}
    configuration = {**FUNCTION["Configuration"], "Architectures": ["arm64"]}
    aws = ScriptedAws().answers("lambda", "get_function", {"Configuration": configuration, "Code": code})
    held = StackService("f", ":c-1", is_function=True)
    found = Services(aws).services([held])["f"]
    assert found.image == FunctionImage("host.test/team/app:c-1", resolved, "arm64")
    assert found.primary.task_definition == ":c-1"


def test_a_function_is_given_an_image():
    aws = ScriptedAws().answers("lambda", "update_function_code", {}, {"FunctionName": "f", "ImageUri": "host/app:c-1"})
    Services(aws).run(StackService("f", "host/app:c-1", is_function=True), "host/app:c-1")


def test_a_function_that_is_gone():
    aws = ScriptedAws()
    aws.stubs["lambda"].add_client_error("get_function", "ResourceNotFoundException", "Function not found")
    assert Services(aws).services([StackService("f", is_function=True)])["f"].status == "MISSING"


@pytest.mark.parametrize(
    "change",
    [
        {"Code": {}},
        {"Configuration": {"FunctionName": "g", "LastUpdateStatus": "Successful"}},
        {"Configuration": {"FunctionName": "f"}},
        {"Configuration": {}},
    ],
)
def test_an_answer_that_does_not_tell_of_the_function_is_unknown(change):
    aws = ScriptedAws().answers("lambda", "get_function", {**FUNCTION, **change})
    with pytest.raises(DeployError, match="cannot be trusted"):
        Services(aws).services([StackService("f", is_function=True)])


def test_functions_are_held_with_the_end_of_their_images_address():
    image = {"Fn::Join": ["", [{"Ref": "AWS::AccountId"}, ".host/app:", {"Ref": "ImageTag"}]]}
    stack = replace(STATE, services=DeclaredServices(functions=(DeclaredFunction("F", image),)))
    for aws in (lists(ScriptedAws(), named("F", "AWS::Lambda::Function", "f")), ScriptedAws()):
        held = Services(aws).services_of("App", stack)
        assert held[-1] == StackService("f", "123456789012.host/app:c-1", is_function=True)


def nested(stacks):
    """A stack whose nested one has a function, and what CloudFormation says of that one."""
    address = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/app:${Tag}"
    code = {"Code": {"ImageUri": {"Fn::Sub": address}}}
    template = json.dumps({"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": code}}})
    aws = ScriptedAws()
    inner = {"StackResourceSummaries": [named("Inner", "AWS::CloudFormation::Stack", INNER)]}
    aws.answers("cloudformation", "list_stack_resources", inner, {"StackName": "App"})
    aws.answers("cloudformation", "get_template", {"TemplateBody": template})
    aws.answers("cloudformation", "describe_stacks", {"Stacks": stacks}, {"StackName": INNER})
    own = {"StackResourceSummaries": [named("F", "AWS::Lambda::Function", "f")]}
    aws.answers("cloudformation", "list_stack_resources", own, {"StackName": INNER})
    return Services(aws).services_of("App", replace(STATE, services=DeclaredServices(nested=True)))


def test_functions_of_nested_stacks_are_held_with_its_own_parameters():
    given = [{"ParameterKey": "Tag", "ParameterValue": "c-1"}]
    record = {"StackName": "i", "StackStatus": "CREATE_COMPLETE", "CreationTime": at(1)}
    (held,) = nested([{**record, "Parameters": given}])
    assert held.task_definition == "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:c-1"
    (held,) = nested([record])
    assert held.task_definition == ""


def test_a_nested_stack_that_the_answer_lacks_is_unknown():
    with pytest.raises(DeployError, match="cannot be trusted"):
        nested([])


def test_no_services_are_not_asked_for():
    assert Services(ScriptedAws()).services([]) == {}


@pytest.mark.parametrize(
    ("arn", "cluster"),
    [(SERVICE, "main"), ("arn:aws:ecs:us-east-1:123456789012:service/api", "default")],
)
def test_the_cluster_of_a_service(arn, cluster):
    assert cluster_of(arn) == cluster
