"""botocore's errors, each as the one a user can act on."""

from __future__ import annotations

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from rajee_deploy.aws import Aws, translate_errors
from rajee_deploy.errors import ConfigurationError, DeployError


def client_error(code: str) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": "words"}}, "DescribeImages")


@pytest.mark.parametrize(
    ("raised", "code", "hint"),
    [
        (exceptions.ProfileNotFound(profile="p"), "no-profile", "list-profiles"),
        (exceptions.NoCredentialsError(), "no-credentials", "sandbox start"),
        (exceptions.SSOTokenLoadError(error_msg="x"), "expired-credentials", "aws sso login --profile p"),
        (exceptions.UnauthorizedSSOTokenError(), "expired-credentials", "aws sso login --profile p"),
        (client_error("ExpiredToken"), "expired-credentials", "aws sso login --profile p"),
        (client_error("InvalidClientTokenId"), "bad-credentials", "clock"),
        (client_error("AccessDenied"), "access-denied", "permissions"),
        (client_error("Throttling"), "throttled", "again"),
        (client_error("SomethingElse"), "aws-error", ""),
        (exceptions.EndpointConnectionError(endpoint_url="u"), "aws-unreachable", "AWS_ENDPOINT_URL"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), "aws-unreachable", "AWS_ENDPOINT_URL"),
        (ResponseParserError("cut:\nb'<Value>secret-canary'"), "unknown-answer", "proxy"),
        (exceptions.ParamValidationError(report="r"), "aws-error", ""),
    ],
)
def test_errors_are_told_apart(raised, code, hint):
    with pytest.raises(DeployError) as caught, translate_errors("ecr:DescribeImages", "p"):
        raise raised
    assert caught.value.code == code
    assert hint in caught.value.hint
    assert "secret-canary" not in caught.value.cause
    assert caught.value.__cause__ is raised


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), translate_errors("x"):
        raise ZeroDivisionError


@pytest.fixture
def no_settings(monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.mark.usefixtures("no_settings")
def test_a_region_must_come_from_somewhere():
    with pytest.raises(ConfigurationError) as caught:
        _ = Aws().region
    assert caught.value.code == "no-region"


def test_the_region_of_flags_goes_before_the_environments_and_that_before_the_config_file(no_settings, monkeypatch):
    (no_settings / "config").write_text("[default]\nregion = eu-north-1\n[profile p]\nregion = eu-west-1\n")
    assert Aws().region == "eu-north-1"
    assert Aws(profile="p").region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert Aws(profile="p").region == "us-west-2"
    assert Aws(region="us-east-2").region == "us-east-2"


@pytest.mark.parametrize(
    ("profile", "environment", "key", "told"),
    [
        ("p", {}, "of-p", "p"),
        (None, {"AWS_PROFILE": "p"}, "of-p", "p"),
        (None, {"AWS_DEFAULT_PROFILE": "p"}, "of-p", "p"),
        (None, {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, "k", None),
        # boto3 takes the keys, and so does the CDK CLI.
        (None, {"AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, "k", "p"),
        # boto3 takes the profile that it was given, and the CDK CLI would take the keys.
        ("p", {"AWS_PROFILE": "q", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, "of-p", "p"),
        ("p", {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}, "of-p", "p"),
        # And of the two names each takes the other first.
        (None, {"AWS_PROFILE": "q", "AWS_DEFAULT_PROFILE": "p"}, "of-p", "p"),
    ],
)
def test_children_are_nobody_else_to_aws(no_settings, monkeypatch, profile, environment, key, told):
    """They get keys, no token of other keys, and the region of the profile."""
    for name in ("p", "q"):
        with (no_settings / "config").open("a") as file:
            file.write(f"[profile {name}]\nregion = of-{name}\naws_access_key_id = of-{name}\n")
            file.write("aws_secret_access_key = s\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    if not told:
        monkeypatch.setenv("AWS_REGION", "of-p")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = Aws(profile=profile).child_environment()
    assert {name: value for name, value in found.items() if value is not None} == {
        "AWS_REGION": "of-p",
        "AWS_DEFAULT_REGION": "of-p",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "s",
        **({"AWS_PROFILE": told} if told else {}),
    }
    assert {"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCOUNT_ID"} <= set(found)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://sts.us-east-1a.amazonaws.com/", "us-east-1a is an availability zone: the region is us-east-1"),
        ("https://sts.us-esat-1.amazonaws.com/", "the region"),
    ],
)
def test_an_address_that_nobody_has_leads_to_the_region(address, words):
    from botocore.exceptions import EndpointConnectionError

    with pytest.raises(DeployError) as caught, translate_errors("sts"):
        raise EndpointConnectionError(endpoint_url=address)
    assert (caught.value.code, words in caught.value.hint) == ("aws-unreachable", True)
