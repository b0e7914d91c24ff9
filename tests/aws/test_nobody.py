"""Nobody has a region and no keys, and a program that is started for nobody looks for none."""

from __future__ import annotations

import pytest

from rajee_deploy.aws.nobody import Nobody

NO_LOOK = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(autouse=True)
def _none(tmp_path, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")


def test_without_a_region():
    assert Nobody().resolved_environment() == NO_LOOK


def test_the_region_in_force_is_told(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    region = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert Nobody().resolved_environment() == {**NO_LOOK, **region}
    other = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    assert Nobody(None, "us-east-1").resolved_environment() == {**NO_LOOK, **other}
