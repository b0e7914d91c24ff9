"""What the service's app takes as context, against what its tasks take. The checks are loaded as files: no CDK."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[2] / "infra" / "raja_poc"


@pytest.fixture(scope="module")
def checks():
    spec = importlib.util.spec_from_file_location("checks", INFRA / "stacks" / "checks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/{}".format
GOOD = [
    ("check_bucket", "abc"),
    ("check_bucket", "a" * 63),
    ("check_bucket", "reports-2024"),
    ("check_jwks_uri", "https://issuer.example.com/.well-known/jwks.json"),
    ("check_jwks_uri", "https://issuer:8443/keys?x=1"),
    ("check_jwks_uri", "https://issuer"),
    ("check_certificate", ARN("0a-b")),
    ("check_certificate", ARN("0a").replace("aws:", "aws-us-gov:", 1)),
]
BAD = [
    ("check_bucket", "ab"),
    ("check_bucket", "a" * 64),
    ("check_bucket", "My-Bucket"),
    ("check_bucket", "a.b.c"),
    ("check_bucket", "-abc"),
    ("check_bucket", "abc-"),
    ("check_bucket", "s3://abc"),
    ("check_bucket", "abc/"),
    ("check_bucket", "xn--abc"),
    ("check_bucket", "abc-s3alias"),
    ("check_bucket", "abc\n"),
    ("check_bucket", "arn:aws:s3:::abc"),
    ("check_jwks_uri", "http://issuer/keys"),
    ("check_jwks_uri", "issuer/keys"),
    ("check_jwks_uri", "https://"),
    ("check_jwks_uri", "https:///keys"),
    ("check_jwks_uri", "https://issuer:0/"),
    ("check_jwks_uri", "https://issuer:x/"),
    ("check_jwks_uri", "https://issuer:70000/"),
    ("check_jwks_uri", "https://user@issuer/"),
    ("check_jwks_uri", "https://issuer/a b"),
    ("check_jwks_uri", "HTTPS://issuer/"),
    ("check_jwks_uri", "https://i/#a"),
    ("check_certificate", "arn:aws:acm:::certificate/x"),
    ("check_certificate", "arn:aws:iam::123456789012:role/x"),
    ("check_certificate", ARN("")),
    ("check_certificate", ARN("x y")),
    ("check_certificate", "8c2b"),
]


@pytest.mark.parametrize(("check", "value"), GOOD)
def test_what_is_taken(checks, check, value):
    assert getattr(checks, check)(value) == value


@pytest.mark.parametrize(("check", "value"), BAD)
def test_what_is_refused_is_named_with_what_it_has_to_be(checks, check, value):
    with pytest.raises(ValueError, match="has to be") as caught:
        getattr(checks, check)(value)
    assert repr(value) in str(caught.value)
    assert "cdk -c" in str(caught.value)


@pytest.mark.parametrize("value", ["a b", "a|b", "a'b", "ä", "a\n"])
def test_an_issuer_is_what_the_task_takes(checks, value):
    with pytest.raises(ValueError, match="jwtIssuer"):
        checks.check_words("jwtIssuer", value)


def test_the_characters_are_those_of_the_entrypoint(checks):
    told = re.search(r"URI_CHARACTERS='(.*)'", (INFRA / "assets" / "envoy" / "entrypoint.sh").read_text())
    assert f"[{told[1]}]+" == checks.URI_CHARACTERS


@pytest.mark.parametrize(("check", "value"), [one for one in GOOD if one[0] == "check_jwks_uri"])
def test_the_entrypoint_takes_what_synth_takes(entrypoint, check, value):
    assert check
    ended = entrypoint(
        "render", AWS_REGION="eu-west-1", S3_BUCKET="reports", JWT_ISSUER="https://issuer/", JWKS_URI=value
    )
    assert ended.returncode == 0, ended.stderr
