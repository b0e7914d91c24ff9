"""The account that a plan names is the one that is deployed to, whatever else says who somebody is.

With the real CDK CLI, and a sandbox of two accounts."""

from __future__ import annotations

import json

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ALL, ASSETS, KEYS, World

pytestmark = [pytest.mark.cdk, pytest.mark.proof]

OURS, OTHER = "123456789012", "222222222222"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Nothing is deployed. The profiles `ours` and `other` are of two accounts."""
    root = tmp_path_factory.mktemp("account")
    with own_cloud(root / "state") as cloud:
        found = World(root, cloud, "python")
        sts = boto3.client("sts", endpoint_url=found.cloud["AWS_ENDPOINT_URL"], **KEYS)
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/other", RoleSessionName="other")["Credentials"]
        found.keys = {
            "ours": {name.upper(): value for name, value in KEYS.items() if name != "region_name"},
            "other": {
                "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
                "AWS_SESSION_TOKEN": role["SessionToken"],
            },
        }
        (root / "config").write_text(
            "".join(
                f"[profile {name}]\nregion = us-east-1\n"
                + "".join(f"{key.lower()} = {value}\n" for key, value in keys.items())
                for name, keys in found.keys.items()
            )
        )
        client(found, "ours", "s3").create_bucket(Bucket=ASSETS)
        yield found


@pytest.fixture
def machine(world):
    """It has both profiles, and no keys in its environment."""
    made = world.machine(*ALL, more={"AWS_CONFIG_FILE": str(world.root / "config")})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        made.cloud = {key: value for key, value in made.cloud.items() if key != name}
    made.install()
    return made


def client(world, who: str, service: str):
    keys = {name.lower(): value for name, value in world.keys[who].items()}
    return boto3.client(service, endpoint_url=world.cloud["AWS_ENDPOINT_URL"], region_name="us-east-1", **keys)


def stacks(world, who: str) -> list[str]:
    found = client(world, who, "cloudformation").describe_stacks()["Stacks"]
    return sorted(stack["StackName"] for stack in found)


def cdk_json(machine, **more: str) -> None:
    machine.write("cdk/cdk.json", json.dumps({"app": "python3 app.py", **more}))


@pytest.mark.parametrize("verb", ["plan", "up"])
def test_a_profile_of_another_account_in_cdk_json_is_refused(world, machine, verb):
    cdk_json(machine, profile="other")
    told = machine.run(verb, "--profile=ours", code=64)
    assert "profile-contradiction" in told
    assert OURS in told
    assert OTHER in told
    assert stacks(world, "ours") == stacks(world, "other") == []


def test_keys_of_another_account_in_the_environment_do_not_go_before_the_profile(world, machine):
    """Nor does a profile in cdk.json that this machine does not have."""
    cdk_json(machine, profile="of-somebody-else")
    told = machine.run("up", "--profile=ours", **world.keys["other"])
    assert OURS in told
    assert (stacks(world, "ours"), stacks(world, "other")) == (["App", "Web"], [])


def test_what_a_hash_decides_needs_no_question_who_the_profile_is(world, machine):
    """This machine has it now, and it is the other account's."""
    with (world.root / "config").open("a") as file:
        file.write("[profile of-somebody-else]\nregion = us-east-1\n")
        file.writelines(f"{key.lower()} = {value}\n" for key, value in world.keys["other"].items())
    cdk_json(machine, profile="of-somebody-else")
    assert "Nothing to do" in machine.run("up", "--profile=ours")
    machine.write("web/service.name", "web\n")
    assert "profile-contradiction" in machine.run("up", "--profile=ours", code=64)
