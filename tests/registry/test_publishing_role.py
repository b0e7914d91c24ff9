"""The role that the CDK's bootstrap made for pushes: before our own credentials for a push, behind them for a look."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import Repository
from rajee_deploy.registry.ecr import Ecr, PublishingRole
from rajee_deploy.registry.known_images import KnownImages

REPOSITORY = Repository("cdk-assets")
ROLE = PublishingRole("arn:aws:iam::123456789012:role/publish")
DESCRIBED = {
    "repositories": [
        {
            "repositoryName": "cdk-assets",
            "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/cdk-assets",
            "imageTagMutability": "IMMUTABLE",
        }
    ]
}
TOKEN = {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:secret").decode(), "proxyEndpoint": "x"}]}


class Caller(Aws):
    """An AWS that allows some calls, and remembers who made which: our own credentials, or the role."""

    def __init__(self, allowed: set[str], made: list[tuple[str, str]], who: str = "own") -> None:
        super().__init__(region="us-east-1")
        self.allowed, self.made, self.who = allowed, made, who

    def ask(self, _service, operation, *_rest, **_options):
        self.made.append((self.who, operation))
        if operation not in self.allowed:
            raise DeployError("access-denied", f"{self.who} may not {operation}")
        return {
            "assume_role": {
                "Credentials": {
                    "AccessKeyId": "k",
                    "SecretAccessKey": "s",
                    "SessionToken": "t",
                    "Expiration": datetime.now(UTC) + timedelta(hours=1),
                }
            },
            "describe_repositories": DESCRIBED,
            "get_authorization_token": TOKEN,
        }[operation]


@pytest.fixture
def made() -> list[tuple[str, str]]:
    return []


class Role(Caller):
    """The role, which our own credentials assume at the first question."""

    def __init__(self, base: Caller, allowed: set[str], made: list[tuple[str, str]]) -> None:
        super().__init__(allowed, made, "role")
        self._base = base

    def ask(self, *call, **options):
        self._base.ask("sts", "assume_role", {})
        return super().ask(*call, **options)


def registry(tmp_path, made, own: set[str], role: set[str]) -> Ecr:
    """With what each may do."""
    caller = Caller(own, made)
    ecr = Ecr(caller, KnownImages(tmp_path / "known.json"), lambda _role, _region: Role(caller, role, made))
    ecr.bind_roles({REPOSITORY: ROLE})
    return ecr


ALL = {"describe_repositories", "get_authorization_token"}


@pytest.mark.parametrize(
    ("own", "pushes_as"),
    [
        (ALL | {"assume_role"}, "role"),
        ({"assume_role"}, "role"),
        (ALL, "own"),
    ],
    ids=["both may", "only the role may", "the role may not be assumed"],
)
def test_a_push_goes_by_the_role_where_it_may_be_assumed(tmp_path, made, own, pushes_as):
    access = registry(tmp_path, made, own, ALL).push_access(REPOSITORY)
    assert access.password == "secret"
    assert [who for who, operation in made if operation == "get_authorization_token"][-1] == pushes_as


def test_a_look_is_our_own_where_it_is_allowed(tmp_path, made):
    registry(tmp_path, made, ALL | {"assume_role"}, ALL).find_frozen(REPOSITORY, ["a"])
    assert made == [("own", "describe_repositories")]


def test_other_repositories_know_no_role(tmp_path, made):
    ecr = registry(tmp_path, made, set(), ALL)
    with pytest.raises(DeployError, match="own may not"):
        ecr.find_frozen(Repository("team/api"), ["a"])
