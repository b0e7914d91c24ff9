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
SAID = "a synth is needed:"


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


def test_the_first_reason_and_how_many_more_there_are(machine):
    (line,) = [line for line in machine.run("up").splitlines() if SAID in line]
    assert "App: file hashes cannot prove that nothing changed: app.py:2 copies the whole environment" in line
    assert line.endswith(f"… and {2 * CALLS - 1} more reasons, -v shows them")


def test_all_of_them_where_they_are_asked_for(machine):
    lines = [line for line in machine.run("plan", "-v").splitlines() if SAID in line]
    assert len(lines) == 2 * CALLS
    assert "Web: file hashes cannot prove that nothing changed: app.py:8 copies the whole environment" in lines[-1]
    assert not any("more" in line for line in lines)


def test_the_document_has_them_all(machine):
    told = machine.run("plan", "--json")
    document = json.JSONDecoder().raw_decode(told[told.index("{") :])[0]
    assert len(document["infrastructure"]["reasons"]) == 2 * CALLS
    assert len(document["infrastructure"]["impure"]) == CALLS


def test_a_step_has_three_and_how_many_more_there_are(machine):
    told = machine.run("plan", "--infra-check=hash", "--detailed-exitcode", code=2)
    (line,) = [line for line in told.splitlines() if "+ deploy App" in line]
    assert line.count("file hashes cannot prove that nothing changed") == 3
    assert line.endswith(f"… and {CALLS - 3} more reasons, -v shows them")
    told = machine.run("plan", "--infra-check=hash", "--detailed-exitcode", "-v", code=2)
    (line,) = [line for line in told.splitlines() if "+ deploy App" in line]
    assert line.count("file hashes cannot prove that nothing changed") == CALLS
