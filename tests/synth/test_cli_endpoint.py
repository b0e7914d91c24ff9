"""A CDK CLI that does not follow the variables is not let loose on the real AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.synth.cli_endpoint import check_endpoint
from rajee_deploy.synth.cli_files import CdkCli

APP = Path("/my app")
HERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
OLD = "2.166.0"


def check(version: str, variables: dict[str, str | None]) -> None:
    check_endpoint(APP, CdkCli(APP / "cdk", version), variables)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION"])
@pytest.mark.parametrize("version", ["2.100.0", OLD])
def test_an_old_one_is_refused_where_an_endpoint_is_named(version, name):
    with pytest.raises(DeployError) as caught:
        check(version, {name: "http://127.0.0.1:1"})
    assert caught.value.code == "cdk-ignores-endpoint"
    assert name in str(caught.value.cause)
    assert caught.value.hint == "npm install -D aws-cdk@2 --prefix '/my app'"


@pytest.mark.parametrize("version", ["2.167.0", "2.1148.1", "2.1000.0", "unknown", "3.0.0"])
def test_newer_ones_and_unknown_ones_go_on(version):
    check(version, {**HERE})


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL": None},
        {**HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_an_old_one_goes_to_the_real_aws_where_that_is_meant(variables):
    check(OLD, variables)
