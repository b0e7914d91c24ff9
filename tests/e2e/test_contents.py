"""What a tag was made of, through the shell: built and pushed on one machine, asked for on another.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from sandboxes import note_images_of

from rajee_deploy.build_record.store import RegistryContents
from rajee_deploy.model.repository import PushAccess

pytestmark = pytest.mark.docker

BIN = Path(sys.executable).parent
REPOSITORY = "team/contents"
CANARY = "hunter2-0451"
TEMPLATE = {
    "Parameters": {"ImageTag": {"Type": "String"}},
    "Resources": {
        "Tag": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/tag", "Type": "String", "Value": {"Ref": "ImageTag"}},
        }
    },
}


class Machine:
    """A checkout, and a state directory that no other machine sees."""

    def __init__(self, root, environment) -> None:
        self.root, self.environment = root, environment

    def run(self, *arguments, code=0, **more):
        ended = subprocess.run(
            [str(BIN / "rajee-deploy"), *arguments],
            cwd=self.root,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == code, f"{arguments}\n{ended.stdout}\n{ended.stderr}"
        return ended

    def document(self, *arguments, **more):
        return json.loads(self.run(*arguments, "--json", **more).stdout)

    def git(self, *arguments):
        who = {f"GIT_{role}_{what}": "t@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**os.environ, **quiet, **who},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return ended.stdout.strip()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The variables that lead to a running sandbox."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_", "GIT_"))}
    kept["RAJEE_DEPLOY_STATE_DIR"] = str(tmp_path_factory.mktemp("sandbox"))
    command = str(BIN / "rajee-deploy")
    started = subprocess.run([command, "sandbox", "start"], env=kept, capture_output=True, text=True, check=True)
    exports = dict(line.removeprefix("export ").split("=", 1) for line in started.stdout.splitlines())
    note_images_of(exports["AWS_ENDPOINT_URL"].strip("'"))
    try:
        yield {**kept, **exports}
    finally:
        subprocess.run([command, "sandbox", "stop"], env=kept, capture_output=True, check=True)


@pytest.fixture(scope="module")
def builder(sandbox, tmp_path_factory):
    """The machine that builds, with its project and a repository whose tags are written once."""
    root = tmp_path_factory.mktemp("builder") / "project"
    (root / "src").mkdir(parents=True)
    (root / "cdk").mkdir()
    (root / "cdk/cdk.json").write_text("{}")
    settings = f'[images.app]\nrepository = "{REPOSITORY}"\nbuild-args = {{ TOKEN = "{CANARY}" }}\n'
    (root / "rajee-deploy.toml").write_text(settings)
    (root / "deployed.toml").write_text(settings + 'stack = "App"\n[cdk]\napp = "cdk"\nstacks = ["App"]\n')
    (root / "Dockerfile").write_text("FROM scratch\nARG TOKEN\nCOPY src /src\n")
    (root / "src/a").write_text("one")
    client(sandbox, "ecr").create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    state = str(tmp_path_factory.mktemp("state"))
    found = Machine(root, {**sandbox, "RAJEE_DEPLOY_STATE_DIR": state})
    found.git("init", "--quiet", "--initial-branch=main")
    found.git("add", "--all")
    found.git("commit", "--quiet", "--message=first")
    return found


@pytest.fixture
def other(builder, sandbox, tmp_path):
    """The same checkout on a machine that remembers nothing."""
    return Machine(builder.root, {**sandbox, "RAJEE_DEPLOY_STATE_DIR": str(tmp_path / "state")})


def client(environment, service):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=environment["AWS_ENDPOINT_URL"].strip("'"),
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def tags(environment):
    images = client(environment, "ecr").describe_images(repositoryName=REPOSITORY)["imageDetails"]
    return sorted(tag for image in images for tag in image["imageTags"])


@pytest.fixture(scope="module")
def tag(builder):
    return builder.run("fingerprint").stdout.strip()


def test_a_push_leaves_a_record_beside_the_image(builder, tag):
    done = builder.document("up")
    assert "record what app was made of" in [phase["name"] for phase in done["phases"]]
    assert tags(builder.environment) == [tag, "m-" + tag.removeprefix("c-")]


def test_nothing_to_do_asks_nothing_more(builder):
    done = builder.document("up")
    assert [phase["name"] for phase in done["phases"]] == ["start", "hash inputs", "ask AWS"]


def test_nothing_private_is_anywhere_near_the_record(builder, tag):
    ecr = client(builder.environment, "ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    uri = ecr.describe_repositories(repositoryNames=[REPOSITORY])["repositories"][0]["repositoryUri"]
    password = base64.b64decode(token).decode().partition(":")[2]
    record = RegistryContents(lambda _: PushAccess(uri, "AWS", password)).get(REPOSITORY, tag)
    assert record is not None
    text = zlib.decompress(record.document, 31)
    assert b"build-arg:TOKEN" in text
    assert CANARY.encode() not in text
    assert str(builder.root).encode() not in text


def test_any_machine_knows_what_changed_since(builder, other, tag):
    (builder.root / "src/a").write_text("three")
    (builder.root / "src/b").write_text("new")
    found = other.document("explain", "--since", tag)["images"]["app"]
    assert [(change["why"], change["what"]) for change in found["changes"]] == [
        ("added", "src/b"),
        ("changed", "src/a"),
    ]
    assert (found["known_from"], found["commit"]) == ("the registry", builder.git("rev-parse", "HEAD"))
    assert "~ changed src/a" in other.run("explain", "--since", tag).stdout


def test_since_what_is_deployed(builder, other, tag):
    arguments = ("explain", "--config", "deployed.toml", "--since", "deployed")
    assert json.loads(other.run(*arguments, "--json", code=1).stdout)["code"] == "not-deployed"
    client(builder.environment, "cloudformation").create_stack(
        StackName="App",
        TemplateBody=json.dumps(TEMPLATE),
        Parameters=[{"ParameterKey": "ImageTag", "ParameterValue": tag}],
    )
    found = other.document(*arguments)
    assert (found["revision"], found["images"]["app"]["before"]) == ("deployed", tag)
    assert [change["what"] for change in found["images"]["app"]["changes"]] == ["src/b", "src/a"]


def test_without_a_record_the_machine_that_built_still_knows(builder, other, tag):
    record = {"imageTag": "m-" + tag.removeprefix("c-")}
    client(builder.environment, "ecr").batch_delete_image(repositoryName=REPOSITORY, imageIds=[record])
    ended = builder.run("explain", "--since", tag)
    assert "known from this machine" in ended.stdout
    assert "the registry has no record" in ended.stderr
    found = other.document("explain", "--since", tag)["images"]["app"]
    assert (found["known_from"], found["before"]) == ("git", tag)
    assert "this machine has no record" in found["note"]
    error = json.loads(other.run("explain", "--since", "c-" + "0" * 40, "--json", code=1).stdout)
    assert error["code"] == "no-contents"
    assert "none of the last 50 commits gives this tag" in error["cause"]


def test_offline_the_machine_that_built_still_knows(builder, tag):
    ended = builder.run("explain", "--since", tag, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert "known from this machine" in ended.stdout
    assert "the registry: " in ended.stderr


def test_a_state_directory_that_cannot_be_written_fails_no_run(builder, tmp_path):
    (tmp_path / "file").write_text("")
    ended = builder.run("up", RAJEE_DEPLOY_STATE_DIR=str(tmp_path / "file" / "state"))
    assert "could not be recorded" in ended.stderr
    new = builder.run("fingerprint").stdout.strip()
    assert {new, "m-" + new.removeprefix("c-")} <= set(tags(builder.environment))
