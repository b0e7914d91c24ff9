"""How a deployment is carried out, through the shell and on real parts: who agrees, which way it goes, what is told.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json
import os
import subprocess

import boto3
import pytest

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
ENVIRONMENT = "[tool.rajee-deploy.environments.sandbox-offline]\n"


def settings(shell, **cdk: str) -> None:
    """Give the environment these keys of [cdk]."""
    path = shell.folder / "pyproject.toml"
    lines = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith("cdk = {")]
    text = ", ".join(f'{name} = "{value}"' for name, value in cdk.items())
    path.write_text("".join(lines).replace(ENVIRONMENT, ENVIRONMENT + f"cdk = {{ {text} }}\n"))


def edit(shell, text: str) -> None:
    path = shell.folder / ENVOY
    path.write_text(f"# {text}\n{path.read_text()}")


def parameters(shell) -> dict[str, str]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = {name.lower(): shell.environment[name] for name in names}
    client = boto3.client(
        "cloudformation", endpoint_url=shell.environment["AWS_ENDPOINT_URL"], region_name="us-east-1", **keys
    )
    (stack,) = client.describe_stacks(StackName="RajeeEnvoyStack")["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def git(shell, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "init.defaultBranch=main"]
    ended = subprocess.run(
        ["git", *own, "-C", str(shell.folder), *arguments], check=True, capture_output=True, text=True
    )
    return ended.stdout.strip()


def commit(shell, text: str) -> str:
    git(shell, "add", "--all")
    git(shell, "commit", "--quiet", "--message", text)
    return git(shell, "rev-parse", "HEAD")


# No hash sees times of files.
BY_TIME = """
if os.path.getmtime("../LICENSE") > 2e9:
    path = out / "RajeeEnvoyStack.template.json"
    template = json.loads(path.read_text())
    policies = [each for each in template["Resources"].values() if each["Type"] == "AWS::IAM::Policy"]
    more = {"Action": "s3:*", "Effect": "Allow", "Resource": "*"}
    policies[0]["Properties"]["PolicyDocument"]["Statement"].append(more)
    path.write_text(json.dumps(template))
"""


def test_broader_permissions_are_refused_where_nobody_can_say_yes(synthesised):
    git(synthesised, "init", "--quiet")
    settings(synthesised, approval="broadening")
    app = synthesised.folder / "infra" / "given.py"
    app.write_text(app.read_text() + BY_TIME)
    ended = synthesised.run("rajee-deploy up", code=1, COLUMNS="80")  # names are whole in a narrow terminal too
    assert "explain-error approval-needed\n" in ended.stderr
    assert "ecr:GetAuthorizationToken" in ended.stderr, ended.stderr
    assert "--yes" in ended.stderr


def test_a_yes_deploys_and_the_time_is_accounted_for(synthesised):
    commit(synthesised, "one")
    done = json.loads(synthesised.run("rajee-deploy up --yes --json --outputs-file outputs.json").stdout)
    assert done["kind"] == "first"
    outputs = json.loads((synthesised.folder / "outputs.json").read_text())
    assert outputs["RajeeEnvoyStack"]["RajeeState"].endswith(done["images"]["envoy"]["tag"])
    (synthesised.folder / "outputs.json").unlink()
    synthesised.run("rajee-deploy up --outputs-file outputs.json")
    assert json.loads((synthesised.folder / "outputs.json").read_text()) == outputs
    (synthesised.folder / "outputs.json").unlink()
    assert set(done["deployments"]) == {"RajeeRegistryStack", "RajeeEnvoyStack"}


def test_a_new_image_alone_goes_by_cloudformation_and_starts_no_node(synthesised, tmp_path):
    settings(synthesised, **{"tag-only": "cloudformation"})
    edit(synthesised, "two")
    commit(synthesised, "two")
    for name in ("node", "npx", "cdk"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho called >> {tmp_path}/called\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{synthesised.environment['PATH']}"
    done = json.loads(synthesised.run("rajee-deploy up --json", PATH=path).stdout)
    assert (done["kind"], [step.get("via") for step in done["steps"]]) == ("code", [None, "cloudformation"])
    assert not (tmp_path / "called").exists()
    found = parameters(synthesised)
    assert found["ImageTag"] == done["images"]["envoy"]["tag"]
    assert found["RajeeRevision"] == git(synthesised, "rev-parse", "HEAD")
    assert json.loads(synthesised.run("rajee-deploy plan --json").stdout)["kind"] == "noop"


def test_an_older_revision_does_not_replace_a_newer_one(synthesised):
    git(synthesised, "checkout", "--quiet", "HEAD~1")
    before = parameters(synthesised)
    ended = synthesised.run("rajee-deploy up", code=1)
    assert "explain-error older-revision\n" in ended.stderr
    assert parameters(synthesised) == before
    assert "explain-error older-revision\n" in synthesised.run("rajee-deploy plan", code=1).stderr
    done = json.loads(synthesised.run("rajee-deploy up --allow-rollback --json").stdout)
    assert done["kind"] == "code"
    assert parameters(synthesised)["ImageTag"] != before["ImageTag"]
    git(synthesised, "checkout", "--quiet", "main")


@pytest.mark.parametrize("by", ["cdk", "cloudformation"])
def test_no_wait_leaves_the_rest_to_cloudformation(synthesised, by):
    settings(synthesised, **{"tag-only": by})
    edit(synthesised, f"three {by}")
    commit(synthesised, f"three {by}")
    ended = synthesised.run("rajee-deploy up --no-wait --json")
    assert json.loads(ended.stdout)["outcome"] == "accepted"
    assert "accepted; CloudFormation goes on by itself" in ended.stderr
    assert json.loads(synthesised.run("rajee-deploy plan --json").stdout)["kind"] == "noop"


@pytest.mark.proof
def test_what_a_late_synth_broadens_is_refused_too(synthesised, tmp_path):
    """Another machine has no assembly, the hash says that the infrastructure is unchanged, and the image changed."""
    settings(synthesised, approval="broadening")
    edit(synthesised, "four")
    commit(synthesised, "four")
    os.utime(synthesised.folder / "LICENSE", (2.1e9, 2.1e9))
    elsewhere = {"RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "cache"), "RAJEE_DEPLOY_STATE_DIR": str(tmp_path / "state")}
    planned = json.loads(synthesised.run("rajee-deploy plan --json", **elsewhere).stdout)
    assert (planned["kind"], planned["infrastructure"]["tier"]) == ("code", "hash")
    before = parameters(synthesised)
    for _ in range(2):  # the second time the assembly is there
        ended = synthesised.run("rajee-deploy up", code=1, COLUMNS="80", **elsewhere)
        assert "other templates than the hash promised" in ended.stderr
        assert "explain-error approval-needed\n" in ended.stderr
        assert "s3:*" in ended.stderr
        assert parameters(synthesised) == before
    shown = synthesised.run("rajee-deploy plan --infra-check=synth").stderr
    assert "broader permissions" in shown, (
        "where a synth decides, it is said here, and not first when somebody is asked"
    )
    assert "+ s3:* on *" in shown
    steps = json.loads(synthesised.run("rajee-deploy plan --infra-check=synth --json").stdout)["steps"]
    found = {each["type"]: each["broader"] for step in steps for each in step.get("resources") or ()}
    assert found["AWS::IAM::Policy"] == ["+ s3:* on *"]
