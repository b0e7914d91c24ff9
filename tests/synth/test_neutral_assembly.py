"""Assemblies made neutral: they say nothing of what is in a build context, and all of the rest."""

from __future__ import annotations

import json
import re

import pytest
from synth.image_assemblies import Assembly, address, function, inner_stack, sha256, tag_of, task, version

from rajee_deploy.model.names import IMAGES_OUTPUT, IMAGES_PARAMETER, RECORDS, STATE_OUTPUT
from rajee_deploy.plan.tagged_templates import placeholder
from rajee_deploy.synth.neutral_assembly import Adopted, neutralise

INNER, DEEP = "AppInner.nested.template.json", "AppInnerDeep.nested.template.json"
VERSION = "FnCurrentVersion17A89ABB"


def rich(root, app: str = "1", readme: str = "1", *, prefix: str = "") -> Assembly:
    """An assembly with an image in every place that the CDK has for one; README is nothing that an image is made of."""
    assembly = Assembly(root, prefix=prefix)
    web, api = assembly.context(app=app, README=readme), assembly.context(app="api", README=readme)
    tags = [prefix + each for each in (web, api)]
    cdk_digits = sha256(web)[:32]  # as the CDK's own digest of the function follows from it
    with_version = {
        "Fn": function(tags[0], f"asset.{web}", MemorySize=128),
        VERSION + cdk_digits: version("Fn"),
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionVersion": {"Fn::GetAtt": [VERSION + cdk_digits, "Version"]}},
        },
    }
    template = {
        "Resources": {"Task": task(*tags), **with_version, "Inner": inner_stack(INNER)},
        "Outputs": {"Uri": {"Value": address(tags[1])}, "Joined": {"Value": {"Fn::Join": ["", ["x:", tags[0]]]}}},
    }
    images = {
        web: assembly.image(web, "Task/web/AssetImage"),
        api: assembly.image(api, "Task/api/AssetImage", platform="linux/arm64"),
    }
    nested = {
        DEEP: {"Resources": {"Fn": function(tags[1])}},
        INNER: {"Resources": {**with_version, "Deep": inner_stack(DEEP)}},
    }
    assembly.stack("App", template, images, nested=nested)
    return assembly


def neutral(assembly: Assembly) -> dict[str, str]:
    """The templates as they are then."""
    neutralise(assembly.root, tag_of)
    return {path.name: path.read_text() for path in sorted(assembly.root.rglob("*.template.json"))}


@pytest.fixture
def assembly(tmp_path) -> Assembly:
    return Assembly(tmp_path / "cdk.out")


def simple(assembly: Assembly, template: dict, *contents: str, **more) -> Adopted:
    """A stack with one image for each content, whose templates name them by `HASH0` and so on; made neutral."""
    hashes = [assembly.context(app=each) for each in contents]

    def filled(document):
        text = json.dumps(document)
        for number, found in enumerate(hashes):
            text = text.replace(f"HASH{number}", found)
        return json.loads(text)

    images = {found: assembly.image(found, f"I{number}/AssetImage") for number, found in enumerate(hashes)}
    nested = {path: filled(each) for path, each in more.pop("nested", {}).items()}
    assembly.stack("App", filled(template), images, nested=nested, **more)
    return neutralise(assembly.root, tag_of)


@pytest.mark.parametrize("prefix", ["", "team-"])
def test_the_neutral_form_follows_from_no_build_context(tmp_path, prefix):
    first = neutral(rich(tmp_path / "1", prefix=prefix))
    assert first == neutral(rich(tmp_path / "2", readme="2", prefix=prefix))
    assert first == neutral(rich(tmp_path / "3", app="2", prefix=prefix))
    assert len(first) == 3
    text = "".join(first.values())
    assert placeholder("Task.web") in text
    assert placeholder("Task.api") in text
    assert not re.search(r"asset\.[0-9a-f]{64}", text)


