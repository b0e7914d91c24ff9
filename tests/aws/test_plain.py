"""Which settings are plain; and what is plain is what boto3 makes of the same settings."""

from __future__ import annotations

import re
import ssl
import subprocess
from itertools import product

import boto3
import botocore.session
import pytest
from aws_answers import CALLS, ask, reply, short
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from rajee_deploy.aws import SHORT_CALLS, Aws
from rajee_deploy.aws.short.plain import _COMMERCIAL, plain_settings

OWN = "aws_access_key_id = AKIAOWN\naws_secret_access_key = own\n"
SHARED = "aws_access_key_id = AKIASHARED\naws_secret_access_key = shared\naws_session_token = t\n"
CONFIGS = [
    "",
    "[default]\nregion = eu-north-1\n",
    f"[default]\n{OWN}[profile p]\nregion = eu-west-1\n{OWN}",
    "[profile p]\nregion = eu-west-1\n",
]
CREDENTIALS = ["", f"[p]\n{SHARED}", f"[default]\n{SHARED}[p]\n{SHARED}"]
VARIABLES = [
    {},
    {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"},
    {
        "AWS_ACCESS_KEY_ID": "AKIAENV",
        "AWS_SECRET_ACCESS_KEY": "env",
        "AWS_SESSION_TOKEN": "s",
        "AWS_REGION": "us-west-2",
    },
    {"AWS_PROFILE": "p", "AWS_DEFAULT_REGION": "us-west-1"},
    {"AWS_DEFAULT_PROFILE": "p", "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"},
    {"AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"},
]


def write(home, config: str, credentials: str) -> None:
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)


def test_what_is_plain_is_what_boto3_makes_of_it(clean, monkeypatch):
    """Every mixture of files, variables, profile and region: the same keys and the same region, or none."""
    plain = 0
    for config, credentials, variables in product(CONFIGS, CREDENTIALS, VARIABLES):
        write(clean, config, credentials)
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            for profile, region in product((None, "p"), (None, "ap-south-1")):
                found = plain_settings(profile, region)
                if found is None:
                    continue
                plain += 1
                session = Aws(profile, region)._opened()
                keys = session.get_credentials().get_frozen_credentials()
                assert (found.keys, found.region) == (tuple(keys)[:3], session.region_name)
    assert plain > len(CONFIGS) * len(CREDENTIALS) * len(VARIABLES)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
        ("ALL_PROXY", "socks5://h:1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c"),
        ("AWS_CREDENTIAL_EXPIRATION", "2026-01-01T00:00:00Z"),
        ("AWS_SECURITY_TOKEN", "t"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ("AWS_DATA_PATH", "/d"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_SOMETHING_NEW", "1"),
        ("BOTOCORE_EXPERIMENTAL__PLUGINS", "p"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/path"),
        ("AWS_ENDPOINT_URL", "http://u:p@127.0.0.1"),
        ("AWS_ENDPOINT_URL_ECR", "127.0.0.1"),
        ("AWS_ENDPOINT_URL", "http://["),
        ("AWS_REGION", "cn-north-1"),
        ("AWS_REGION", "us-gov-west-1"),
        ("AWS_REGION", "aws-global"),
        ("AWS_REGION", "us-iso-east-1"),
        ("AWS_REGION", ""),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_CA_BUNDLE", ""),
        ("REQUESTS_CA_BUNDLE", ""),
        ("AWS_PROFILE", "nobody"),
        ("AWS_ACCESS_KEY_ID", ""),
    ],
)
def test_whatever_else_is_set_is_left_to_boto3(monkeypatch, name, value):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert plain_settings(None, None) is not None
    monkeypatch.setenv(name, value)
    assert plain_settings(None, None) is None


@pytest.mark.usefixtures("clean")
def test_half_of_the_keys_and_two_names_of_profiles_are_left_to_boto3(clean, monkeypatch):
    write(clean, f"[default]\n{OWN}[profile p]\n{OWN}[profile q]\n{OWN}", "")
    assert plain_settings(None, "eu-west-1") is not None
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "x")
            assert plain_settings(None, "eu-west-1") is None
    monkeypatch.setenv("AWS_PROFILE", "p")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "q")
    assert plain_settings(None, "eu-west-1") is None


