"""What ECR's answers are taken for: present, absent, or unknown, which stops the run.

botocore's own Stubber plays ECR here, since no emulator sends wrong answers; the contract with a running registry is
in test_contract.py.
"""

from __future__ import annotations

import base64

import botocore.session
import pytest
from botocore.stub import Stubber

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import ImageAbsent, ImagePresent, RepositoryAbsent
from rajee_deploy.model import Digest
from rajee_deploy.registry.ecr import Ecr

DIGEST = "sha256:" + "a" * 64
IMAGE = {"imageTags": ["c-1"], "imageDigest": DIGEST}
TOKEN = base64.b64encode(b"AWS:pass:word").decode()


class StubbedAws(Aws):
    """An Aws whose only client answers as it was told."""

    def __init__(self) -> None:
        super().__init__(region="us-east-1")
        session = botocore.session.get_session()
        session.set_credentials("a", "b")
        self.ecr = session.create_client("ecr", region_name="us-east-1")
        self.stub = Stubber(self.ecr)
        self.stub.activate()

    def client(self, service):
        assert service == "ecr"
        return self.ecr


@pytest.fixture
def aws() -> StubbedAws:
    return StubbedAws()


@pytest.mark.parametrize(
    ("code", "state"),
    [("ImageNotFoundException", ImageAbsent()), ("RepositoryNotFoundException", RepositoryAbsent())],
)
def test_absent_only_by_an_explicit_answer(aws, code, state):
    aws.stub.add_client_error("describe_images", code)
    assert Ecr(aws).find_image("team/app", "c-1") == state


def test_present_only_by_a_record_that_names_the_tag(aws):
    aws.stub.add_response("describe_images", {"imageDetails": [{"imageTags": ["other"], "imageDigest": DIGEST}, IMAGE]})
    assert Ecr(aws).find_image("team/app", "c-1") == ImagePresent(Digest.parse(DIGEST))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"imageDetails": []},
        {"imageDetails": [{}]},
        {"imageDetails": [{"imageTags": ["c-1"]}]},
        {"imageDetails": [{"imageTags": ["c-1"], "imageDigest": "sha256:short"}]},
        {"imageDetails": [{"imageTags": ["c-11"], "imageDigest": DIGEST}]},
    ],
)
def test_everything_else_is_unknown(aws, answer):
    aws.stub.add_response("describe_images", answer)
    with pytest.raises(DeployError) as caught:
        Ecr(aws).find_image("team/app", "c-1")
    assert caught.value.code == "unknown-answer"


def test_an_archived_image_is_no_image(aws):
    aws.stub.add_response("describe_images", {"imageDetails": [{**IMAGE, "imageStatus": "ARCHIVED"}]})
    with pytest.raises(DeployError) as caught:
        Ecr(aws).find_image("team/app", "c-1")
    assert caught.value.code == "image-archived"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("AccessDeniedException", "access-denied"),
        ("ExpiredTokenException", "expired-credentials"),
        ("UnrecognizedClientException", "bad-credentials"),
        ("ThrottlingException", "throttled"),
        ("ServerException", "aws-error"),
    ],
)
def test_errors_are_told_apart_and_none_means_absent(aws, error, code):
    aws.stub.add_client_error("describe_images", error)
    with pytest.raises(DeployError) as caught:
        Ecr(aws).find_image("team/app", "c-1")
    assert caught.value.code == code


def test_a_login(aws):
    found = {"repositoryName": "team/app", "repositoryUri": "1.dkr.ecr.test/team/app"}
    aws.stub.add_response("describe_repositories", {"repositories": [found]})
    aws.stub.add_response("get_authorization_token", {"authorizationData": [{"authorizationToken": TOKEN}]})
    access = Ecr(aws).push_access("team/app")
    assert (access.uri, access.host, access.username, access.password) == (
        "1.dkr.ecr.test/team/app", "1.dkr.ecr.test", "AWS", "pass:word",
    )  # fmt: skip


@pytest.mark.parametrize("token", [{}, {"authorizationData": []}, {"authorizationData": [{"authorizationToken": "*"}]}])
def test_a_login_without_a_token_is_unknown(aws, token):
    found = {"repositoryName": "team/app", "repositoryUri": "1.dkr.ecr.test/team/app"}
    aws.stub.add_response("describe_repositories", {"repositories": [found]})
    aws.stub.add_response("get_authorization_token", token)
    with pytest.raises(DeployError) as caught:
        Ecr(aws).push_access("team/app")
    assert caught.value.code == "unknown-answer"
