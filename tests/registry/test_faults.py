"""What goes wrong between us and the registry, over HTTP: each fault has its own code and says what to do."""

from __future__ import annotations

import socket

import pytest
from registry_images import LINUX, REPOSITORY, Reply, error, make_image, missing, present

from rajee_deploy.aws import ATTEMPTS, Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import ImageAbsent, ImageInaccessible, RepositoryAbsent, Tagged
from rajee_deploy.registry.ecr import Ecr

IMAGE = make_image()


def failure(act) -> DeployError:
    with pytest.raises(DeployError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(
    ("reply", "code", "hint"),
    [
        (error("AccessDeniedException"), "access-denied", "permissions"),
        (error("ExpiredTokenException"), "expired-credentials", "aws sso login"),
        (error("UnrecognizedClientException"), "bad-credentials", "clock"),
        (error("InvalidParameterException"), "aws-error", ""),
        (Reply(b"<html>forbidden</html>", 403), "aws-error", ""),
        (Reply({"images": [], "failures": missing("c-1", code="KmsError")}), "registry-failed", "key"),
        (Reply({"images": [], "failures": missing("c-1", code="UpstreamUnavailable")}), "registry-failed", "again"),
        (Reply({"images": [], "failures": missing("c-1", code="SomethingNew")}), "registry-failed", "again"),
        (Reply({"images": [], "failures": missing("c-2")}), "unknown-answer", "proxy"),
    ],
)
def test_each_fault_has_its_code_and_hint(ecr, script, way, reply, code, hint):
    script.answer("BatchGetImage", reply)
    found = failure(lambda: ecr.find(REPOSITORY, ["c-1"]))
    assert found.code == code
    assert hint in found.hint
    assert "BatchGetImage" in found.where
    # What the short path is refused, boto3 asks again.
    assert script.calls() == ["BatchGetImage"] * (2 if way == "short" and reply.status != 200 else 1)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error("ThrottlingException"), "throttled"),
        (error("ServerException", 500), "aws-error"),
        (Reply(b"bad gateway", 502), "aws-error"),
        (Reply(hangs_up=True), "aws-unreachable"),
    ],
)
def test_what_may_pass_is_tried_again_but_not_for_ever(ecr, script, way, reply, code):
    script.answer("BatchGetImage", reply)
    assert failure(lambda: ecr.find(REPOSITORY, ["c-1"])).code == code
    assert len(script.calls()) == ATTEMPTS + (way == "short")
    script.answer("BatchGetImage", reply, Reply(present(IMAGE, "c-1")))
    assert ecr.find(REPOSITORY, ["c-1"]) == {"c-1": Tagged(IMAGE.digest)}


def test_absent_only_by_an_explicit_answer(ecr, script):
    script.answer("BatchGetImage", error("RepositoryNotFoundException"))
    assert ecr.find(REPOSITORY, ["c-1"]) == RepositoryAbsent()
    script.answer("BatchGetImage", Reply({"images": [], "failures": missing("c-1")}))
    assert ecr.find(REPOSITORY, ["c-1"]) == {"c-1": ImageAbsent()}
    script.answer("DescribeImages", error("ImageNotFoundException"))
    assert ecr.confirm_absent(REPOSITORY, "c-1") == ImageAbsent()


@pytest.mark.parametrize("status", ["ARCHIVED", "ACTIVATING"])
def test_an_archived_image_is_no_image_and_not_absent(ecr, script, status):
    script.answer("BatchGetImage", Reply({"images": [], "failures": missing("c-1", code="ImageInaccessible")}))
    assert ecr.find(REPOSITORY, ["c-1"]) == {"c-1": ImageInaccessible("inaccessible")}
    record = {"imageTags": ["c-1"], "imageDigest": str(IMAGE.digest), "imageStatus": status}
    script.answer("DescribeImages", Reply({"imageDetails": [record]}))
    assert ecr.confirm_absent(REPOSITORY, "c-1") == ImageInaccessible(status.lower())
    assert script.asked[-1][1]["filter"] == {"imageStatus": "ANY"}


def test_two_calls_that_contradict_each_other_are_unknown(ecr, script):
    record = {"imageTags": ["c-1"], "imageDigest": str(IMAGE.digest), "imageStatus": "ACTIVE"}
    script.answer("DescribeImages", Reply({"imageDetails": [record]}))
    assert failure(lambda: ecr.confirm_absent(REPOSITORY, "c-1")).code == "unknown-answer"


