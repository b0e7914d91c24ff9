"""Who asks AWS about a stack, by where the app says that it lives."""

from __future__ import annotations

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.aws.elsewhere import Assumed, InRegion
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.stack.whereabouts import Whereabouts

ROLES = {
    "role": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-deploy-${AWS::Region}",
    "external_id": "d",
    "reading_role": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-lookup-${AWS::Region}",
    "reading_external_id": "l",
}
PLACES = {
    "here": StackPlace("Here", "here", **ROLES),
    "named": StackPlace("Named", "named", "1", "eu-central-1", **ROLES),
    "west": StackPlace("West", "west", "1", "us-west-2", **ROLES),
    "west2": StackPlace("West2", "west2", "", "us-west-2", **ROLES),
    "far": StackPlace("Far", "far", "2", "us-west-2", **ROLES),
    "bare": StackPlace("Bare", "bare", "3", "us-west-2"),
    "china": StackPlace("China", "china", "2", "cn-north-1", role=ROLES["role"]),
}


@pytest.fixture
def where():
    made = Whereabouts(Aws(region="eu-central-1"))
    made.bind_names(PLACES, "1")
    return made


def test_our_own_credentials_ask_in_our_account(where):
    ours = where.reading("here")
    assert isinstance(ours, Aws)
    assert not isinstance(ours, Assumed)
    assert where.writing("named") is where.reading("unheard-of") is ours
    west = where.reading("west")
    assert isinstance(west, InRegion)
    assert west is where.writing("west2") is where.at("arn:aws:ecs:us-west-2:1:service/a/b")


@pytest.mark.parametrize(
    ("stack", "reads", "writes"),
    [
        ("far", ("arn:aws:iam::2:role/cdk-lookup-us-west-2", "l"), ("arn:aws:iam::2:role/cdk-deploy-us-west-2", "d")),
        ("china", *[("arn:aws-cn:iam::2:role/cdk-deploy-cn-north-1", "")] * 2),
    ],
)
def test_in_another_account_its_roles_ask(where, stack, reads, writes):
    found = where.reading(stack), where.writing(stack)
    assert [(each._role, each._external_id) for each in found] == [reads, writes]
    assert {each.region for each in found} == {PLACES[stack].region}


def test_what_lives_with_a_stack_is_asked_about_as_the_stack(where):
    assert where.at("arn:aws:ecs:us-west-2:2:service/a/b") is where.reading("far")
    assert where.at("arn:aws:ecs:eu-central-1:1:service/a/b") is where.reading("here")
    assert where.at("family-without-an-arn") is where.reading("here")


def test_an_account_that_no_role_leads_into_is_an_error(where):
    for ask in (where.reading, where.writing):
        with pytest.raises(DeployError) as caught:
            ask("bare")
        assert caught.value.code == "no-role"


def test_before_names_are_resolved_everything_is_where_the_caller_is():
    where = Whereabouts(Aws(region="eu-central-1"))
    assert where.at("arn:aws:ecs:eu-central-1:1:service/a/b") is where.reading("far") is where.writing("far")
    assert where.place("far") == StackPlace("far", "far")


def test_a_name_in_the_settings_is_one_stacks(where):
    assert where.is_called("far", "Far")
    assert where.is_called("far", "far")
    assert not where.is_called("west", "Far")
    assert Whereabouts(Aws(region="eu-central-1")).is_called("App", "App")
