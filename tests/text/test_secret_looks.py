"""Which build arguments may travel in a template: none that may be a secret."""

from __future__ import annotations

import pytest

from rajee_deploy.text.secret_looks import may_be_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NPM_TOKEN", "x"),
        ("GH_PAT", "x"),
        ("DB_PWD", "x"),
        ("SIGNING_KEY", "x"),
        ("SENTRY_DSN", "x"),
        ("INDEX", "https://user:word@pypi.example/simple"),
        ("INDEX", "https://pypi.example/simple?sig=abc"),
        ("A", "ghp_abc"),
        ("A", "AKIAIOSFODNN7EXAMPLE"),
        ("A", "-----BEGIN RSA"),
        ("A", "0123456789abcdef0123456789abcdef"),
    ],
)
def test_what_may_be_a_secret(name, value):
    assert may_be_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTHON_VERSION", "3.11-slim"),
        ("PATH_PREFIX", "/usr/local/bin"),
        ("DIR", "packages/services/api-gateway/src/main"),
        ("BASE", "public.ecr.aws/docker/library/python:3.12"),
        ("INDEX", "https://packages.example.com/simple"),
    ],
)
def test_what_is_none(name, value):
    assert not may_be_secret(name, value)
