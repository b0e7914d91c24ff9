"""Where many calls of an app keep hashes from deciding: one line, and all of them where they are asked for.

As under `poetry run`, on a machine without strace. With the real CDK CLI, in the sandbox.
"""

from __future__ import annotations

import json

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ALL, ASSETS, KEYS, PYTHON, World

pytestmark = [pytest.mark.cdk, pytest.mark.proof]

CALLS = 7
COPIES = "import os\n" + "dict(os.environ)\n" * CALLS
SAID = "a synth was needed:"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    root = tmp_path_factory.mktemp("many-reasons")
    with own_cloud(root / "state") as cloud:
        boto3.client("s3", endpoint_url=cloud["AWS_ENDPOINT_URL"], **KEYS).create_bucket(Bucket=ASSETS)
        world = World(root, cloud, "python")
        world.commit({"cdk/app.py": COPIES + PYTHON})
        found = world.machine(*ALL)
        found.install()
        (found.root / "bin" / "strace").unlink()
        found.run("up")
        yield found


def words(told: str) -> str:
    """Without the ends of lines, which come where the screen has its edge."""
    return " ".join(told.split())


def test_the_first_reason_and_how_many_more_there_are(machine):
    (said,) = words(machine.run("up")).split(SAID)[1:]
    assert said.startswith(" App: file hashes cannot prove that nothing changed: app.py:2 copies the whole environment")
    assert f"… and {2 * CALLS - 1} more: --explain" in said


def test_all_of_them_where_they_are_asked_for(machine):
    said = words(machine.run("plan", "--explain")).split(SAID)[1:]
    assert len(said) == 2 * CALLS
    assert "Web: file hashes cannot prove that nothing changed: app.py:8 copies the whole environment" in said[-1]
    assert not any("more:" in each for each in said)


def test_the_document_has_them_all(machine):
    told = machine.run("plan", "--json")
    document = json.JSONDecoder().raw_decode(told[told.index("{") :])[0]
    assert len(document["infrastructure"]["reasons"]) == 2 * CALLS
    assert len(document["infrastructure"]["impure"]) == CALLS


def test_a_step_has_three_and_how_many_more_there_are(machine):
    told = machine.run("plan", "--infra-check=hash", "--detailed-exitcode", code=2)
    step, _, rest = words(told).partition("~ update App ")[2].partition("~ update Web ")
    for each in (step, rest):
        assert each.count("file hashes cannot prove that nothing changed") == 1 + 3
        assert f"and {CALLS - 4} more: --explain shows them" in each
    told = machine.run("plan", "--infra-check=hash", "--detailed-exitcode", "--explain", code=2)
    step = words(told).partition("~ update App ")[2].partition("~ update Web ")[0]
    assert step.count("file hashes cannot prove that nothing changed") == CALLS