def test_nobody_listens(monkeypatch, known_images):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for name, value in {
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    found = failure(lambda: Ecr(Aws(region="us-east-1"), known_images).find(REPOSITORY, ["c-1"]))
    assert (found.code, "network" in found.hint) == ("aws-unreachable", True)


def test_an_sso_session_that_ended(script, monkeypatch, tmp_path, known_images):
    (tmp_path / "config").write_text(
        "[profile team]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        f"[sso-session s]\nsso_region = us-east-1\nsso_start_url = {script.url}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = failure(lambda: Ecr(Aws("team", "us-east-1"), known_images).find(REPOSITORY, ["c-1"]))
    assert (found.code, found.hint) == ("expired-credentials", "aws sso login --profile team")


def test_every_call_names_the_registry_of_a_repository_given_by_its_address(ecr, script, way):
    from rajee_deploy.model.repository import Repository

    named = Repository.parse("210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/app")
    script.answer("BatchGetImage", Reply(present(IMAGE, "c-1")))
    script.answer("PutImage", error("ImageAlreadyExistsException"))
    script.answer("DescribeImages", error("ImageNotFoundException"))
    script.answer("DescribeRepositories", error("RepositoryNotFoundException"))
    script.answer("GetDownloadUrlForLayer", Reply({"downloadUrl": f"{script.url}/layer"}))
    script.answer("GET", Reply(IMAGE.configuration))
    ecr.find(named, ["c-1"])
    ecr.put_tag(named, IMAGE.digest, "live-x")
    ecr.confirm_absent(named, "c-2")
    ecr.read_content(named, IMAGE.digest, LINUX)
    for act in (lambda: ecr.push_access(named), lambda: ecr.find_frozen(named, ["v1"])):
        assert failure(act).code == "no-repository"
    asked = [(operation, arguments.get("registryId")) for operation, arguments in script.asked if operation != "GET"]
    assert {registry for _, registry in asked} == {"210987654321"}
    assert len(asked) == (9 if way == "short" else 6)  # three of them were refused


def test_losing_a_race_for_a_tag(ecr, script):
    script.answer("BatchGetImage", Reply(present(IMAGE, "c-1")))
    script.answer("PutImage", error("ImageAlreadyExistsException"))
    ecr.put_tag(REPOSITORY, IMAGE.digest, "live-App")
    script.answer("PutImage", error("ImageTagAlreadyExistsException"))
    found = failure(lambda: ecr.put_tag(REPOSITORY, IMAGE.digest, "live-App"))
    assert (found.code, "IMMUTABLE_WITH_EXCLUSION" in found.hint) == ("tag-immutable", True)


# -- the download of a configuration -------------------------------------------------------------------------------


@pytest.fixture
def layered(script):
    script.answer("BatchGetImage", Reply(present(IMAGE, "c-1")))
    script.answer("GetDownloadUrlForLayer", Reply({"downloadUrl": f"{script.url}/layer?X-Amz-Signature=secret"}))
    return script


@pytest.mark.parametrize(
    ("reply", "code", "attempts"),
    [
        (Reply(b"no", 403), "aws-error", 1),
        (Reply(b"no", 503), "aws-error", 4),
        (Reply(hangs_up=True), "aws-unreachable", 4),
        (Reply(IMAGE.configuration, cut=3), "aws-unreachable", 4),
        (Reply(b"x" * (9 << 20)), "aws-unreachable", 4),
        (Reply(IMAGE.configuration + b" "), "unknown-answer", 1),
    ],
)
def test_a_configuration_that_does_not_come(ecr, layered, reply, code, attempts):
    layered.answer("GET", reply)
    found = failure(lambda: ecr.read_content(REPOSITORY, IMAGE.digest, LINUX))
    assert found.code == code
    assert layered.calls().count("GET") == attempts
    shown = f"{found} {found.where} {found.cause} {found.hint} {found.__cause__!r} {found.__context__!r}"
    assert "secret" not in shown


def test_a_configuration_that_comes_at_the_second_attempt(ecr, layered, known_images):
    layered.answer("GET", Reply(b"", 500), Reply(IMAGE.configuration))
    content = ecr.read_content(REPOSITORY, IMAGE.digest, LINUX)
    assert known_images.find(IMAGE.digest, LINUX) == content
    layered.asked.clear()
    assert ecr.read_content(REPOSITORY, IMAGE.digest, LINUX) == content
    assert layered.calls() == []


@pytest.mark.parametrize("answer", [{}, {"downloadUrl": ""}, {"downloadUrl": "file:///etc/passwd"}, {"downloadUrl": 3}])
def test_an_address_that_is_none(ecr, layered, answer):
    layered.answer("GetDownloadUrlForLayer", Reply(answer))
    assert failure(lambda: ecr.read_content(REPOSITORY, IMAGE.digest, LINUX)).code == "unknown-answer"
