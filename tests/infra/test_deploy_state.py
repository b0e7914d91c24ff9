"""The construct that any CDK app uses to declare what the tool records."""

from __future__ import annotations

import re

import pytest

from rajee_deploy.model.names import RECORDS

pytestmark = pytest.mark.cdk


@pytest.fixture
def declared(assertions):
    """The template of a stack that declares the state with `images`, and the state."""

    def declare(*images: str, deploy_by: str = "tag"):
        from aws_cdk import App, Stack

        from rajee_deploy.cdk import DeployState

        stack = Stack(App(), "Any")
        state = DeployState(stack, images=images, deploy_by=deploy_by)
        return stack, state, assertions.Template.from_stack(stack).to_json()

    return declare


@pytest.mark.parametrize(
    ("images", "state"),
    [
        ((), RECORDS),
        (("ImageTag",), [*RECORDS, "ImageTag"]),
        (("B", "A"), [*RECORDS, "B", "A"]),
    ],
)
def test_it_declares_parameters_and_the_state_under_their_own_names(declared, images, state):
    _, _, template = declared(*images)
    assert set(template["Parameters"]) == {*RECORDS, "BootstrapVersion", *images}
    assert template["Outputs"]["RajeeState"]["Value"] == {"Fn::Join": ["/", [{"Ref": name} for name in state]]}
    assert {template["Parameters"][name]["Default"] for name in RECORDS} == {"-"}
    assert [name for name in images if "Default" in template["Parameters"][name]] == []


def test_tags_resolve_to_their_parameters(declared):
    stack, state, _ = declared("ImageTag", "SidecarTag")
    assert {name: stack.resolve(tag) for name, tag in state.image_tags.items()} == {
        "ImageTag": {"Ref": "ImageTag"},
        "SidecarTag": {"Ref": "SidecarTag"},
    }


def test_a_second_declaration_is_refused(declared):
    from rajee_deploy.cdk import DeployState

    stack, _, _ = declared()
    with pytest.raises(RuntimeError, match="already a Construct"):
        DeployState(stack)


TAG = ["c-0123456789abcdef0123456789abcdef01234567", "v1"]
DIGEST = ["sha256:" + "a" * 64]


@pytest.mark.parametrize(
    ("deploy_by", "taken", "refused", "suffix"),
    [
        ("tag", TAG, DIGEST, [":", {"Ref": "ImageTag"}]),
        (
            "digest",
            DIGEST,
            [*TAG, "sha256:short"],
            ["@sha256:", {"Fn::Select": [1, {"Fn::Split": [":", {"Ref": "ImageTag"}]}]}],
        ),
    ],
)
def test_the_image_is_joined_from_repository_and_tag_or_digest(assertions, deploy_by, taken, refused, suffix):
    """In the container that runs it, through CDK's own construct, and as a reference for everything else."""
    from aws_cdk import App, Stack, aws_ecr, aws_ecs

    from rajee_deploy.cdk import DeployState

    stack = Stack(App(), "Any")
    state = DeployState(stack, images=("ImageTag",), deploy_by=deploy_by)
    repository = aws_ecr.Repository(stack, "Repository")
    task = aws_ecs.FargateTaskDefinition(stack, "Task")
    image = aws_ecs.ContainerImage.from_ecr_repository(repository, state.image_tags["ImageTag"])
    task.add_container("Only", image=image, logging=aws_ecs.LogDriver.aws_logs(stream_prefix="x"))
    uri = stack.resolve(state.image_uri(repository, "ImageTag"))
    template = assertions.Template.from_stack(stack).to_json()
    (found,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::ECS::TaskDefinition"]
    for joined in (found["Properties"]["ContainerDefinitions"][0]["Image"], uri):
        assert flat(joined)[-len(suffix) :] == suffix
        assert "Fn::Join" in joined
    pattern = re.compile(template["Parameters"]["ImageTag"]["AllowedPattern"])
    assert [text for text in taken if not pattern.match(text)] == []
    assert [text for text in refused if pattern.match(text)] == []
    assert {"Ref": "ImageTag"} in template["Outputs"]["RajeeState"]["Value"]["Fn::Join"][1]


def flat(join) -> list:
    """The parts of a join, those that are text split at what separates a tag or digest."""
    separator, parts = join["Fn::Join"]
    assert separator == ""
    last = [part for part in parts if not (isinstance(part, str) and part.endswith("/"))]
    return [re.sub(r"^.*/[^:@]*", "", part) if isinstance(part, str) else part for part in last]


def test_another_form_is_refused(declared):
    with pytest.raises(ValueError, match="'tag' or 'digest'"):
        declared("ImageTag", deploy_by="name")


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ("ImageTag", r"images=\('ImageTag',\), not images='ImageTag'"),
        ("", "is a list"),
        (None, "is a list"),
        (3, "is a list"),
        (("Image-Tag",), "letters and digits"),
        (("",), "letters and digits"),
        ((None,), "letters and digits"),
        (("RajeeRevision",), "declares itself"),
        (("RajeeState",), "declares itself"),
        (("A", "B", "A"), "twice: A, B, A"),
    ],
)
def test_images_that_are_no_list_of_names_are_told_at_synth(images, words):
    from aws_cdk import App, Stack

    from rajee_deploy.cdk import DeployState

    with pytest.raises((TypeError, ValueError), match=words):
        DeployState(Stack(App(), "Any"), images=images)


def test_it_belongs_into_a_stack_that_is_deployed_by_itself():
    from aws_cdk import App, NestedStack, Stack
    from constructs import Construct

    from rajee_deploy.cdk import DeployState

    app = App()
    outer = Stack(app, "Outer")
    nested = NestedStack(outer, "Inner")
    for scope in (nested, Construct(nested, "Part")):
        with pytest.raises(ValueError, match=r"Outer/Inner is a nested stack.*declare DeployState there"):
            DeployState(scope)
    for scope in (app, "Outer", None):
        with pytest.raises(TypeError, match="is declared in a stack"):
            DeployState(scope)
    DeployState(Construct(outer, "Part"))
