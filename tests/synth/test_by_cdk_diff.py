"""What a plan says of resources and of permissions, beside what the real `cdk diff` says of the same templates."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from plan.test_broader import BROADER, NO_BROADER, lines, side
from templates import kept, resource, task

from rajee_deploy.plan.resource_changes import Action, Side, stack_changes
from rajee_deploy.synth.cdk_cli import CDK_ENVIRONMENT
from rajee_deploy.synth.resource_specification import read_specification
from rajee_deploy.synth.security_diff import DIFF

pytestmark = pytest.mark.cdk

INFRA = Path(__file__).parents[2] / "infra"
QUEUE, FREE = resource("SQS::Queue", QueueName="a"), {"Free": {"Type": "AWS::SNS::Topic"}}
OTHER_QUEUE = resource("SQS::Queue", QueueName="b")
INSTANCE = resource("EC2::Instance", ImageId="a", UserData="a")
# A template before, and after. By name, since the CLI says nothing else of a resource.
BEFORE = {
    "Removed": QUEUE,
    "Kept": kept(QUEUE),
    "Same": QUEUE,
    "Updated": resource("SQS::Queue", DelaySeconds=1),
    "Replaced": QUEUE,
    "KeptOld": kept(QUEUE),
    "Maybe": INSTANCE,
    "Image": INSTANCE,
    "Task": task(),
    "OtherType": QUEUE,
    "Unset": QUEUE,
    "Follows": resource(
        "SNS::Subscription", Protocol="sqs", TopicArn="t", Endpoint={"Fn::GetAtt": ["Replaced", "Arn"]}
    ),
    "Text": resource("SQS::Queue", DelaySeconds="1"),
    "Custom": {"Type": "Custom::Own", "Properties": {"A": 1}},
    "Depends": QUEUE,
}
AFTER = {
    "Added": QUEUE,
    "Same": QUEUE,
    "Updated": resource("SQS::Queue", DelaySeconds=2),
    "Replaced": OTHER_QUEUE,
    "KeptOld": kept(OTHER_QUEUE),
    "Maybe": resource("EC2::Instance", ImageId="a", UserData="b"),
    "Image": resource("EC2::Instance", ImageId="b", UserData="a"),
    "Task": task("acct/app:c-2"),
    "OtherType": resource("SNS::Topic"),
    "Unset": resource("SQS::Queue"),
    "Follows": BEFORE["Follows"],
    "Text": resource("SQS::Queue", DelaySeconds=1),
    "Custom": {"Type": "Custom::Own", "Properties": {"A": 2}},
    "Depends": QUEUE,
}
WORDS = {
    "replace": Action.REPLACE,
    "may be replaced": Action.MAY_REPLACE,
    "destroy": Action.REMOVE,
    "orphan": Action.KEEP,
}
MARKS = {"+": Action.ADD, "~": Action.UPDATE}


def cdk_diff(place, before, after, *flags):
    """How the CLI ended, and what it said."""
    for name, resources in (("old", before), ("App.template", after)):
        (place / f"{name}.json").write_text(json.dumps({"Resources": {**FREE, **resources}}))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "App.template.json", "stackName": "App"},
    }
    (place / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"App": stack}}))
    flags = ("--app", str(place), "--template", str(place / "old.json"), "--no-color", "--ci", "--no-notices", *flags)
    ended = subprocess.run(
        [INFRA / "node_modules/.bin/cdk", "diff", "App", *flags],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **CDK_ENVIRONMENT},
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_what_becomes_of_each_resource_is_what_the_cli_says(tmp_path):
    _, said = cdk_diff(tmp_path, BEFORE, AFTER, "--method=template")
    theirs = {
        name: WORDS.get(word.strip(), MARKS.get(mark))
        for mark, name, word in re.findall(r"^\[(.)\] \S+::\S+ (\w+)(.*)$", said, re.MULTILINE)
    }
    types = {each["Type"] for each in (*BEFORE.values(), *AFTER.values())}
    found = stack_changes(Side({"Resources": BEFORE}), Side({"Resources": AFTER}), read_specification(INFRA, types))
    ours = {each.logical_id: each.action for each in found.resources}
    assert theirs.pop("Task") is Action.REPLACE  # for us another revision of it takes over, and nothing is lost
    assert ours.pop("Task") is Action.UPDATE
    assert ours == theirs, said


# What is written in another way, or narrower: there the CLI asks, and so does `up`.
ASKED_BY_CDK_ALONE = {
    "less",
    "narrower",
    "another case",
    "another spelling",
    "a condition more",
    "everybody no more",
    "a wider prohibition",
    "fewer ports",
    "a narrower peer",
}
# What the CLI does not see.
SAID_BY_US_ALONE = {
    "all but",
    "a boundary that went",
    "a policy that is text",
    "a policy that is computed",
    "a statement under a condition",
    "an open address",
    "a public database",
    "a block that went",
}


def check_permissions(name, place):
    before, after = map(side, {**BROADER, **NO_BROADER}[name][:2])
    code, said = cdk_diff(place, before, after, *DIFF)
    assert bool(lines(before, after)) == (name in BROADER)
    assert code == (name in ASKED_BY_CDK_ALONE or (name in BROADER and name not in SAID_BY_US_ALONE)), said


@pytest.mark.parametrize("name", ["another action", "narrower"])
def test_permissions(name, tmp_path):
    check_permissions(name, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("name", [*BROADER, *NO_BROADER])
def test_all_permissions(name, tmp_path):
    check_permissions(name, tmp_path)
