"""Which docker image assets an assembly has, what they are called, and what is left to the CDK CLI."""

from __future__ import annotations

import json

import pytest
from synth.image_assemblies import REPOSITORY, ROLE, Assembly, address, function, inner_stack, task, version

from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import Secret
from rajee_deploy.synth.image_assets import Destination, image_assets


@pytest.fixture
def assembly(tmp_path) -> Assembly:
    return Assembly(tmp_path / "cdk.out")


def one(assembly: Assembly, **source):
    """The only asset of an assembly with one."""
    found = assembly.context()
    image = assembly.image(found, "Task/web/AssetImage", **source)
    assembly.stack("App", {"Resources": {"Task": task(found)}}, {found: image})
    [asset] = assembly.assets().values()
    return asset


def test_what_an_asset_is_built_from_and_where_it_goes(assembly):
    asset = one(
        assembly,
        dockerFile="docker/Dockerfile",
        dockerBuildTarget="prod",
        dockerBuildArgs={"A": "1"},
        dockerBuildContexts={"base": "docker-image://alpine", "src": "/somewhere"},
        dockerBuildSecrets={"token": "id=token,src=token.txt", "key": "env=KEY"},
        dockerBuildSsh="default",
        platform="linux/arm64",
        cacheFrom=[{"type": "registry", "params": {"ref": "team/cache"}}],
        cacheTo={"type": "local", "params": {"dest": "/cache"}},
    )
    assert (asset.stack, asset.name, asset.obstacle) == ("App", "Task.web", "")
    assert (asset.directory / "Dockerfile").is_file()
    assert (asset.dockerfile, asset.target, asset.build_args) == ("docker/Dockerfile", "prod", {"A": "1"})
    assert asset.build_contexts == {"base": "docker-image://alpine", "src": "/somewhere"}
    assert asset.secrets == (
        Secret.parse("key", "env:KEY", asset.directory),
        Secret.parse("token", "file:token.txt", asset.directory),
    )
    assert (asset.ssh, asset.platform) == ("default", "linux/arm64")
    assert (asset.cache_from, asset.cache_to) == (("type=registry,ref=team/cache",), ("type=local,dest=/cache",))
    assert asset.destinations == (Destination(REPOSITORY, role=ROLE),)


def test_an_asset_that_says_no_more_than_its_directory(assembly):
    asset = one(assembly)
    assert (asset.dockerfile, asset.target, asset.build_args, asset.secrets) == ("Dockerfile", None, {}, ())
    assert (asset.ssh, asset.platform, asset.cache_from, asset.cache_to, asset.obstacle) == ("", "", (), (), "")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ({"executable": ["./build.sh"], "directory": None}, "executable"),
        ({"networkMode": "host"}, "networkMode"),
        ({"dockerOutputs": ["type=local,dest=out"]}, "outputs"),
        ({"cacheDisabled": True}, "cacheDisabled"),
        ({"dockerBuildContexts": {"src": "../src"}}, "relative path"),
        ({"platform": "one/two/three/four"}, "is not understood"),
        ({"dockerBuildSecrets": {"token": "type=vault"}}, "secret token"),
        ({"directory": "asset.missing"}, "no directory"),
        ({"directory": ""}, "no directory"),
        ({"directory": "/"}, "not staged"),
    ],
)
def test_what_is_left_to_the_cdk_cli(assembly, source, word):
    assert word in one(assembly, **source).obstacle


def test_an_executable_has_no_directory(assembly):
    """The assembly itself is none: it must not be taken for the build context."""
    image = assembly.image("a" * 64)
    image["source"] = {"executable": ["make", "image"]}
    assembly.stack("App", {"Resources": {}}, {"a" * 64: image})
    [asset] = image_assets(assembly.root)
    assert "executable" in asset.obstacle


def test_destinations_that_are_several(assembly):
    found = assembly.context()
    image = assembly.image(found)
    [where] = image["destinations"].values()
    image["destinations"]["second"] = {**where, "region": "eu-west-1"}
    assembly.stack("App", {"Resources": {}}, {found: image})
    [asset] = image_assets(assembly.root)
    assert asset.obstacle == "it goes to several repositories"
    assert [each.region for each in asset.destinations] == ["", "eu-west-1"]
    image["destinations"]["second"]["imageTag"] = "b" * 64
    assembly.stack("App", {"Resources": {}}, {found: image})
    [asset] = image_assets(assembly.root)
    assert asset.obstacle == "its destinations have several tags"


def test_a_tag_that_may_be_any_text_of_a_template(assembly):
    found = assembly.context()
    image = assembly.image(found)
    image["destinations"]["current_account-current_region"]["imageTag"] = "latest"
    assembly.stack("App", {"Resources": {}}, {found: image})
    [asset] = image_assets(assembly.root)
    assert "latest" in asset.obstacle


def test_a_directory_that_is_a_file_asset_too(assembly):
    found = assembly.context()
    zipped = {"source": {"path": f"asset.{found}", "packaging": "zip"}, "destinations": {}}
    assembly.stack("App", {"Resources": {}}, {found: assembly.image(found)}, files={"f": zipped})
    [asset] = image_assets(assembly.root)
    assert "file asset" in asset.obstacle


