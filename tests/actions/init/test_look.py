"""What a look at an app finds: the stacks and what they declare, who we are to AWS, and which CLI is used."""

from __future__ import annotations

import io
import shutil

import pytest
from assemblies import install_copying_cli, write_assembly

from rajee_deploy.actions.init.found import FoundStack
from rajee_deploy.actions.init.look import Doors, find_app, look
from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError

WHO = Identity("123456789012", "us-east-1")


@pytest.fixture
def app(tmp_path):
    root = tmp_path / "project" / "infra"
    root.mkdir(parents=True)
    (root.parent / ".git").mkdir()
    (root / "cdk.json").write_text('{"app": "python3 app.py"}')
    return root


@pytest.fixture
def console():
    return Console(stdout=io.StringIO(), stderr=io.StringIO())


class World:
    """Doors that answer from memory, and note how a synth was asked for."""

    def __init__(self, app, identity=WHO, region="us-east-1", **stacks) -> None:
        self.made = app.parent.parent / "made"
        write_assembly(self.made, stacks)
        install_copying_cli(app, self.made)
        self.asked: list[bool] = []
        self.identity = identity
        self.region = region

    @property
    def doors(self) -> Doors:
        return Doors(lambda: self._or_raise(self.identity), lambda: self._or_raise(self.region), self._synth)

    def _synth(self, assembly, on_line, is_known):
        on_line("synthesising")
        self.asked.append(is_known)
        shutil.copytree(self.made, assembly)

    def _or_raise(self, answer):
        if isinstance(answer, DeployError):
            raise answer
        return answer


def declaring(*names: str) -> dict:
    """A template as `DeployState` makes it."""
    records = ["RajeeInfraHash", "RajeeTemplateHash", "RajeeRevision"]
    return {
        "Parameters": {name: {"Type": "String"} for name in (*records, *names, "Size")},
        "Resources": {},
        "Outputs": {
            "RajeeState": {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in (*records, *names)]]}},
            "Other": {"Value": {"Ref": "Size"}},
        },
    }


REPOSITORY = {"Resources": {"R": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "team/api"}},
                            "S": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": {"Ref": "X"}}},
                            "T": {"Type": "AWS::ECR::Repository"}}}  # fmt: skip
PIPELINE = {"Resources": {"P": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {}}}}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ({}, FoundStack("Api")),
        ({"account": "123456789012", "region": "eu-west-1"}, FoundStack("Api", "123456789012", "eu-west-1")),
        ({"template": declaring("ApiTag", "WebTag")}, FoundStack("Api", parameters=("ApiTag", "WebTag"))),
        ({"template": declaring()}, FoundStack("Api")),
        ({"template": {**declaring("ApiTag"), "Outputs": None}}, FoundStack("Api")),
        ({"template": REPOSITORY}, FoundStack("Api", repositories=("team/api",))),
        ({"template": PIPELINE}, FoundStack("Api", is_pipeline=True)),
    ],
)
def test_a_stack(app, console, stack, expected):
    assert look(World(app, Api=stack).doors, console, app.parent, app).stacks == (expected,)


def test_stages_have_their_ids(app, console):
    found = look(World(app, **{"Dev/Api": {}, "Net": {}}).doors, console, app.parent, app)
    assert {stack.id: stack.stage for stack in found.stacks} == {"Net": "", "Dev/Api": "Dev"}


def test_who_we_are_goes_to_the_synth(app, console):
    world = World(app, Api={})
    found = look(world.doors, console, app.parent, app)
    assert (found.account, found.region, found.nobody) == ("123456789012", "us-east-1", "")
    assert world.asked == [True]


@pytest.mark.parametrize(
    "error",
    [
        DeployError("no-credentials", "AWS credentials were not found", hint="log in"),
        DeployError("expired-credentials", "the AWS login has ended", hint="log in"),
        DeployError("aws-unreachable", "AWS could not be reached", hint="log in"),
        ConfigurationError("no-region", "no AWS region is set", hint="log in"),
    ],
)
def test_nobody_is_no_failure(app, console, error):
    no_region = ConfigurationError("no-region", "no AWS region is set")
    world = World(app, identity=error, region=no_region, Api={})
    found = look(world.doors, console, app.parent, app)
    assert (found.account, found.region, found.nobody, found.log_in) == ("", "", error.problem, "log in")
    assert world.asked == [False]


@pytest.mark.parametrize("code", ["no-profile", "bad-region"])
def test_what_cannot_be_meant_is_one(app, console, code):
    world = World(app, identity=ConfigurationError(code, "no"), Api={})
    with pytest.raises(ConfigurationError):
        look(world.doors, console, app.parent, app)
    assert world.asked == []


def test_nothing_is_left_of_the_synth(app, console, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    look(World(app, Api={}).doors, console, app.parent, app)
    assert [path for path in scratch.rglob("*") if path.name == "manifest.json"] == []


def test_the_app(app):
    World(app, Api={})
    (app / "requirements.txt").write_text("")
    (app.parent / "package-lock.json").write_text("{}")
    found = find_app(app.parent, app)
    assert (found.directory, found.language, found.cli, found.is_own_cli) == ("infra", "Python", "2.1148.1", True)
    assert found.lock_files == ("infra/requirements.txt", "package-lock.json")


def test_without_a_cli_it_is_said_how_one_is_had(app, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(DeployError) as caught:
        find_app(app.parent, app)
    assert caught.value.code == "cdk-missing"
