"""An asset that one stack lists and another one uses: who uses it has it published, and records an image."""

from __future__ import annotations

import pytest
from synth.image_assemblies import Assembly, address, inner_stack, tag_of, task

from rajee_deploy.plan.tagged_templates import placeholder
from rajee_deploy.synth.image_assets import image_assets
from rajee_deploy.synth.neutral_assembly import neutralise
from rajee_deploy.synth.shared_assets import share_assets

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture
def assembly(tmp_path) -> Assembly:
    return Assembly(tmp_path / "cdk.out")


def runs(*tags: str) -> dict:
    return {"Resources": {"Task": task(*tags)}}


def listed(assembly: Assembly) -> list[tuple[str, str]]:
    return [(each.stack, each.name) for each in image_assets(assembly.root)]


def test_an_image_goes_where_it_runs(assembly):
    found = assembly.context()
    assembly.stack("Images", TOPIC, {found: assembly.image(found, "Shared")})
    for name in ("One", "Two"):
        assembly.stack(name, runs(found), {})
    share_assets(assembly.root)
    assert listed(assembly) == [("One", "Shared"), ("Two", "Shared")]
    assert all(each.directory.is_dir() and not each.obstacle for each in image_assets(assembly.root))


def test_who_does_not_name_it_is_rid_of_it_where_another_has_it_already(assembly):
    found = assembly.context()
    assembly.stack("Images", TOPIC, {found: assembly.image(found, "Shared")})
    assembly.stack("One", runs(found), {found: assembly.image(found, "Own")})
    assembly.stack("Two", runs(found), {})
    share_assets(assembly.root)
    assert listed(assembly) == [("One", "Own"), ("Two", "Shared")]


def test_the_tag_of_another_one_is_none(assembly):
    """A dockerTagPrefix goes before the CDK's hash."""
    found = assembly.context()
    assembly.stack("Images", runs(found), {found: assembly.image(found, "Shared")})
    assembly.stack("One", runs(f"team-{found}"), {})
    share_assets(assembly.root)
    assert listed(assembly) == [("Images", "Shared")]


def test_who_names_it_keeps_it(assembly):
    found = assembly.context()
    assembly.stack("Images", runs(found), {found: assembly.image(found, "Shared")})
    assembly.stack("One", runs(found), {})
    share_assets(assembly.root)
    assert listed(assembly) == [("Images", "Shared"), ("One", "Shared")]


def test_no_template_is_left_with_a_tag_that_nobody_pushes(assembly):
    found = assembly.context()
    assembly.stack("Images", TOPIC, {found: assembly.image(found, "Shared")})
    nested = {"OneInner.nested.template.json": runs(found)}
    assembly.stack("One", {"Resources": {"Inner": inner_stack("OneInner.nested.template.json")}}, {}, nested=nested)
    share_assets(assembly.root)
    adopted = neutralise(assembly.root, tag_of)
    assert {stack: [*tags] for stack, tags in adopted.tags.items()} == {"Images": [], "One": ["Shared"]}
    assert placeholder("Shared") in (assembly.root / "OneInner.nested.template.json").read_text()


def test_the_stacks_of_stages_find_what_was_staged(assembly):
    found = assembly.context()
    assembly.stack("Images", TOPIC, {found: assembly.image(found, "Shared")})
    stage = assembly.stage("Prod")
    stage.stack("Prod-App", runs(found), {})
    share_assets(assembly.root)
    [one] = image_assets(assembly.root)
    assert (one.stack, one.directory.is_dir(), one.obstacle) == ("Prod-App", True, "")


def test_a_file_is_uploaded_for_who_names_it(assembly):
    key = "0" * 64 + ".zip"
    file = {"source": {"path": "asset.zip"}, "destinations": {"here": {"bucketName": "b", "objectKey": key}}}
    assembly.stack("Files", runs(key), {}, files={"0" * 64: file})
    assembly.stack("One", runs(key), {})
    assembly.stack("Two", TOPIC, {})
    before = [assembly.read(f"{name}.assets.json") for name in ("Files", "Two")]
    share_assets(assembly.root)
    assert assembly.read("One.assets.json")["files"]["0" * 64] == file
    assert [assembly.read(f"{name}.assets.json") for name in ("Files", "Two")] == before


def test_a_stack_with_the_same_asset_keeps_its_own(assembly):
    found = assembly.context()
    for name in ("One", "Two"):
        assembly.stack(name, runs(found), {found: assembly.image(found, name)})
    before = (assembly.root / "Two.assets.json").read_bytes()
    share_assets(assembly.root)
    assert (assembly.root / "Two.assets.json").read_bytes() == before


@pytest.mark.parametrize("why", ["published by CDK Pipelines", "another region"])
def test_what_cannot_be_handed_on_is_left_to_the_cdk(assembly, why):
    found = assembly.context()
    assembly.stack("Images", runs(found), {found: assembly.image(found, "Shared")})
    spec = {"Type": "AWS::CodeBuild::Project", "Properties": {"BuildSpec": f"--publish {found}:here"}}
    assembly.stack("Other", {"Resources": {"Own": spec}} if "Pipelines" in why else runs(found), {})
    if why == "another region":
        assembly.artifacts["Other"]["environment"] = "aws://unknown-account/eu-west-1"
        assembly._write("manifest.json", {"version": assembly.schema, "artifacts": assembly.artifacts})
    share_assets(assembly.root)
    adopted = neutralise(assembly.root, tag_of)
    [left] = adopted.left
    assert left.obstacle == "Other.template.json names it, whose stack does not list it"
    assert assembly.template("Images")["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0][
        "Image"
    ] == address(found)