def test_the_assets_of_stages_and_their_directories(assembly):
    found = assembly.context()
    assembly.stack("App", {"Resources": {"Task": task(found)}}, {found: assembly.image(found, "Task/web/AssetImage")})
    stage = assembly.stage("Prod")
    stage.stack("ProdApp", {"Resources": {"Task": task(found)}}, {found: stage.image(found, "Task/web/AssetImage")})
    assets = image_assets(assembly.root)
    assert {(each.stack, each.name, each.obstacle) for each in assets} == {
        ("App", "Task.web", ""),
        ("ProdApp", "Task.web", ""),
    }
    assert all(each.directory.samefile(assembly.root / f"asset.{found}") for each in assets)


def test_a_list_that_is_none(assembly):
    assembly.stack("App", {"Resources": {}}, {"a": ["no image"]})
    with pytest.raises(DeployError) as caught:
        image_assets(assembly.root)
    assert caught.value.code == "bad-assembly"


# --- names


def names_with(root, contents, *, shown=True, order=(0, 1, 2), nested=False):
    """The names of three assets by their contents, in a list of this order."""
    assembly = Assembly(root)
    hashes = [assembly.context(app=each) for each in contents]
    paths = ("Task/web/AssetImage", "Task/api/AssetImage", "Fn/AssetImage")
    images = {hashes[at]: assembly.image(hashes[at], paths[at] if shown else "") for at in order}
    task_and_function = {"Task79114B6B": task(hashes[0], hashes[1]), "Fn9270CBC0": function(hashes[2])}
    if nested:
        template = {"Resources": {"Inner": inner_stack("AppInner.nested.template.json")}}
        assembly.stack(
            "App", template, images, nested={"AppInner.nested.template.json": {"Resources": task_and_function}}
        )
    else:
        assembly.stack("App", {"Resources": task_and_function}, images)
    by_directory = {each.directory.name: each.name for each in image_assets(assembly.root)}
    return [by_directory[f"asset.{each}"] for each in hashes]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("shown", [True, False])
def test_names_follow_neither_from_contents_nor_from_the_order_of_the_list(tmp_path, shown, nested):
    """Older versions of aws-cdk-lib write no displayName; the list may be in the order of the hashes."""
    first = names_with(tmp_path / "1", ["a", "b", "c"], shown=shown, nested=nested)
    assert first == names_with(tmp_path / "2", ["d", "e", "f"], shown=shown, nested=nested)
    assert first == names_with(tmp_path / "3", ["a", "b", "c"], shown=shown, nested=nested, order=(2, 1, 0))
    assert first == (["Task.web", "Task.api", "Fn"] if shown else ["Task79114B6B", "Task79114B6B.2", "Fn9270CBC0"])


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Web/Task/web/AssetImage", "Web.Task.web"),
        ("Fn/Code", "Fn"),
        ("Übung/AssetImage", "bung"),
        ("a b/c:d", "a.b.c.d"),
        ("../x", "x"),
        ("/AssetImage", "Task"),
        ("日本", "Task"),
    ],
)
def test_the_name_of_a_constructs_path(assembly, shown, name):
    found = assembly.context()
    assembly.stack("App", {"Resources": {"Task": task(found)}}, {found: assembly.image(found, shown)})
    assert [*assembly.assets()] == [name]


def test_an_asset_that_no_template_names(assembly):
    found = assembly.context()
    assembly.stack("App", {"Resources": {}}, {found: assembly.image(found)})
    assert [*assembly.assets()] == ["image"]


def test_paths_that_make_the_same_name_are_told_apart_by_where_they_are_used(tmp_path):
    def names(root, contents, paths):
        assembly = Assembly(root)
        hashes = [assembly.context(app=each) for each in contents]
        images = {found: assembly.image(found, path) for found, path in sorted(zip(hashes, paths, strict=True))}
        assembly.stack("App", {"Resources": {"Task": task(*hashes)}}, images)
        by_directory = {each.directory.name: each.name for each in image_assets(assembly.root)}
        return [by_directory[f"asset.{each}"] for each in hashes]

    paths = ["a/b", "a.b", "a b", "a.b.2"]
    found = [names(tmp_path / text, text, paths) for text in ("abcd", "efgh", "hgfe", "dcba")]
    assert all(each == found[0] for each in found)
    assert len({*found[0]}) == 4


# --- older schemas


@pytest.mark.parametrize("schema", ["19.0.0", "20.0.0", "36.0.0", "48.0.0"])
def test_assemblies_of_older_versions(tmp_path, schema):
    """They have no displayName, neither of assets nor of nested templates, and their stacks no file of metadata."""
    assembly = Assembly(tmp_path / "cdk.out", schema=schema)
    found = assembly.context()
    image = assembly.image(found)
    inner = {"Resources": {"Fn": function(found), "FnCurrentVersion1" + "a" * 32: version("Fn")}}
    assembly.stack(
        "App",
        {"Resources": {"Task": task(found), "Inner": inner_stack("AppInner.nested.template.json")}},
        {found: image},
        nested={"AppInner.nested.template.json": inner},
    )
    artifacts = assembly.read("manifest.json")["artifacts"]
    artifacts["App"]["metadata"] = {"/App/Task": [{"type": "aws:cdk:logicalId", "data": "Task"}]}
    document = {"version": schema, "artifacts": artifacts}
    (assembly.root / "manifest.json").write_text(json.dumps(document))
    [asset] = image_assets(assembly.root)
    assert (asset.name, asset.obstacle) == ("Task", "")


def test_a_legacy_synthesizer_lists_no_image(assembly):
    """Its assets are metadata of the stack, which the CDK CLI alone knows to read."""
    found = assembly.context()
    assembly.stack("App", {"Resources": {"Task": {"Properties": {"Image": address(found)}}}}, {})
    assert image_assets(assembly.root) == []