def test_the_rest_of_a_template_is_told(tmp_path):
    first = neutral(rich(tmp_path / "1"))
    other = rich(tmp_path / "2")
    for path in other.root.rglob("*.template.json"):
        path.write_text(path.read_text().replace('"MemorySize": 128', '"MemorySize": 256'))
    second = neutral(other)
    assert [name for name in first if first[name] == second[name]] == [DEEP]
    ids = [{*re.findall(rf"{VERSION}[0-9a-f]{{32}}", text["App.template.json"])} for text in (first, second)]
    assert ids[0] != ids[1], "a function with other settings has another version published"


def test_what_is_deep_inside_is_told_outside(tmp_path):
    first = neutral(rich(tmp_path / "1"))
    other = rich(tmp_path / "2")
    path = other.root / DEEP
    path.write_text(path.read_text().replace("AWS::Lambda::Function", "AWS::Other::Function"))
    second = neutral(other)
    assert all(first[name] != second[name] for name in first)


def test_images_that_changed_places_are_another_template(tmp_path):
    made = []
    for number, order in enumerate([(0, 1), (1, 0)]):
        assembly = Assembly(tmp_path / str(number))
        simple(assembly, {"Resources": {"Task": task(*(f"HASH{at}" for at in order))}}, "a", "b")
        made.append(assembly.template("App"))
    assert made[0] != made[1]


def test_the_tags_by_stack_and_name(tmp_path):
    assembly = rich(tmp_path / "1")
    adopted = neutralise(assembly.root, tag_of)
    assert adopted.left == ()
    web, api = (tag_of(each) for name, each in sorted(assembly.assets().items(), reverse=True))
    assert adopted.tags == {"App": {"Task.api": api, "Task.web": web}}
    assert {name: each.hash for name, each in assembly.assets().items()} == {
        name: placeholder(name) for name in ("Task.api", "Task.web")
    }
    assert all(each.obstacle == "" for each in assembly.assets().values())


def test_images_of_one_content_are_one(assembly):
    """A build argument made them two for the CDK; here the same tag is the same image."""
    one, two = assembly.context(app="1"), assembly.context(app="1", README="2")
    images = {one: assembly.image(one, "B/AssetImage"), two: assembly.image(two, "A/AssetImage")}
    assembly.stack("App", {"Resources": {"Task": task(one, two)}}, images)
    adopted = neutralise(assembly.root, tag_of)
    assert [*adopted.tags["App"]] == ["A"]
    assert assembly.template("App")["Resources"]["Task"] == task(placeholder("A"), placeholder("A"))
    assert [*assembly.assets()] == ["A"]


def test_the_same_image_in_two_repositories_is_left(assembly):
    """What is deployed is read back by its tag: it could not be told which is which."""
    one, two = assembly.context(app="1"), assembly.context(app="1", README="2")
    images = {one: assembly.image(one, "A/AssetImage"), two: assembly.image(two, "B/AssetImage")}
    images[two]["destinations"]["current_account-current_region"]["repositoryName"] = "other"
    assembly.stack("App", {"Resources": {"Task": task(one, two)}}, images)
    adopted = neutralise(assembly.root, tag_of)
    assert [(each.name, each.obstacle) for each in adopted.left] == [
        ("B", "the very same image goes to another repository, too")
    ]
    assert assembly.template("App")["Resources"]["Task"] == task(placeholder("A"), two)


def test_two_stacks_with_the_same_asset(assembly):
    found = assembly.context()
    for name in ("One", "Two"):
        image = assembly.image(found, f"{name}/AssetImage")
        assembly.stack(name, {"Resources": {"Task": task(found)}}, {found: image})
    adopted = neutralise(assembly.root, tag_of)
    [[one], [two]] = (adopted.tags[name].values() for name in ("One", "Two"))
    assert one == two
    assert assembly.template("Two")["Resources"]["Task"] == task(placeholder("Two"))


