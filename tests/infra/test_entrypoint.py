"""The image's entrypoint: what it renders, what it refuses, and what the real Envoy says to the result."""

from __future__ import annotations

import itertools

import pytest
import yaml

S3 = {"AWS_REGION": "eu-central-1", "S3_BUCKET": "reports"}
AUTH = {"JWT_ISSUER": "https://issuer.example.com/", "JWKS_URI": "https://keys.example.com:8443/a/jwks.json?v=1"}
AUTH_CASES = {
    "auth": AUTH,
    "auth and audience": AUTH | {"JWT_AUDIENCE": "rajee"},
    "auth off": {"AUTH_DISABLED": "true"},
}
LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")


def filters(rendered: str) -> dict:
    """The HTTP filters of the proxy listener by name, in order."""
    (proxy, _) = yaml.safe_load(rendered)["static_resources"]["listeners"]
    manager = proxy["filter_chains"][0]["filters"][0]["typed_config"]
    return {one["name"].rpartition(".")[2]: one["typed_config"] for one in manager["http_filters"]}


@pytest.mark.parametrize(("case", "level"), list(itertools.product(AUTH_CASES, LEVELS)))
def test_the_real_envoy_accepts_every_combination(entrypoint, case, level):
    run = entrypoint("--mode", "validate", **S3, **AUTH_CASES[case], ENVOY_LOG_LEVEL=level)
    assert run.returncode == 0, run.stderr
    assert "OK" in run.stdout
    assert "deprecated" not in run.stderr


@pytest.mark.parametrize(
    "options",
    [{"ENVOY_ADMIN_ADDRESS": "0.0.0.0"}, {"AUTH_DISABLED": "false"}],  # noqa: S104 -- what compose.yaml sets
)
def test_the_real_envoy_accepts_the_other_options(entrypoint, options):
    assert entrypoint("--mode", "validate", **S3, **AUTH, **options).returncode == 0


def test_authentication_comes_first_and_signing_last(entrypoint):
    names = list(filters(entrypoint("render", **S3, **AUTH).stdout))
    assert names == ["jwt_authn", "header_mutation", "aws_request_signing", "router"]


@pytest.mark.parametrize(
    ("environment", "audiences"), [(AUTH, None), (AUTH | {"JWT_AUDIENCE": "rajee"}, ["rajee"])], ids=["any", "one"]
)
def test_issuer_keys_and_audience(entrypoint, environment, audiences):
    provider = filters(entrypoint("render", **S3, **environment).stdout)["jwt_authn"]["providers"]["issuer"]
    assert provider["issuer"] == AUTH["JWT_ISSUER"]
    assert provider["remote_jwks"]["http_uri"]["uri"] == AUTH["JWKS_URI"]
    assert provider.get("audiences") == audiences


@pytest.mark.parametrize(
    ("uri", "endpoint"),
    [
        ("https://keys.example.com/jwks", ("keys.example.com", 443)),
        ("https://keys.example.com", ("keys.example.com", 443)),
        ("https://keys.example.com:8443?x=1", ("keys.example.com", 8443)),
    ],
)
def test_the_keys_are_fetched_from_the_host_of_their_uri(entrypoint, uri, endpoint):
    rendered = entrypoint("render", **S3, **(AUTH | {"JWKS_URI": uri})).stdout
    clusters = {one["name"]: one for one in yaml.safe_load(rendered)["static_resources"]["clusters"]}
    address = clusters["jwks"]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
    assert (address["socket_address"]["address"], address["socket_address"]["port_value"]) == endpoint


def test_turning_authentication_off_is_said_and_leaves_the_rest(entrypoint):
    off = entrypoint("render", **S3, AUTH_DISABLED="true")
    assert "AUTH_DISABLED=true" in off.stderr
    assert list(filters(off.stdout)) == ["header_mutation", "aws_request_signing", "router"]
    assert [one["name"] for one in yaml.safe_load(off.stdout)["static_resources"]["clusters"]] == ["s3"]


def test_admin_stays_on_the_loopback_address_unless_told(entrypoint):
    admin = yaml.safe_load(entrypoint("render", **S3, **AUTH).stdout)["admin"]["address"]["socket_address"]
    assert admin == {"address": "127.0.0.1", "port_value": 9901}


def without(name):
    return {key: value for key, value in (S3 | AUTH).items() if key != name}


REFUSED = {
    "no region": (without("AWS_REGION"), "AWS_REGION is not set"),
    "no bucket": (without("S3_BUCKET"), "S3_BUCKET is not set"),
    "no issuer": (without("JWT_ISSUER"), "JWT_ISSUER is not set"),
    "no keys": (without("JWKS_URI"), "JWKS_URI is not set"),
    "empty issuer": (S3 | AUTH | {"JWT_ISSUER": ""}, "JWT_ISSUER is not set"),
    "half a wish": (S3 | {"AUTH_DISABLED": "yes"}, "AUTH_DISABLED must be true or false"),
    "wrong case": (S3 | {"AUTH_DISABLED": "True"}, "AUTH_DISABLED must be true or false"),
    "empty means on": (S3 | {"AUTH_DISABLED": ""}, "JWT_ISSUER is not set"),
    "plain http": (S3 | AUTH | {"JWKS_URI": "http://keys.example.com/"}, "JWKS_URI must begin with https://"),
    "no host": (S3 | AUTH | {"JWKS_URI": "https:///jwks"}, "jwks_host is not set"),
    "bad port": (S3 | AUTH | {"JWKS_URI": "https://a:b/"}, "jwks_port has a character"),
    "bucket with dots": (S3 | AUTH | {"S3_BUCKET": "a.b"}, "S3_BUCKET has a character"),
    "level": (S3 | AUTH | {"ENVOY_LOG_LEVEL": "verbose"}, "ENVOY_LOG_LEVEL must be"),
    "quote": (S3 | AUTH | {"JWT_ISSUER": 'x"'}, "JWT_ISSUER has a character"),
    "sed": (S3 | AUTH | {"JWT_ISSUER": "x|g;d"}, "JWT_ISSUER has a character"),
    "newline": (S3 | AUTH | {"JWT_ISSUER": "x\ny"}, "JWT_ISSUER has a character"),
    "audience": (S3 | AUTH | {"JWT_AUDIENCE": "a&b"}, "JWT_AUDIENCE has a character"),
    "admin": (S3 | AUTH | {"ENVOY_ADMIN_ADDRESS": "any host"}, "ENVOY_ADMIN_ADDRESS has a character"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_missing_or_malformed_ends_the_start(entrypoint, case):
    environment, said = REFUSED[case]
    run = entrypoint("render", **environment)
    assert (run.returncode, run.stdout) == (64, "")
    assert said in run.stderr


def test_a_template_with_an_unknown_placeholder_ends_the_start(entrypoint, tmp_path):
    template = tmp_path / "envoy.yaml"
    template.write_text("admin: @SOMETHING@\n")
    run = entrypoint("render", **S3, **AUTH, ENVOY_TEMPLATE=str(template))
    assert run.returncode == 64
    assert "placeholder" in run.stderr


def test_a_missing_template_ends_the_start(entrypoint, tmp_path):
    assert entrypoint("render", **S3, **AUTH, ENVOY_TEMPLATE=str(tmp_path / "none")).returncode != 0
