"""The construct that any CDK app uses to declare what the tool records."""

from __future__ import annotations

import pytest

from rajee_deploy.facts import RECORDS

pytestmark = pytest.mark.cdk


@pytest.fixture
def declared(assertions):
    """The template of a stack that declares the state with `images`, and the state."""

    def declare(*images: str):
        from aws_cdk import App, Stack

        from rajee_deploy.cdk import DeployState

        stack = Stack(App(), "Any")
        state = DeployState(stack, images=images)
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
