"""Neutral assemblies with their tags: what CloudFormation fetches, and that it is read back as it was compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from synth.image_assemblies import Assembly, address, function, inner_stack, task, version
from synth.test_neutral_assembly import DEEP, INNER, rich, tag_of

from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.carried import SCHEMA, carried_of
from rajee_deploy.plan.tagged_templates import RecordedImage, has_placeholder, placeholder, without_tags
from rajee_deploy.plan.template_differences import given_back
from rajee_deploy.synth.assembly import synthesised_stacks
from rajee_deploy.synth.carried import carry
from rajee_deploy.synth.neutral_assembly import neutralise
from rajee_deploy.synth.tagged_assembly import render

A, B, C = ("c-" + each * 40 for each in "abc")
TAGS = {"App": {"Task.web": A, "Task.api": B}}
LIST = {"schema": SCHEMA, "entries": [["file", "app.py"]], "variables": [], "toolchain": {}, "obstacles": []}


def recorded(tags) -> list[RecordedImage]:
    return [RecordedImage(name, Repository("team/app"), tag) for name, tag in tags.items()]


@pytest.fixture
def assembly(tmp_path) -> Assembly:
    made = rich(tmp_path / "cdk.out")
    neutralise(made.root, tag_of)
    return made


def texts(assembly: Assembly) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(assembly.root.rglob("*.json"))}


def test_everything_names_the_tags_and_each_template_is_named_by_its_content(assembly):
    render(assembly.root, TAGS)
    for name, text in texts(assembly).items():
        assert "rajee-image." not in text, name
        is_told = "Metadata" in text  # beside a nested stack it is told what stood there
        assert "rajee-template." not in text or is_told, name
    assembly.check_uploads("App")
    resources = assembly.template("App")["Resources"]
    assert resources["Task"] == task(A, B)
    assert resources["Fn"]["Properties"]["Code"] == {"ImageUri": address(A)}
    assert assembly.template("App")["Outputs"]["Uri"] == {"Value": address(B)}
    assert assembly.read(DEEP)["Resources"]["Fn"]["Properties"]["Code"] == {"ImageUri": address(B)}
    images = assembly.read("App.assets.json")["dockerImages"].values()
    assert {where["imageTag"] for image in images for where in image["destinations"].values()} == {A, B}


def test_it_is_read_back_as_it_was_compared(assembly, tmp_path):
    before = {name: assembly.read(name) for name in ("App.template.json", INNER, DEEP)}
    [(_, compared)] = synthesised_stacks(assembly.root, tmp_path).items()
    render(assembly.root, TAGS)
    for name, template in before.items():
        assert without_tags(assembly.read(name), recorded(TAGS["App"])) == template, name
    assert given_back(without_tags(assembly.template("App"), recorded(TAGS["App"]))) == compared.content.template


def test_another_image_deep_inside_reaches_the_top(tmp_path):
    """Under its old key a former template would be deployed, with the former image."""
    made = []
    for number, tag in enumerate((B, C, B)):
        each = rich(tmp_path / str(number))
        neutralise(each.root, tag_of)
        render(each.root, {"App": {"Task.web": A, "Task.api": tag}})
        each.check_uploads("App")
        made.append({path: key for key, path in each.uploads("App").items()})
    assert {*made[0]} == {"App.template.json", INNER, DEEP}
    assert all(made[0][path] != made[1][path] for path in made[0])
    assert made[0] == made[2]


def test_no_key_of_before_is_left(assembly, tmp_path):
    plain = rich(tmp_path / "plain")
    old = {key.removesuffix(".json") for key in plain.uploads("App")}
    render(assembly.root, TAGS)
    listed = assembly.read("App.assets.json")["files"]
    used = {
        where["objectKey"].removesuffix(".json") for file in listed.values() for where in file["destinations"].values()
    }
    assert used.isdisjoint(old)
    assert all(key not in texts(assembly)["App.template.json"] for key in old)


def test_the_list_of_what_synth_read_goes_along(assembly):
    """It is written before the tags are."""
    assert carry(assembly.root, LIST, ["App"]) == ("App",)
    render(assembly.root, TAGS)
    assembly.check_uploads("App")
    assert carried_of(assembly.template("App")) == LIST
    assert not has_placeholder(assembly.template("App"))


def test_stages_and_stacks_that_are_not_deployed(tmp_path):
    assembly = Assembly(tmp_path / "cdk.out")
    found = assembly.context()
    stages = {}
    for name in ("Test", "Prod"):
        stages[name] = assembly.stage(name)
        image = stages[name].image(found, "web/AssetImage")
        stages[name].stack(f"{name}-App", {"Resources": {"Task": task(found)}}, {found: image})
    neutralise(assembly.root, tag_of)
    before = stages["Test"].template("Test-App")
    render(assembly.root, {"Prod-App": {"web": A}})
    stages["Prod"].check_uploads("Prod-App")
    assert stages["Prod"].template("Prod-App")["Resources"]["Task"] == task(A)
    assert stages["Test"].template("Test-App") == before


@pytest.mark.parametrize("tags", [{"App": {"Task.web": A}}, {"App": {}}])
def test_no_placeholder_is_ever_deployed(assembly, tags):
    before = texts(assembly)
    with pytest.raises(AssertionError):
        render(assembly.root, tags)
    assert texts(assembly) == before


def test_a_stack_without_images_of_ours_stays_as_it_is(tmp_path):
    assembly = Assembly(tmp_path / "cdk.out")
    assembly.stack("App", {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}, {})
    neutralise(assembly.root, tag_of)
    before = texts(assembly)
    render(assembly.root, {"App": {}})
    assert texts(assembly) == before


def test_a_template_that_is_too_large_with_its_tags(tmp_path):
    assembly = Assembly(tmp_path / "cdk.out")
    found = assembly.context()
    many = {f"T{number}": task(*[found] * 20) for number in range(250)}
    assembly.stack("App", {"Resources": many}, {found: assembly.image(found, "a/AssetImage")})
    neutralise(assembly.root, tag_of)
    with pytest.raises(DeployError) as caught:
        render(assembly.root, {"App": {"a": A}})
    assert caught.value.code == "template-too-large"
    assert caught.value.where == "stack App"


def test_a_function_of_another_image_is_published_anew(tmp_path):
    ids = []
    for number, tag in enumerate((A, B)):
        assembly = Assembly(tmp_path / str(number))
        found = assembly.context()
        own = "FnCurrentVersion17A89ABB" + "0" * 32
        template = {"Resources": {"Fn": function(found), own: version("Fn")}}
        assembly.stack("App", template, {found: assembly.image(found, "Fn/AssetImage")})
        neutralise(assembly.root, tag_of)
        render(assembly.root, {"App": {"Fn": tag}})
        ids += [name for name in assembly.template("App")["Resources"] if name.startswith("FnCurrentVersion")]
    assert ids[0] != ids[1]
    assert all(len(name) == len("FnCurrentVersion17A89ABB") + 32 for name in ids)


def test_an_image_in_a_nested_stack_alone(tmp_path):
    assembly = Assembly(tmp_path / "cdk.out")
    found = assembly.context()
    nested = {INNER: {"Resources": {"Task": task(found)}}}
    assembly.stack(
        "App",
        {"Resources": {"Inner": inner_stack(INNER)}},
        {found: assembly.image(found, "web/AssetImage")},
        nested=nested,
    )
    neutralise(assembly.root, tag_of)
    neutral = assembly.template("App")
    assert assembly.read(INNER)["Resources"]["Task"] == task(placeholder("web"))
    render(assembly.root, {"App": {"web": A}})
    assembly.check_uploads("App")
    assert without_tags(assembly.template("App"), recorded({"web": A})) == neutral


# --- what aws-cdk-lib makes


APP = """
import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as assets, aws_ecs as ecs, aws_lambda as lambda_

