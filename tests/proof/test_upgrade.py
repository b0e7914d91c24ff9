"""A project that an older release deployed: the newer one takes one synth, deploys nothing, and then decides by hash.

The older release is a commit of this repository's own history, run by this Python. Both run on the same checkout. The
tests of this file are one story for each kind of app, and run in its order.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ALL, ASSETS, KEYS, STACKS, World

pytestmark = pytest.mark.cdk

TOP = Path(__file__).parents[2]
OLDER = "287edb2a0754efe832994f8fbcdf28e9db305261"  # the last one before the kernel's record
# The kind of app, and whether the newer release has the kernel's record of its synths. Without, a hash cannot follow a
# program that is neither Python nor node.
CASES = [("python", True), ("node", True), ("shell", True), ("python", False), ("node", False)]


@pytest.fixture(scope="module")
def older(tmp_path_factory, note) -> str:
    """Where the older release's code lies."""
    made = subprocess.run(
        ["git", "archive", "--format=tar", OLDER, "rajee_deploy"], cwd=TOP, capture_output=True, check=False
    )
    if made.returncode != 0:
        reason = f"the history of this checkout lacks commit {OLDER}"
        note(f"no upgrade from an older release was tried: {reason}")
        pytest.skip(reason)
    place = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(place)  # noqa: S202 -- ours, or of a package that is installed
    return str(place)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{'kernel' if case[1] else 'hooks'}")
def world(request, tmp_path_factory, older):
    """What the older release deployed, and the machine that did it."""
    kind, has_strace = request.param
    root = tmp_path_factory.mktemp("upgrade")
    with own_cloud(root / "state") as cloud:
        found = World(root, cloud, kind)
        found.has_strace = has_strace
        boto3.client("s3", endpoint_url=found.cloud["AWS_ENDPOINT_URL"], **KEYS).create_bucket(Bucket=ASSETS)
        found.first = machine_in(found)
        assert synths(found.first.run("up", "-v", PYTHONPATH=older)) == 1
        yield found


def machine_in(world):
    """A machine that can synthesise, with an empty cache."""
    made = world.machine(*ALL)
    made.install()
    if not world.has_strace:
        (made.root / "bin" / "strace").unlink()
    return made


def deployed(world) -> list[object]:
    """What CloudFormation says of the stacks, of which a deployment changes something."""
    client = boto3.client("cloudformation", endpoint_url=world.cloud["AWS_ENDPOINT_URL"], **KEYS)
    found = [client.describe_stacks(StackName=name)["Stacks"][0] for name in STACKS]
    return [(one["StackStatus"], one.get("LastUpdatedTime"), one["Parameters"]) for one in found]


def forget_assets(world) -> None:
    """These templates are assets whose key is no digest, and the CDK CLI keeps what is there."""
    client = boto3.client("s3", endpoint_url=world.cloud["AWS_ENDPOINT_URL"], **KEYS)
    for name in STACKS:
        client.delete_object(Bucket=ASSETS, Key=f"template-of-{name}.json")


def synths(told: str) -> int:
    return told.splitlines().count("… synth")


def test_the_first_run_takes_one_synth_and_deploys_nothing(world):
    before = deployed(world)
    told = world.first.run("up", "-v")
    assert "the infrastructure's inputs changed" in told, "the releases hash alike"
    assert (synths(told), "Nothing to do" in told) == (1, True), told
    assert deployed(world) == before


def test_the_synth_is_known_as_it_should_be(world):
    told = world.first.run("plan", "-v", "--infra-check=synth")
    assert ("strace is not on PATH" in told, "hooks in Python and node alone" in told) == (not world.has_strace,) * 2


def test_the_next_decides_by_hash(world):
    told = world.first.run("plan", "-v", "--detailed-exitcode")
    assert (synths(told), "decided by hash" in told) == (0, True), told


def test_so_it_is_on_a_machine_that_never_ran_it(world):
    """No image has a repository where the first machine could have kept what it found out."""
    before, fresh = deployed(world), machine_in(world)
    told = fresh.run("up", "-v")
    assert (synths(told), "Nothing to do" in told) == (1, True), told
    told = fresh.run("plan", "-v", "--detailed-exitcode")
    assert (synths(told), "decided by hash" in told) == (0, True), told
    assert deployed(world) == before


def test_a_turn_of_the_older_release_costs_one_synth(world, older):
    """It knows no list in a template, and takes it away where there is one."""
    world.first.run("up", "-v", PYTHONPATH=older)
    before = deployed(world)
    told = world.first.run("up", "-v")
    assert (synths(told), "Nothing to do" in told) == (1, True), told
    assert "decided by hash" in world.first.run("plan", "-v", "--detailed-exitcode")
    assert deployed(world) == before


def test_an_edit_is_deployed(world):
    before = deployed(world)
    forget_assets(world)
    world.first.write("web/service.name", "web\n")
    told = world.first.run("up", "-v")
    assert (synths(told), "Nothing to do" in told) == (1, False), told
    assert deployed(world) != before
    assert "decided by hash" in world.first.run("plan", "-v", "--detailed-exitcode")
