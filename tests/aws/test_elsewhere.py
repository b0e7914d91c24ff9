"""Behind a role in another account: its keys are used and renewed, and what is no answer is no identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.aws.elsewhere import Assumed, Either, InRegion
from rajee_deploy.errors import DeployError

ROLE = "arn:aws:iam::2:role/lookup"


class Base(Aws):
    """Says what STS says, and remembers what it was asked."""

    def __init__(self, *answers) -> None:
        super().__init__(region="us-east-1")
        self.answers = list(answers)
        self.asked = []

    def ask(self, service, operation, arguments, expected=None, region=""):
        assert expected is None
        self.asked.append((service, operation, arguments, region))
        answer = self.answers.pop(0)
        if isinstance(answer, DeployError):
            raise answer
        return answer


def keys(name: str, minutes: float = 60):
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    told = {"AccessKeyId": name, "SecretAccessKey": f"{name}-secret", "SessionToken": f"{name}-token"}
    return {"Credentials": {**told, "Expiration": ends}}


def key_of(aws: Assumed) -> str:
    return aws.client("cloudformation")._request_signer._credentials.get_frozen_credentials().access_key


def test_the_keys_of_the_role_are_used_in_its_region_and_renewed_before_they_end():
    base = Base(keys("one", minutes=5), keys("two"), keys("three"))
    aws = Assumed(base, ROLE, "x-id", "us-west-2")
    assert base.asked == [], "not before something is asked"
    assert (aws.region, aws.client("cloudformation").meta.region_name) == ("us-west-2", "us-west-2")
    assert key_of(aws) == "two", "five minutes are too few to begin anything with"
    assert key_of(aws) == "two"
    asked = {"RoleArn": ROLE, "RoleSessionName": "rajee-deploy", "ExternalId": "x-id"}
    assert base.asked == [("sts", "assume_role", asked, "")] * 2


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        ({}, "unknown-answer", ""),
        ({"Credentials": {"AccessKeyId": "a"}}, "unknown-answer", ""),
        (DeployError("access-denied", "no"), "access-denied", "--trust"),
        (DeployError("throttled", "slower"), "throttled", ""),
    ],
)
def test_what_is_no_answer_is_an_error(answer, code, word):
    with pytest.raises(DeployError) as caught:
        Assumed(Base(answer), ROLE, "", "us-west-2").client("cloudformation")
    assert caught.value.code == code
    assert word in caught.value.hint


def test_who_may_not_assume_the_role_never_asks_as_himself():
    base = Base(*[DeployError("access-denied", "no")] * 3, keys("one"))
    aws = Assumed(base, ROLE, "", "us-west-2")
    for _ in range(3):
        with pytest.raises(DeployError, match="may not be assumed"):
            aws.client("cloudformation")
    assert key_of(aws) == "one"


def test_another_region_is_said_with_each_call():
    base = Base({}, {})
    near = InRegion(base, "us-west-2")
    near.ask("ssm", "get_parameter", {"Name": "a"})
    near.ask("ssm", "get_parameter", {"Name": "a"}, region="eu-west-1")
    assert [each[3] for each in base.asked] == ["us-west-2", "eu-west-1"]


DENIED = DeployError("access-denied", "no")


def ask(either: Either) -> object:
    return either.ask("ecr", "batch_get_image", {})


def test_whoever_is_denied_asks_by_the_second_way_and_stays_with_it():
    first, second = Base(DENIED), Base({"a": 1}, {"b": 2})
    either = Either(first, lambda: second)
    assert [ask(either), ask(either)] == [{"a": 1}, {"b": 2}]
    assert len(first.asked) == 1


def test_the_second_way_is_not_made_where_the_first_one_goes():
    either = Either(Base({"a": 1}), lambda: pytest.fail("nobody was denied"))
    assert ask(either) == {"a": 1}


@pytest.mark.parametrize(
    ("second", "code", "problem"),
    [
        (DeployError("access-denied", "the role may not be assumed"), "access-denied", "no"),
        (DeployError("throttled", "slower"), "throttled", "slower"),
    ],
)
def test_where_both_ways_fail_it_is_told_what_matters(second, code, problem):
    with pytest.raises(DeployError) as failed:
        ask(Either(Base(DENIED), lambda: Base(second)))
    assert (failed.value.code, failed.value.problem) == (code, problem)


def test_any_other_error_is_the_answer():
    with pytest.raises(DeployError, match="slower"):
        ask(Either(Base(DeployError("throttled", "slower")), lambda: pytest.fail("nobody was denied")))
