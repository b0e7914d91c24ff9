"""Hostile checkouts, and an AWS in which the stack of each is deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from hostile_projects import TEMPLATE, Hostile, make_template
from sandboxes import own_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, template: tuple[Path, str]) -> Iterator[dict[str, str]]:
    """The variables that lead to it; the stack was deployed at the first commit."""
    with own_cloud(tmp_path_factory.mktemp("cloud")) as found:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        client = boto3.client("cloudformation", endpoint_url=found["AWS_ENDPOINT_URL"], **keys)
        parameters = [{"ParameterKey": "RajeeRevision", "ParameterValue": template[1]}]
        client.create_stack(StackName="App", TemplateBody=json.dumps(TEMPLATE), Parameters=parameters)
        boto3.client("ecr", endpoint_url=found["AWS_ENDPOINT_URL"], **keys).create_repository(repositoryName="team/app")
        yield found


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    place = tmp_path_factory.mktemp("template") / "project"
    place.mkdir()
    return place, make_template(place)


@pytest.fixture
def hostile(tmp_path: Path, template: tuple[Path, str], cloud: dict[str, str]) -> Hostile:
    found = Hostile(template[0], tmp_path)
    found.environment |= cloud
    return found
