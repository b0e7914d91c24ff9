"""Which places have to be bootstrapped, by the last synth or without one; and where the app's own images go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rajee_deploy.actions.adopted import located_images
from rajee_deploy.actions.doctor.bootstrapped import Bootstrapped
from rajee_deploy.aws import Identity
from rajee_deploy.settings import load
from rajee_deploy.stack.whereabouts import Whereabouts
from rajee_deploy.synth.deploy_checks import BootstrapNeed

WHO = Identity("123456789012", "us-east-1")
PARAMETER = "/cdk-bootstrap/hnb659fds/version"


class Asked:
    """AWS in one region, whose parameters have values."""

    region = "us-east-1"

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[str] = []

    def ask(self, _service: str, _operation: str, _arguments: Any, _expected: Any = None, region: str = "") -> Any:
        self.asked.append(region)
        value = self.values.get(region.replace("-", "_") or "here")
        return {"Parameter": {"Value": value}} if value else _expected("ParameterNotFound", "") and True


def stack(environment: str = "aws://unknown-account/unknown-region", **properties: Any) -> dict[str, Any]:
    told = {
        "templateFile": "Web.template.json",
        "bootstrapStackVersionSsmParameter": PARAMETER,
        "requiresBootstrapStackVersion": 6,
    }
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {**told, **properties},
        "dependencies": ["Assets"],
    }


IMAGE = {
    "displayName": "Web",
    "source": {"directory": "."},
    "destinations": {
        "d": {
            "repositoryName": "cdk-assets-${AWS::AccountId}-${AWS::Region}",
            "imageTag": "rajee-image.Web",
        }
    },
}
ASSETS = {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}}


@pytest.fixture
def project(tmp_path):
    """Writes an assembly of these stacks; `read` are the settings, which adopt images."""
    (tmp_path / "cdk.json").write_text('{"app": "x"}')
    (tmp_path / "rajee-deploy.toml").write_text('[cdk]\nstacks = ["Web"]\nimage-assets = "adopt"\n')
    made = tmp_path / "cdk.out"
    made.mkdir()

    def write(**stacks: Any) -> Any:
        document = {"version": "55.0.0", "artifacts": {**stacks, "Assets": ASSETS}}
        (made / "manifest.json").write_text(json.dumps(document))
        (made / "a.assets.json").write_text(json.dumps({"dockerImages": {"0" * 64: IMAGE}}))
        return made

    return write


def needs(tmp_path, names=(), assembly=None, aws=None) -> list[BootstrapNeed]:
    return Bootstrapped(tmp_path, names, assembly, Whereabouts(aws or Asked())).needs(WHO)


def test_without_a_synth_it_is_where_we_are(project, tmp_path):
    assert project
    assert needs(tmp_path) == [BootstrapNeed("123456789012", "us-east-1", PARAMETER, 6, "")]
    (tmp_path / "cdk.json").write_text('{"context": {"@aws-cdk/core:bootstrapQualifier": "team"}}')
    assert [each.parameter for each in needs(tmp_path)] == ["/cdk-bootstrap/team/version"]
    (tmp_path / "cdk.json").write_text('{"context": []}')
    assert [each.parameter for each in needs(tmp_path)] == [PARAMETER]


def test_each_place_of_the_chosen_stacks_once(project, tmp_path):
    west = "aws://123456789012/us-west-2"
    made = project(
        Web=stack(),
        Edge=stack(west),
        Deep=stack(west, requiresBootstrapStackVersion=20),
        Plain=stack(bootstrapStackVersionSsmParameter=None),
    )
    assert needs(tmp_path, ["Web"], made) == [BootstrapNeed("123456789012", "us-east-1", PARAMETER, 6, "Web")]
    assert needs(tmp_path, ["Plain"], made) == []
    everything = [
        BootstrapNeed("123456789012", "us-east-1", PARAMETER, 6, "Web"),
        BootstrapNeed("123456789012", "us-west-2", PARAMETER, 20, "Deep"),
    ]
    assert needs(tmp_path, [], made) == everything
    assert needs(tmp_path, ["*"], made) == everything
    assert needs(tmp_path, ["Gone"], made) == everything, "the app has other stacks than the last synth had"


def test_an_assembly_that_is_gone_is_none(project, tmp_path):
    made = project(Web=stack())
    (made / "manifest.json").write_text("{")
    assert needs(tmp_path, ["Web"], made) == [BootstrapNeed("123456789012", "us-east-1", PARAMETER, 6, "")]


def test_each_place_is_asked_where_it_is(project, tmp_path):
    made = project(Web=stack(), Edge=stack("aws://123456789012/us-west-2"))
    aws = Asked(here="30", us_west_2="5")
    found = Bootstrapped(tmp_path, [], made, Whereabouts(aws))
    assert [found.version(need) for need in found.needs(WHO)] == [30, 5]
    aws.values.clear()
    assert [found.version(need) for need in found.needs(WHO)] == [None, None]
    assert aws.asked == ["", "us-west-2"] * 2


def test_images_of_the_app_are_located(project, tmp_path):
    made = project(Web=stack("aws://210987654321/eu-west-1"))
    (image,) = located_images(load(tmp_path / "rajee-deploy.toml"), made, WHO)
    assert (image.name, image.stack, image.is_asset) == ("Web", "Web", True)
    assert str(image.repository) == ("210987654321.dkr.ecr.eu-west-1.amazonaws.com/cdk-assets-210987654321-eu-west-1")
    made = project(Web=stack())
    (image,) = located_images(load(tmp_path / "rajee-deploy.toml"), made, WHO)
    assert str(image.repository) == "cdk-assets-123456789012-us-east-1"