def test_the_stacks_of_stages(assembly):
    found = assembly.context()
    for name in ("Test", "Prod"):
        stage = assembly.stage(name)
        stage.stack(f"{name}-App", {"Resources": {"Task": task(found)}}, {found: stage.image(found, "web/AssetImage")})
    adopted = neutralise(assembly.root, tag_of)
    assert {name: [*own] for name, own in adopted.tags.items()} == {"Test-App": ["web"], "Prod-App": ["web"]}
    for name in ("Test", "Prod"):
        text = (assembly.root / f"assembly-{name}" / f"{name}-App.template.json").read_text()
        assert found not in text


def test_nothing_but_templates_and_lists_is_touched(tmp_path):
    assembly = rich(tmp_path / "1")
    before = {path: path.read_bytes() for path in assembly.root.rglob("*") if path.is_file()}
    neutralise(assembly.root, tag_of)
    changed = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert changed == {"App.template.json", INNER, DEEP, "App.assets.json"}
    assert {*assembly.root.rglob("*")} >= {*before}


# --- records


def test_a_stack_records_without_a_construct(assembly):
    simple(assembly, {"Resources": {"Task": task("HASH0")}}, "a")
    template = assembly.template("App")
    assert [*template["Parameters"]] == [*RECORDS, IMAGES_PARAMETER]
    assert all(slot["Default"] == "-" for slot in template["Parameters"].values())
    assert {*template["Outputs"]} == {STATE_OUTPUT, IMAGES_OUTPUT}
    text = json.dumps(template["Outputs"])
    assert all(f'{{"Ref": "{name}"}}' in text for name in (*RECORDS, IMAGES_PARAMETER))


def test_a_stack_that_records_already_keeps_what_it_has(assembly):
    own = {name: {"Type": "String", "Default": "own"} for name in RECORDS}
    mine = {STATE_OUTPUT: {"Value": "mine"}}
    simple(assembly, {"Parameters": own, "Resources": {"Task": task("HASH0")}, "Outputs": mine}, "a")
    template = assembly.template("App")
    assert {name: template["Parameters"][name] for name in RECORDS} == own
    assert template["Outputs"][STATE_OUTPUT] == {"Value": "mine"}
    assert {*template["Parameters"]} == {*RECORDS, IMAGES_PARAMETER}