@pytest.mark.parametrize(
    "more",
    [
        "sso_session = s",
        "role_arn = arn:aws:iam::1:role/r",
        "source_profile = q",
        "credential_process = /bin/true",
        "ca_bundle = /ca",
        "endpoint_url = http://127.0.0.1:1",
        "services = s",
        "use_fips_endpoint = true",
        "defaults_mode = standard",
        "sigv4a_signing_region_set = *",
        "retry_mode = adaptive",
        "something_new = 1",
        "web_identity_token_file = /t",
        "credential_source = Environment",
        "aws_access_key_id =",
    ],
)
def test_a_profile_that_says_more_is_left_to_boto3(clean, more):
    write(clean, f"[profile p]\nregion = eu-west-1\n{more}\n", "")
    if "aws_access_key_id" not in more:
        write(clean, f"[profile p]\nregion = eu-west-1\n{OWN}{more}\n", "")
    assert plain_settings("p", None) is None
    write(clean, f"[profile p]\nregion = eu-west-1\n{OWN}", "")
    assert plain_settings("p", None) is not None


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("text", ["no section", "[default\n", "[plugins]\na = b\n"])
def test_files_that_cannot_be_read_are_left_to_boto3(clean, text):
    write(clean, text, "")
    assert plain_settings(None, "eu-west-1") is None


@pytest.mark.usefixtures("keys")
def test_models_of_ones_own_are_left_to_boto3(clean):
    (clean / ".aws" / "models").mkdir()
    assert plain_settings(None, "eu-west-1") is None


@pytest.mark.parametrize("service", SHORT_CALLS)
@pytest.mark.usefixtures("clean")
def test_hosts_are_those_of_botocores_own_rules_in_every_region_that_it_knows(service, monkeypatch):
    """And the pattern of regions takes none of another partition."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    plain = plain_settings(None, "eu-west-1")
    loader = Loader()
    partitions = loader.load_data("partitions")
    rules = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    # Both what the rules know, and what the older list of endpoints does.
    regions = {region for one in partitions["partitions"] for region in one["regions"]} | {
        region for one in loader.load_data("endpoints")["partitions"] for region in one["regions"]
    }
    short_ones = 0
    for region in sorted(regions):
        found = plain.endpoint(service, region)
        if found is not None:
            short_ones += 1
            assert found == rules.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False).url
    commercial = next(one for one in partitions["partitions"] if one["id"] == "aws")
    assert short_ones == len([region for region in commercial["regions"] if region != "aws-global"])
    assert f"^{_COMMERCIAL.pattern}$".replace("-", r"\-") == commercial["regionRegex"]


@pytest.mark.usefixtures("clean")
def test_signed_for_the_service_and_region_that_a_client_signs_for(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    session = boto3.Session(botocore_session=botocore.session.get_session(), region_name="eu-west-1")
    for service in SHORT_CALLS:
        client = session.client(service)
        signer = client._request_signer
        assert (signer.signing_name, signer.region_name, signer.signature_version) == (service, "eu-west-1", "v4")
        assert client.meta.endpoint_url == plain_settings(None, "eu-west-1").endpoint(service, "eu-west-1")
        assert client.meta.service_model.metadata["protocol"] in ("query", "json", "rest-json")


# -- certificates ---------------------------------------------------------------------------------------------------


@pytest.fixture
def tls(raw, tmp_path):
    """The server with a certificate for 127.0.0.1 of its own; the file that vouches for it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=test",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(new, check=True, capture_output=True)
    raw.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    raw.tls.load_cert_chain(certificate, key)
    raw.replies = [reply(CALLS[0][3])]
    raw.url = raw.url.replace("http:", "https:")
    return certificate


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_is_believed_where_boto3_does(tls, raw, monkeypatch, variable):
    monkeypatch.setenv("AWS_ENDPOINT_URL", raw.url)
    assert ask(short(), CALLS[0]) is None  # nobody vouches for it
    monkeypatch.setenv(variable, str(tls))
    assert ask(short(), CALLS[0]) is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", raw.url.replace("127.0.0.1", "localhost"))
    assert ask(short(), CALLS[0]) is None  # not this name
    monkeypatch.setenv(variable, "/nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", raw.url)
    assert ask(short(), CALLS[0]) is None
    assert re.search(r"^https", raw.url)
    assert len(raw.requests) == 1, "nothing is said to somebody who is not believed"
