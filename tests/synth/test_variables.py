"""Which variables a synth gets, and which count by themselves."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.synth.variables import always_counted, check_profile, is_fixed, synth_environment

GIVEN = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "own"}


def seen(environment: dict[str, str], named: tuple[str, ...] = ()) -> dict[str, str]:
    """What a synth started from this environment gets."""
    changed = {**environment, **synth_environment(environment, GIVEN, named)}
    return {name: value for name, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_SDK_LOAD_CONFIG",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_EXECUTION_ENV",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_VAULT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "LC_ALL",
        "LC_TIME",
        "LANGUAGE",
    ],
)
def test_a_synth_does_not_get(name):
    assert is_fixed(name)
    assert name not in seen({name: "a value"})
    # Unless it is named in cdk.env: then it is an input, and arrives as it is.
    assert not is_fixed(name, (name,))
    assert seen({name: "a value"}, (name,))[name] == "a value"


@pytest.mark.parametrize(
    "name",
    [
        "HOME",
        "PATH",
        "TZ",
        "NODE_OPTIONS",
        "CDK_DOCKER",
        "SIZE",
        "LANGUAGES",
        "MYAWS_PROFILE",
        "HTTPS_PROXY",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_CA_BUNDLE",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ],
)
def test_a_synth_gets_as_it_is(name):
    assert not is_fixed(name)
    assert seen({name: "a value"})[name] == "a value"


def test_the_region_and_the_keys_are_ours_whatever_is_named():
    environment = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "left over"}
    assert {k: v for k, v in seen(environment, ("AWS_REGION",)).items() if k.startswith("AWS_")} == GIVEN
    assert is_fixed("AWS_REGION")


@pytest.mark.parametrize(
    ("environment", "named", "locale"),
    [
        ({}, (), {"LANG": "C.UTF-8"}),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "fr_FR.UTF-8", "LANGUAGE": "de"}, (), {"LANG": "C.UTF-8"}),
        ({"LANG": "de_DE.UTF-8"}, ("LANG",), {"LANG": "de_DE.UTF-8"}),
        ({}, ("LANG",), {}),  # named and not set is an input, too
        ({"LC_ALL": "fr_FR.UTF-8"}, ("LC_ALL",), {"LANG": "C.UTF-8", "LC_ALL": "fr_FR.UTF-8"}),
    ],
)
def test_the_locale_is_pinned(environment, named, locale):
    assert {k: v for k, v in seen(environment, named).items() if not k.startswith("AWS_")} == locale


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("NODE_ENV", True),
        ("NODE_OPTIONS", True),
        ("NODE_PATH", True),
        ("NODE_TLS_REJECT_UNAUTHORIZED", True),
        ("NODE_ICU_DATA", True),
        ("PYTHONPATH", True),
        ("PYTHONHASHSEED", True),
        ("PYTHONOPTIMIZE", True),
        ("PYTHONUTF8", True),
        ("PYTHONUSERBASE", True),
        ("TZ", True),
        ("TZDIR", True),
        ("LD_PRELOAD", True),
        ("LD_LIBRARY_PATH", True),
        ("DYLD_INSERT_LIBRARIES", True),
        ("JSII_RUNTIME", True),
        ("JSII_NODE", True),
        ("CDK_DOCKER", True),
        ("CDK_NEW_BOOTSTRAP", True),
        ("CDK_PATH_METADATA", True),
        # Ours, or how an interpreter talks and what it caches.
        ("NODE_NO_WARNINGS", False),
        ("NODE_EXTRA_CA_CERTS", False),
        ("NODE_COMPILE_CACHE", False),
        ("PYTHONPYCACHEPREFIX", False),
        ("PYTHONDONTWRITEBYTECODE", False),
        ("PYTHONUNBUFFERED", False),
        ("CDK_VALIDATION", False),
        ("CDK_DISABLE_CLI_TELEMETRY", False),
        ("CDK_VERBOSE", False),
        ("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", False),
        ("JSII_RUNTIME_PACKAGE_CACHE_ROOT", False),
        # What a container's image says of the toolchain, which counts itself.
        ("NODE_VERSION", False),
        ("PYTHON_VERSION", False),
        ("PYTHON_SHA256", False),
        ("PYTHON_GET_PIP_URL", False),
        # An agent of Jenkins.
        ("NODE_NAME", False),
        ("NODE_LABELS", False),
        ("TZ_OF_OFFICE", False),
        ("NODE", False),
        ("HOME", False),
        ("AWS_PROFILE", False),
        ("LANG", False),
    ],
)
def test_what_counts_though_nobody_is_seen_to_read_it(name, counts):
    assert always_counted({name: "x", "SIZE": "large"}) == [name] * counts


def test_they_come_in_order():
    assert always_counted(["TZ", "NODE_ENV", "CDK_DOCKER"]) == ["CDK_DOCKER", "NODE_ENV", "TZ"]


@pytest.mark.parametrize(
    ("chosen", "told", "named", "refused"),
    [
        ("prod", "dev", "AWS_PROFILE", True),
        ("prod", "dev", "AWS_DEFAULT_PROFILE", False),  # not handed on
        ("prod", "prod", "AWS_PROFILE", False),
        (None, "dev", "AWS_PROFILE", False),
        ("prod", "", "AWS_PROFILE", False),
    ],
)
def test_a_profile_that_is_handed_on_is_the_chosen_one(chosen, told, named, refused):
    if not refused:
        check_profile(chosen, {"AWS_PROFILE": told}, (named,))
        return
    with pytest.raises(ConfigurationError) as caught:
        check_profile(chosen, {"AWS_PROFILE": told}, (named,))
    assert (caught.value.code, "AWS_PROFILE=prod" in caught.value.hint) == ("profile-contradiction", True)
