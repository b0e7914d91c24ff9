"""A sandbox for the tests that push and fetch."""

from __future__ import annotations

import uuid

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.sandbox import control


@pytest.fixture(scope="session")
def sandbox_environment(tmp_path_factory):
    """The variables that lead to a running sandbox."""
    home = str(tmp_path_factory.mktemp("registry-sandbox"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", home)
        control.start()
        found = control.environment()
    yield found
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", home)
        control.stop()


@pytest.fixture
def sandbox_aws(sandbox_environment, monkeypatch):
    """The sandbox's AWS."""
    for name, value in sandbox_environment.items():
        monkeypatch.setenv(name, value)
    return Aws(region="us-east-1")


@pytest.fixture(params=["IMMUTABLE", "MUTABLE"])
def repository(request, sandbox_aws):
    """A new repository of the sandbox, of either kind."""
    name = f"team/{uuid.uuid4().hex[:12]}"
    sandbox_aws.client("ecr").create_repository(repositoryName=name, imageTagMutability=request.param)
    return name