def function(scope, directory):
    code = lambda_.DockerImageCode.from_image_asset(directory)
    return lambda_.DockerImageFunction(scope, "Fn", code=code).current_version

class Inner(cdk.NestedStack):
    def __init__(self, scope, depth):
        super().__init__(scope, "Inner")
        function(self, "web" if depth else "api")
        if depth:
            Inner(self, depth - 1)

def fill(stack):
    containers = ecs.FargateTaskDefinition(stack, "Task")
    containers.add_container("web", image=ecs.ContainerImage.from_asset("web"))
    arm = assets.Platform.LINUX_ARM64
    containers.add_container("api", image=ecs.ContainerImage.from_asset("api", platform=arm, build_args={"A": "1"}))
    asset = assets.DockerImageAsset(stack, "Asset", directory="web")
    cdk.CfnOutput(stack, "Uri", value=asset.image_uri)
    cdk.CfnOutput(stack, "Version", value=function(stack, "api").function_arn)
    Inner(stack, 1)

app = cdk.App()
fill(cdk.Stack(app, "App"))
prefixed = cdk.DefaultStackSynthesizer(docker_tag_prefix="team-")
fill(cdk.Stack(cdk.Stage(app, "Prod"), "App", synthesizer=prefixed))
app.synth()
"""
CONTEXT = {"aws:cdk:enable-asset-metadata": True, "aws:cdk:enable-path-metadata": True}


@pytest.fixture(scope="module")
def synths(tmp_path_factory):
    """The app twice: as it is, and with another README in one build context and other code in the other."""
    root = tmp_path_factory.mktemp("app")
    (root / "app.py").write_text(APP)
    made = []
    for number in "12":
        for name, code, readme in (("web", "web", number), ("api", number, "api")):
            (root / name).mkdir(exist_ok=True)
            files = {"Dockerfile": "FROM scratch\nCOPY app /\n", "app": code, "README": readme}
            for file, text in files.items():
                (root / name / file).write_text(text)
        out = root / f"cdk.out-{len(made)}"
        told = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(CONTEXT)}
        subprocess.run(
            [sys.executable, "app.py"], cwd=root, env={**os.environ, **told}, check=True, capture_output=True
        )
        made.append(out)
    return made


def templates(assembly) -> dict[str, str]:
    return {str(path.relative_to(assembly)): path.read_text() for path in sorted(assembly.rglob("*.template.json"))}


@pytest.mark.proof  # two synths; real assemblies are adopted by e2e/test_adoption, too
def test_assemblies_of_the_library(synths, tmp_path):
    names = {"Task.web", "Task.api", "Fn", "Inner.Fn", "Inner.Inner.Fn"}
    assert templates(synths[0]) != templates(synths[1])
    neutral, tags = [], []
    for number, synth in enumerate(synths):
        assembly = tmp_path / str(number)
        shutil.copytree(synth, assembly)
        adopted = neutralise(assembly, tag_of)
        assert adopted.left == ()
        assert {*adopted.tags} == {"App", "Prod/App"}
        assert all({*own} <= names for own in adopted.tags.values())
        neutral.append(templates(assembly))
        tags.append(adopted.tags)
        render(assembly, adopted.tags)
        for path in sorted(assembly.rglob("*.template.json")):
            own = adopted.tags["App" if path.parent == assembly else "Prod/App"]
            deployed = json.loads(path.read_text())
            assert not has_placeholder(deployed)
            back = without_tags(deployed, recorded(own))
            assert back == json.loads(neutral[-1][str(path.relative_to(assembly))]), path
    assert neutral[0] == neutral[1]
    same = {name for name, tag in tags[0]["App"].items() if tags[1]["App"][name] == tag}
    assert same == {"Inner.Fn", "Task.web"} & {*tags[0]["App"]}
    assert same < {*tags[0]["App"]}
    assert len(neutral[0]) == 6
    assert not re.search(r"asset\\.[0-9a-f]{32}", "".join(neutral[0].values()))
