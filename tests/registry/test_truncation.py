"""An answer that is cut off at any byte, empty or somebody else's says nothing: never "absent", never "present"."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from registry_images import LINUX, OURS, REPOSITORY, TOKEN, Reply, digest_of, make_image, make_index, missing, present
from sampled import some

from rajee_deploy.aws.download import download
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import ImageAbsent, ImageContent, ImageInaccessible, Tagged
from rajee_deploy.registry import documents

IMAGE = make_image()
FOUND = {**present(IMAGE, "c-1"), "failures": missing("prev-App")}
ARCHIVED = {"imageDetails": [{"imageTags": ["c-1"], "imageDigest": str(IMAGE.digest), "imageStatus": "ARCHIVED"}]}
DESCRIBED = {
    "repositories": [
        {
            "repositoryName": REPOSITORY.name,
            "repositoryUri": "1.dkr.ecr.test/team/app",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "live-*"}],
        }
    ]
}
LOGIN = {"authorizationData": [{"authorizationToken": TOKEN, "proxyEndpoint": "https://1.dkr.ecr.test"}]}
PUT = {"image": {"imageId": {"imageDigest": str(IMAGE.digest), "imageTag": "live-App"}}}
FOREIGN = [
    b"",
    b"{}",
    b"<html><body>Please log in</body></html>",
    b"[]",
    b"null",
    b'{"message": "hello"}',
    b'{"images": 3, "repositories": 3}',
]


def find(ecr):
    return dict(ecr.find(REPOSITORY, ["c-1", "prev-App"]))


def content(ecr):
    return ecr.read_content(REPOSITORY, IMAGE.digest, LINUX)


LONGEST = 5000
OFFSETS = some("places where an answer is cut", range(LONGEST), 9)


# What is done, the operation whose answer is cut, its whole answer, and what the whole answer means.
CALLS = [
    (find, "BatchGetImage", FOUND, {"c-1": Tagged(IMAGE.digest), "prev-App": ImageAbsent()}),
    (
        lambda ecr: ecr.confirm_absent(REPOSITORY, "c-1"),
        "DescribeImages",
        ARCHIVED,
        ImageInaccessible("archived"),
    ),
    (
        lambda ecr: ecr.find_frozen(REPOSITORY, ["live-App", "v1"]),
        "DescribeRepositories",
        DESCRIBED,
        frozenset({"v1"}),
    ),
    (lambda ecr: ecr.push_access(REPOSITORY).password, "DescribeRepositories", DESCRIBED, "pass:word"),
    (lambda ecr: ecr.push_access(REPOSITORY).password, "GetAuthorizationToken", LOGIN, "pass:word"),
    (lambda ecr: ecr.put_tag(REPOSITORY, IMAGE.digest, "live-App"), "PutImage", PUT, None),
    (content, "GetDownloadUrlForLayer", "the address", ImageContent("linux/amd64", OURS)),
]


@pytest.fixture
def played(script):
    """The server, with every answer whole."""
    script.answer("BatchGetImage", Reply(FOUND))
    script.answer("DescribeRepositories", Reply(DESCRIBED))
    script.answer("GetAuthorizationToken", Reply(LOGIN))
    script.answer("PutImage", Reply(PUT))
    script.answer("GetDownloadUrlForLayer", Reply({"downloadUrl": f"{script.url}/layer", "layerDigest": "x"}))
    script.answer("GET", Reply(IMAGE.configuration))
    return script


@pytest.mark.slow
@pytest.mark.parametrize(("act", "operation", "whole", "meaning"), CALLS)
def test_every_offset(ecr, played, act, operation, whole, meaning):
    if whole == "the address":
        whole = played.replies[operation][0].body
    # Looked up before, so that only the answer in question can be cut.
    ecr.find(REPOSITORY, ["c-1", "prev-App"])
    size = len(json.dumps(whole))
    assert size <= LONGEST
    for cut in (cut for cut in OFFSETS if cut < size):
        played.answer(operation, Reply(whole, cut=cut))
        with pytest.raises(DeployError) as caught:
            act(ecr)
        assert caught.value.code in {"unknown-answer", "aws-unreachable"}, cut
    played.answer(operation, Reply(whole))
    assert act(ecr) == meaning


@pytest.mark.parametrize("body", FOREIGN)
@pytest.mark.parametrize(("act", "operation", "whole", "meaning"), CALLS)
def test_somebody_elses_answer(ecr, played, act, operation, whole, meaning, body):
    ecr.find(REPOSITORY, ["c-1", "prev-App"])
    played.answer(operation, Reply(body))
    with pytest.raises(DeployError) as caught:
        act(ecr)
    assert caught.value.code in {"unknown-answer", "aws-unreachable"}, (whole, meaning)


@pytest.mark.slow
def test_a_configuration_cut_at_every_offset(played):
    """Each offset of its own, at once: what breaks off is tried again after a pause."""

    def attempt(cut: int) -> str:
        try:
            return download("asked", f"{played.url}/layer?cut={cut}", 1 << 20).decode()
        except DeployError as error:
            return error.code

    with ThreadPoolExecutor(64) as pool:
        codes = set(pool.map(attempt, range(len(IMAGE.configuration))))
    assert codes == {"aws-unreachable"}
    assert attempt(len(IMAGE.configuration)) == IMAGE.configuration.decode()


@pytest.mark.parametrize("body", FOREIGN)
def test_a_foreign_configuration(ecr, played, body):
    ecr.find(REPOSITORY, ["c-1"])
    played.answer("GET", Reply(body))
    with pytest.raises(DeployError) as caught:
        content(ecr)
    assert caught.value.code == "unknown-answer"


@pytest.mark.parametrize("text", [IMAGE.manifest, make_index((IMAGE, "amd64"), (IMAGE, "unknown"))])
def test_manifests_are_whole_or_nothing(text):
    for cut in range(len(text)):
        assert not documents.is_of(text[:cut].encode(), digest_of(text.encode()))
        with pytest.raises(ValueError):  # noqa: PT011 -- whichever: it is turned into `unknown`
            documents.read_manifest(text[:cut], json.loads(text)["mediaType"])


def test_configurations_are_whole_or_nothing():
    for cut in range(len(IMAGE.configuration)):
        with pytest.raises(ValueError):  # noqa: PT011 -- whichever: it is turned into `unknown`
            documents.read_configuration(IMAGE.configuration[:cut])


def test_a_manifest_of_another_digest_is_unknown(ecr, played):
    record = present(IMAGE, "c-1")
    record["images"][0]["imageManifest"] += " "
    played.answer("BatchGetImage", Reply(record))
    with pytest.raises(DeployError) as caught:
        ecr.find(REPOSITORY, ["c-1"])
    assert caught.value.code == "unknown-answer"
