"""What a child gets that is to look nothing up: the same as boto3 found, in variables."""

from __future__ import annotations

import json
import os

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError

REGION = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def files(monkeypatch, tmp_path):
    """AWS's two files, empty, and no variable beside."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("token", [{}, {"AWS_SESSION_TOKEN": "token"}])
def test_keys_of_the_environment(monkeypatch, token):
    for name, value in {**KEYS, **token}.items():
        monkeypatch.setenv(name, value)
    assert Aws().resolved_environment() == {**REGION, **KEYS, **token}


@pytest.mark.parametrize("more", [{}, {"AWS_MAX_ATTEMPTS": "2"}], ids=["short", "boto3"])
def test_keys_of_the_environment_go_before_its_profile(files, monkeypatch, more):
    (files / "credentials").write_text("[p]\naws_access_key_id = other\naws_secret_access_key = other\n")
    for name, value in {**KEYS, **more, "AWS_PROFILE": "p"}.items():
        monkeypatch.setenv(name, value)
    assert Aws().resolved_environment() == {**REGION, **KEYS}
    assert Aws(profile="p").resolved_environment()["AWS_ACCESS_KEY_ID"] == "other"


def test_keys_of_a_profile(files):
    (files / "credentials").write_text("[p]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    assert Aws(profile="p").resolved_environment() == {**REGION, **KEYS}


def test_keys_that_have_to_be_fetched_and_what_else_a_profile_says(files):
    """A program stands for SSO and roles: boto3 asks it, as it asks those."""
    told = {"Version": 1, "AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": "token"}
    (files / "told").write_text(json.dumps(told))
    (files / "config").write_text(
        f"""
        [profile p]
        credential_process = cat {files / "told"}
        ca_bundle = /etc/authorities.pem
        endpoint_url = http://127.0.0.1:9
        services = own
        [services own]
        s3 =
          endpoint_url = http://127.0.0.1:10
    """.replace("\n        ", "\n")
    )
    assert Aws(profile="p").resolved_environment() == {
        **REGION,
        **KEYS,
        "AWS_SESSION_TOKEN": "token",
        "AWS_CA_BUNDLE": "/etc/authorities.pem",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:10",
    }


def test_endpoints_of_the_environment_go_before_the_profiles(files, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:11")
    (files / "config").write_text("[profile p]\nendpoint_url = http://127.0.0.1:9\n")
    assert Aws(profile="p").resolved_environment() == REGION  # the variable itself is handed on


@pytest.mark.usefixtures("files")
def test_nobody_has_keys():
    assert Aws().resolved_environment() == REGION


def test_keys_that_cannot_be_fetched_are_an_error(files):
    (files / "config").write_text("[profile p]\ncredential_process = false\n")
    with pytest.raises(DeployError):
        Aws(profile="p").resolved_environment()
