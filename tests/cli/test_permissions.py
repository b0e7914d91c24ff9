"""The policies that are printed: whole, only on what the settings name, and those that docs/permissions.md shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from forked import run_command

from rajee_deploy.aws.permissions import PolicyPlace, needed_permissions, policy
from rajee_deploy.model.names import Who
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.stack_names import StackPlace

APP = StackPlace("App", "App")
TOP = Path(__file__).parents[2]
ELSEWHERE = Repository.parse("210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/api")


def printed(folder: Path, *words: str, **environment: str) -> str:
    ended = run_command("permissions", *words, cwd=folder, environment={"PATH": "", **environment})
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("who", list(Who))
def test_the_documentation_shows_what_is_printed_for_the_reference_service(who):
    text = (TOP / "docs" / "permissions.md").read_text()
    shown = re.search(rf"<!-- policy:{who.value} -->\n```json\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    assert shown[1] == printed(TOP, who.value)


def test_account_and_region_are_those_of_the_environment_or_of_the_flag():
    resources = resources_of(json.loads(printed(TOP, "plan", "-e", "sandbox")))
    assert "arn:aws:ecr:us-east-1:123456789012:repository/raja/envoy" in resources
    resources = resources_of(json.loads(printed(TOP, "plan", "--region", "eu-central-1")))
    assert "arn:aws:ecr:eu-central-1:ACCOUNT:repository/raja/envoy" in resources
    resources = resources_of(json.loads(printed(TOP, "plan", AWS_REGION="eu-west-3")))
    assert "arn:aws:ecr:eu-west-3:ACCOUNT:repository/raja/envoy" in resources


def test_a_repository_of_another_account_is_named_where_it_is():
    found = policy(Who.plan, PolicyPlace("123456789012", "us-east-1", (), (ELSEWHERE, ELSEWHERE)))
    assert resources_of(found) == ["*", "arn:aws:ecr:eu-west-1:210987654321:repository/team/api"]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("ap-southeast-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_are_of_the_regions_partition(region, partition):
    found = policy(Who.up, PolicyPlace("1", region, (APP,), (Repository("app"),)))
    assert {arn.split(":")[1] for arn in resources_of(found) if arn != "*"} == {partition}


@pytest.mark.parametrize("who", list(Who))
@pytest.mark.parametrize("stacks", [(), (APP,)])
@pytest.mark.parametrize("repositories", [(), (Repository("app"),)])
def test_no_statement_is_empty_and_stars_are_only_where_iam_knows_nothing_narrower(who, stacks, repositories):
    found = policy(who, PolicyPlace("1", "us-east-1", stacks, repositories))
    assert all(statement["Resource"] and statement["Action"] for statement in found["Statement"])
    starred = [action for each in found["Statement"] if each["Resource"] == ["*"] for action in each["Action"]]
    watching = [
        "ecs:ListTasks",
        *(f"elasticloadbalancing:Describe{what}" for what in ("TargetHealth", "TargetGroups", "TargetGroupAttributes")),
    ]
    reading = ["sts:GetCallerIdentity", "ecs:DescribeTaskDefinition", "ecr:GetAuthorizationToken"]
    assert starred == [*reading, *(watching if who is Who.up else [])]


def test_up_may_all_that_plan_may_and_each_once():
    plan, up = needed_permissions(Who.plan), needed_permissions(Who.up)
    assert set(plan) < set(up)
    assert len(set(up)) == len(up)


def test_records_in_ssm_are_named_only_where_there_are_any():
    place = PolicyPlace("1", "us-east-1", (APP, StackPlace("Other", "Other")), (Repository("app"),), (APP,))
    record = "arn:aws:ssm:us-east-1:1:parameter/rajee-deploy/App"
    for who, action in ((Who.plan, "ssm:GetParameter"), (Who.up, "ssm:PutParameter")):
        named = [each["Action"] for each in policy(who, place)["Statement"] if record in each["Resource"]]
        assert any(action in actions for actions in named)


CACHED = """
[images.api]
repository = "team/api"
cache-from = ["team/cache", "gha", "public.ecr.aws/team/cache", "type=local,src=/tmp/cache", "team/read:main"]
cache-to = ["team/cache", "type=registry,ref=210987654321.dkr.ecr.eu-west-1.amazonaws.com/far/cache:x,mode=max"]
[images.far]
repository = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/far"
cache-from = ["team/near", "localhost:5000/team/other"]
"""


def test_caches_in_ecr_are_read_and_written_where_they_are_named(tmp_path):
    (tmp_path / "rajee-deploy.toml").write_text(CACHED)
    up = json.loads(printed(tmp_path, "up", "--region", "us-east-1"))["Statement"]
    near, far = (
        "arn:aws:ecr:us-east-1:ACCOUNT:repository/team/{}".format,
        "arn:aws:ecr:eu-west-1:210987654321:repository/",
    )
    of = {
        arn: {action for each in up if arn in each["Resource"] for action in each["Action"]}
        for arn in (near("cache"), near("read"), f"{far}far/cache", f"{far}team/near")
    }
    pulls = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    pushes = {"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"}
    assert of == {
        near("cache"): pulls | pushes,
        near("read"): pulls,
        f"{far}far/cache": pulls | pushes,
        f"{far}team/near": pulls,
    }
    names = {arn.rpartition("repository/")[2] for arn in resources_of({"Statement": up}) if ":ecr:" in arn}
    assert names == {"team/api", "team/far", "team/cache", "team/read", "far/cache", "team/near"}
    plan = json.loads(printed(tmp_path, "plan"))
    assert {arn.rpartition("/")[2] for arn in resources_of(plan) if ":ecr:" in arn} == {"api", "far"}


def resources_of(document: dict) -> list[str]:
    return [resource for statement in document["Statement"] for resource in statement["Resource"]]


WEB = StackPlace("Web", "Web")
FULL = PolicyPlace("1", "eu-west-1", (APP, WEB), (Repository("app"), ELSEWHERE), (WEB,))
ARN = "arn:aws:{}:eu-west-1:1:{}".format
STACKS = [ARN("cloudformation", "stack/App/*"), ARN("cloudformation", "stack/Web/*")]
REPOSITORIES = [ARN("ecr", "repository/app"), "arn:aws:ecr:eu-west-1:210987654321:repository/team/api"]
RECORD = [ARN("ssm", "parameter/rajee-deploy/Web")]


def test_what_each_policy_is_on():
    plan = {tuple(each["Resource"]) for each in policy(Who.plan, FULL)["Statement"]}
    services = (ARN("ecs", "service/*"), ARN("ecs", "task/*"), ARN("ecs", "service-revision/*"))
    functions = (ARN("lambda", "function:*"),)
    bootstrap = (ARN("ssm", "parameter/cdk-bootstrap/*"),)
    assert plan == {("*",), tuple(STACKS), tuple(REPOSITORIES), tuple(RECORD), services, functions, bootstrap}
    up = {tuple(each["Resource"]) for each in policy(Who.up, FULL)["Statement"]}
    assert up - plan == {("arn:aws:iam::1:role/cdk-*",), (ARN("logs", "log-group:*"),)}
    assert plan < up
    document = policy(Who.plan, FULL)
    assert (document["Version"], {each["Effect"] for each in document["Statement"]}) == ("2012-10-17", {"Allow"})
    assert set(document) == {"Version", "Statement"}


def test_without_stacks_images_are_all_there_is():
    found = policy(Who.up, PolicyPlace("1", "eu-west-1", (), (Repository("app"),), (WEB,)))
    assert resources_of(found) == ["*", ARN("ecr", "repository/app")]


def test_stacks_elsewhere_are_named_where_they_live_and_those_of_other_accounts_by_their_roles():
    west, far = StackPlace("Edge", "edge", "1", "us-west-2"), StackPlace("Far", "far", "2", "us-west-1")
    place = PolicyPlace("1", "eu-west-1", (west, far), (), (west, far))
    for who in Who:
        named = resources_of(policy(who, place))
        assert "arn:aws:cloudformation:us-west-2:1:stack/edge/*" in named
        assert "arn:aws:ssm:us-west-2:1:parameter/rajee-deploy/edge" in named
        assert {"arn:aws:iam::1:role/cdk-*", "arn:aws:iam::2:role/cdk-*"} <= set(named)
        assert not any(":far" in arn or "/far" in arn or "eu-west-1" in arn for arn in named)


def test_what_no_synth_says_is_guessed_and_that_is_said(tmp_path):
    (tmp_path / "cdk.json").write_text("{}")
    (tmp_path / "rajee-deploy.toml").write_text('[cdk]\nstacks = ["Dev/Api", "Prod/**", "plain"]\n')
    ended = subprocess.run(
        [sys.executable, "-m", "rajee_deploy", "permissions", "plan"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "", "PYTHONPATH": str(TOP), "RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "cache")},
    )
    named = [arn.rpartition("stack/")[2] for arn in resources_of(json.loads(ended.stdout)) if "stack/" in arn]
    assert named == ["Dev-Api/*", "Prod-*/*", "plain/*"]
    assert "Dev/Api is taken for Dev-Api" in ended.stderr
    assert "plain is" not in ended.stderr


@pytest.mark.parametrize(
    ("adopts", "repositories"),
    [('"adopt"', ["cdk-hnb659fds-container-assets-123456789012-eu-west-1"]), ('"cdk"', [])],
)
def test_images_that_the_app_declares_go_where_most_apps_have_them_until_a_synth_tells(tmp_path, adopts, repositories):
    (tmp_path / "cdk.json").write_text('{"app": "false"}')
    (tmp_path / "rajee-deploy.toml").write_text(
        f'[cdk]\nstacks = ["App"]\nimage-assets = {adopts}\n'
        '[environments.one]\naccount = "123456789012"\nregion = "eu-west-1"\n'
    )
    found = resources_of(json.loads(printed(tmp_path, "up", "-e", "one")))
    assert [arn.rpartition("repository/")[2] for arn in found if "repository/" in arn] == repositories
