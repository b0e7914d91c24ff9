"""Going back and forth through the shell: a Docker Engine, the cdk CLI for what `up` does, git for what was lost.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
import given
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
STACK = "RajeeEnvoyStack"
WHO = "git -c user.name=T -c user.email=t@localhost -c commit.gpgsign=false"


@pytest.fixture(scope="module")
def project(synthesised):
    """The copy as a git repository; its second commit makes another image, and both are deployed in turn. The stack has
    parameters of its own."""
    synthesised.run("git init -q -b main && echo node_modules >> .git/info/exclude")
    declare_parameters(synthesised.folder)
    commit(synthesised, "the first")
    path = synthesised.folder / ENVOY
    up(synthesised, DB_PASSWORD="the-password")
    path.write_text("# edited\n" + path.read_text())
    commit(synthesised, "the second")
    up(synthesised)
    return synthesised


@pytest.fixture(scope="module")
def tags(project) -> list[str]:
    """The tags of both commits."""
    found = []
    for revision in ("HEAD~1", "HEAD"):
        project.run(f"git checkout -q {revision} -- {ENVOY}")
        found.append(project.run("rajee-deploy fingerprint").stdout.strip())
    return found


def test_status_knows_what_is_deployed_and_that_it_is_this_checkouts(project, tags, tmp_path):
    for name in ("docker", "node", "npx"):
        (tmp_path / name).write_text("#!/bin/sh\necho called >> " + str(tmp_path / "called") + "\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{project.environment['PATH']}"
    found = status(project, PATH=path, DOCKER_HOST="tcp://127.0.0.1:9")
    assert not (tmp_path / "called").exists()
    stack = found["stacks"][STACK]
    assert (stack["status"], stack["images"]["envoy"]["deployed"]) == ("UPDATE_COMPLETE", tags[1])
    assert (stack["images"]["envoy"]["matches"], stack["infrastructure"]["matches"]) == (True, True)
    assert stack["revision"] == {"commit": head(project), "dirty": False, "subject": "the second"}
    (service,) = stack["services"]
    assert service["running"] == service["desired"]
    assert service["images"][0].endswith(f"raja/envoy:{tags[1]}")
    assert re.search("= envoy .*this checkout: same", project.run("rajee-deploy status").stdout)


def test_back_by_one_call_without_node_and_without_an_engine(project, tags, tmp_path):
    for name in ("docker", "node", "npx"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = rollback(project, PATH=f"{tmp_path}:{project.environment['PATH']}", DOCKER_HOST="tcp://127.0.0.1:9")
    envoy = done["images"]["envoy"]
    assert (envoy["before"], envoy["tag"], envoy["built"]) == (tags[1], tags[0], False)
    stack = status(project)["stacks"][STACK]
    assert (stack["images"]["envoy"]["deployed"], stack["images"]["envoy"]["matches"]) == (tags[0], False)
    assert stack["infrastructure"]["matches"] is True
    assert stack["revision"]["subject"] == "the first"
    assert stack["services"][0]["images"][0].endswith(f"raja/envoy:{tags[0]}")
    assert own_parameters(project) == "small:the-password"
    found = digests(project)
    assert [found[f"live-{STACK}"], found[f"prev-{STACK}"]] == [found[tag] for tag in tags]


def test_the_preview_says_what_the_next_one_does_and_does_nothing(project, tags, tmp_path):
    for name in ("docker", "node", "npx"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    before = digests(project)
    path = f"{tmp_path}:{project.environment['PATH']}"
    ended = project.run("rajee-deploy rollback --plan --json --detailed-exitcode", code=2, PATH=path)
    document = json.loads(ended.stdout)
    assert (document["schema"], document["rollback"]["envoy"]["tag"]) == ("rajee-deploy.plan/1", tags[1])
    assert [(step["step"], step["via"]) for step in document["steps"]] == [("deploy", "cloudformation")]
    ended = project.run(f"rajee-deploy rollback {tags[0]} --plan --detailed-exitcode", PATH=path)
    assert "Nothing to do" in ended.stderr
    assert (status(project)["stacks"][STACK]["images"]["envoy"]["deployed"], digests(project)) == (tags[0], before)


def test_what_runs_already_needs_nothing(project, tags):
    ended = project.run(f"rajee-deploy rollback {tags[0]}")
    assert "Nothing to do" in ended.stderr


def test_a_second_rollback_goes_forth_again_and_up_finds_nothing_to_do(project, tags):
    assert rollback(project)["images"]["envoy"]["tag"] == tags[1]
    assert json.loads(project.run("rajee-deploy up --json").stdout)["kind"] == "noop"


def test_an_image_that_the_registry_lost_is_built_from_its_revision(project, tags):
    client(project, "ecr").batch_delete_image(
        repositoryName="raja/envoy", imageIds=[{"imageDigest": digests(project)[tags[0]]}]
    )
    assert tags[0] not in digests(project)
    ended = project.run(f"rajee-deploy rollback {tags[0]} --json --yes")
    envoy = json.loads(ended.stdout)["images"]["envoy"]
    assert (envoy["tag"], envoy["built"]) == (tags[0], True)
    assert status(project)["stacks"][STACK]["images"]["envoy"]["deployed"] == tags[0]
    assert digests(project)[f"live-{STACK}"] == digests(project)[tags[0]]
    assert project.run("git status --porcelain --untracked-files=no").stdout == ""
    assert list((project.folder.parent / "tmp").glob("rajee-deploy-checkout*")) == []


def test_up_deploys_this_checkouts_image_again(project, tags):
    done = json.loads(project.run("rajee-deploy up --json").stdout)
    assert (done["kind"], [step["step"] for step in done["steps"]]) == ("code", ["deploy"])
    assert status(project)["stacks"][STACK]["images"]["envoy"]["deployed"] == tags[1]


def test_the_report_counts_rollbacks(project):
    document = json.loads(project.run("rajee-deploy report --json").stdout)
    assert {kind["kind"]: kind["count"] for kind in document["kinds"]}["rollback"] == 3


def test_a_tag_of_nobody_is_refused(project):
    assert "explain-error revision-not-recorded\n" in project.run(f"rajee-deploy rollback c-{'0' * 40}", code=1).stderr
    assert "explain-error bad-tag\n" in project.run("rajee-deploy rollback latest", code=64).stderr


def up(shell, **environment: str) -> None:
    assert json.loads(shell.run("rajee-deploy up --json", **environment).stdout)["outcome"] == "done"


def declare_parameters(folder: Path) -> None:
    """Without defaults, one of them a secret; an output tells what they are."""
    (path,) = (folder / "infra" / given.NAME).glob(f"{STACK}.template.json")
    template = json.loads(path.read_text())
    template["Parameters"] |= {"Size": {"Type": "String"}, "DbPassword": {"Type": "String", "NoEcho": True}}
    template["Outputs"]["Own"] = {"Value": {"Fn::Join": [":", [{"Ref": "Size"}, {"Ref": "DbPassword"}]]}}
    path.write_text(json.dumps(template))
    with (folder / "pyproject.toml").open("a") as file:
        values = 'Size = "small"\nDbPassword = { env = "DB_PASSWORD" }'
        file.write(f"\n[tool.rajee-deploy.cdk.parameters.{STACK}]\n{values}\n")


def own_parameters(shell) -> str:
    (stack,) = client(shell, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "Own")


def rollback(shell, **environment: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shell.run("rajee-deploy rollback --json", **environment).stdout)
    return document


def status(shell, **environment: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shell.run("rajee-deploy status --json", **environment).stdout)
    return document


def commit(shell, message: str) -> None:
    shell.run(f"git add -A && {WHO} commit -qm '{message}'")


def head(shell) -> str:
    return str(shell.run("git rev-parse HEAD").stdout.strip())


def digests(shell) -> dict[str, str]:
    found = client(shell, "ecr").describe_images(repositoryName="raja/envoy")["imageDetails"]
    return {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", ())}


def client(shell, service: str):
    chosen = shell.environment
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=chosen["AWS_ENDPOINT_URL"],
        aws_access_key_id=chosen["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=chosen["AWS_SECRET_ACCESS_KEY"],
    )
