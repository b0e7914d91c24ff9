"""The reference service is deployed into a fresh sandbox, again and again, while others look at its stacks.

Before requests went in turn, about one deployment in 16 failed: two requests made the same resource.
RAJEE_PROOF_DEPLOYMENTS sets how often (100).
"""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rajee_deploy.sandbox import control

if TYPE_CHECKING:
    from collections.abc import Iterator

CDK = Path(__file__).parents[2] / "infra" / "node_modules" / ".bin" / "cdk"
STACKS = ("RajeeRegistryStack", "RajeeEnvoyStack")
TIMES = int(os.environ.get("RAJEE_PROOF_DEPLOYMENTS", "100"))


@pytest.fixture
def environment(tmp_path, monkeypatch) -> Iterator[dict[str, str]]:
    """A sandbox of this deployment's own, and how to reach it."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    control.start()
    yield {**os.environ, **control.environment()}
    assert control.stop() is not None, "the sandbox died"


@pytest.mark.parametrize("time", range(TIMES))
def test_deployment(time, environment, assembly):
    del time
    with watched(environment["AWS_ENDPOINT_URL"]) as cloudformation:
        cdk(environment, "bootstrap", "aws://123456789012/us-east-1", "--no-notices")
        parameters = ["--parameters", "RajeeEnvoyStack:ImageTag=c-1"]
        options = ["--require-approval", "never", "--no-notices", "--app", str(assembly), *parameters]
        cdk(environment, "deploy", *STACKS, *options)
    for name in STACKS:
        assert cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def cdk(environment: dict[str, str], *arguments: str) -> None:
    folder = environment["RAJEE_DEPLOY_STATE_DIR"]  # away from every cdk.json
    ended = subprocess.run(
        [str(CDK), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@contextmanager
def watched(endpoint: str) -> Iterator[object]:
    """Three look at all stacks meanwhile, without a pause; each look must be answered. Yields a client."""
    client = boto3.client(
        "cloudformation",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="proof",
        aws_secret_access_key="proof",
        config=Config(retries={"total_max_attempts": 1}),
    )
    over, faults = threading.Event(), []
    watchers = [threading.Thread(target=watch, args=(client, over, faults)) for _ in range(3)]
    for each in watchers:
        each.start()
    try:
        yield client
    finally:
        over.set()
        for each in watchers:
            each.join()
    assert faults == []


def watch(client, over: threading.Event, faults: list[str]) -> None:
    while not over.is_set():
        try:
            for stack in client.describe_stacks()["Stacks"]:
                client.list_stack_resources(StackName=stack["StackName"])
                client.describe_stack_events(StackName=stack["StackName"])
        except ClientError as error:
            if "does not exist" not in str(error):  # one that was only under review made way
                faults.append(str(error))
        over.wait(0.05)