def test_a_stack_without_images_records_none(assembly):
    adopted = simple(assembly, {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    assert adopted == Adopted({"App": {}})
    assert [*assembly.template("App")["Parameters"]] == [*RECORDS]


@pytest.mark.parametrize(
    ("parameters", "outputs", "room"), [(196, 0, True), (197, 0, False), (0, 198, True), (0, 199, False)]
)
def test_a_template_at_cloudformations_limits_is_left(assembly, parameters, outputs, room):
    before = {
        "Parameters": {f"P{number}": {"Type": "String"} for number in range(parameters)},
        "Resources": {"Task": task("HASH0")},
        "Outputs": {f"O{number}": {"Value": "1"} for number in range(outputs)},
    }
    adopted = simple(assembly, before, "a")
    after = assembly.template("App")
    assert len(after["Parameters"]) <= 200
    assert len(after["Outputs"]) <= 200
    assert bool(adopted.left) != room
    if not room:
        assert "limits" in adopted.left[0].obstacle
        assert after["Resources"]["Task"] != task(placeholder("I0"))


def test_a_record_takes_no_more_than_a_parameter(assembly):
    """The first ones by name are recorded; it must not follow from what is in them which these are."""
    many = [assembly.context(app=str(number)) for number in range(90)]
    images = {found: assembly.image(found, f"I{number:03}/AssetImage") for number, found in enumerate(many)}
    assembly.stack("App", {"Resources": {"Task": task(*many)}}, images)
    adopted = neutralise(assembly.root, tag_of)
    left = [each.name for each in adopted.left]
    assert left == sorted(left)
    assert all(each.obstacle == "the record of its stack has no room for it" for each in adopted.left)
    assert {*left} | {*adopted.tags["App"]} == {f"I{number:03}" for number in range(90)}
    assert max(adopted.tags["App"]) < min(left)
    pairs = " ".join(f"{name}={tag}" for name, tag in adopted.tags["App"].items())
    assert 3800 < len(pairs) < 4000


# --- what is left to the CDK CLI


def test_what_is_left_stays_as_it_is(assembly):
    one, two = assembly.context(app="1"), assembly.context(app="2")
    images = {
        one: assembly.image(one, "One/AssetImage", networkMode="host"),
        two: assembly.image(two, "Two/AssetImage"),
    }
    assembly.stack("App", {"Resources": {"Task": task(one, two)}}, images)
    adopted = neutralise(assembly.root, tag_of)
    assert [each.name for each in adopted.left] == ["One"]
    assert [*adopted.tags["App"]] == ["Two"]
    assert assembly.template("App")["Resources"]["Task"] == task(one, placeholder("Two"))
    assert assembly.assets()["One"].hash == one


def test_a_version_that_another_template_refers_to(assembly):
    found = assembly.context()
    own = VERSION + "a" * 32
    image = assembly.image(found, "Fn/AssetImage")
    assembly.stack("App", {"Resources": {"Fn": function(found), own: version("Fn")}}, {found: image})
    imported = {"Fn::ImportValue": f"App:ExportsOutputRef{own}12345678"}
    assembly.stack("Other", {"Resources": {"Rule": {"Type": "A::B::C", "Properties": {"Arn": imported}}}}, {})
    adopted = neutralise(assembly.root, tag_of)
    assert "another template refers to the version" in adopted.left[0].obstacle
    assert own in assembly.template("App")["Resources"]


def test_a_version_that_follows_from_another(assembly):
    """Its id is a digest of the CDK's, too, and would have to be made anew by rules that only the CDK knows."""
    first, second = VERSION + "a" * 32, "Zip" + VERSION + "b" * 32
    zipped = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {"NEXT": {"Ref": first}}}}}
    template = {"Fn": function("HASH0"), first: version("Fn"), "Zip": zipped, second: version("Zip")}
    adopted = simple(assembly, {"Resources": template}, "a")
    assert second in adopted.left[0].obstacle
    assert [each.obstacle for each in assembly.assets().values()] == [adopted.left[0].obstacle]  # for who looks later
    assert {first, second} <= {*assembly.template("App")["Resources"]}


DEPLOYMENT, HOST = "ApiDeploymentB17BE62D" + "a" * 32, "HostB4E45AD7" + "b" * 16


@pytest.mark.parametrize(
    ("more", "follower"),
    [
        ({DEPLOYMENT: {"Type": "AWS::ApiGateway::Deployment"}, "Get": {"Uri": VERSION + "a" * 32}}, DEPLOYMENT),
        ({DEPLOYMENT: {"Type": "AWS::ApiGateway::Deployment"}, "Get": {"Uri": {"Ref": "Fn"}}}, ""),
        ({"Own": {"Type": "AWS::ApiGateway::Deployment"}, "Get": {"Uri": VERSION + "a" * 32}}, ""),
        ({HOST: {"Type": "AWS::EC2::Instance", "Properties": {"UserData": address("HASH0")}}}, HOST),
        ({"HostB4E45AD7": {"Type": "AWS::EC2::Instance", "Properties": {"UserData": address("HASH0")}}}, ""),
        ({HOST: {"Type": "AWS::EC2::Instance", "Properties": {"UserData": "none"}}}, ""),
    ],
)
def test_what_is_made_anew_by_a_digest_of_the_cdks_own(assembly, more, follower):
    """A new base image is another tag, and no other digest: the API would stay with a version that is gone."""
    if "Get" in more:
        more = {**more, "Get": {"Type": "AWS::ApiGateway::Method", "Properties": more["Get"]}}
    template = {"Fn": function("HASH0"), VERSION + "a" * 32: version("Fn"), **more}
    adopted = simple(assembly, {"Resources": template}, "a")
    assert [follower in each.obstacle for each in adopted.left] == ([True] if follower else [])


def test_a_text_that_looks_like_a_placeholder(assembly):
    adopted = simple(assembly, {"Resources": {"Task": task("HASH0")}, "Description": "rajee-image.I0"}, "a")
    assert "rajee-image." in adopted.left[0].obstacle
