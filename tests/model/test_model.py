"""The nouns, parsed once at the border."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import Digest, Location, Platform, is_local_context, parse_platforms
from rajee_deploy.model.repository import ImageName, PushAccess, Repository

HEX = "0123456789abcdef" * 4


def test_a_digest_is_read_and_written():
    assert Digest.parse(f"sha256:{HEX}") == Digest("sha256", HEX)
    assert str(Digest("sha256", HEX)) == f"sha256:{HEX}"


@pytest.mark.parametrize(
    "text",
    ["", HEX, f"sha256:{HEX[1:]}", f"sha256:{HEX}0", f"sha512:{HEX}", f"sha256:{HEX.upper()}", f"sha256:{HEX}\n"],
)
def test_what_is_no_digest_is_refused(text):
    with pytest.raises(ValueError, match="not a sha256 digest"):
        Digest.parse(text)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        (" Linux/AMD64 ", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("linux/x86-64", Platform("linux", "amd64")),
        ("linux/amd64/v1", Platform("linux", "amd64")),
        ("linux/amd64/v2", Platform("linux", "amd64", "v2")),
        ("linux/aarch64", Platform("linux", "arm64")),
        ("linux/arm64/v8", Platform("linux", "arm64")),
        ("linux/arm64/8", Platform("linux", "arm64")),
        ("linux/arm64/v9", Platform("linux", "arm64", "v9")),
        ("linux/arm", Platform("linux", "arm", "v7")),
        ("linux/arm/7", Platform("linux", "arm", "v7")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
        ("linux/arm/v6", Platform("linux", "arm", "v6")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("linux/arm/v8", Platform("linux", "arm", "v8")),
        ("linux/s390x/v1", Platform("linux", "s390x", "v1")),
        ("linux/riscv64/7", Platform("linux", "riscv64", "7")),
        ("windows/amd64", Platform("windows", "amd64")),
        ("linux", None),
        ("linux/", None),
        ("/amd64", None),
        ("linux/arm/v7/x", None),
        ("linux/a b", None),
        ("", None),
    ],
)
def test_platforms_are_normalised_as_containerd_does(text, platform):
    if platform is None:
        with pytest.raises(ConfigurationError) as caught:
            Platform.parse(text)
        assert caught.value.code == "bad-platform"
    else:
        assert Platform.parse(text) == platform
        assert Platform.parse(str(platform)) == platform


def test_platforms_are_a_sorted_set():
    assert [str(each) for each in parse_platforms(["linux/s390x,linux/arm64", "linux/amd64", "linux/aarch64"])] == [
        "linux/amd64",
        "linux/arm64",
        "linux/s390x",
    ]


HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "name", "host", "account", "region"),
    [
        ("app", "app", "", "", ""),
        ("team/app", "team/app", "", "", ""),
        (f"{HOST}/team/app", "team/app", HOST, "123456789012", "eu-west-1"),
        (
            "123456789012.dkr-ecr.us-east-1.on.aws/app",
            "app",
            "123456789012.dkr-ecr.us-east-1.on.aws",
            "123456789012",
            "us-east-1",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app",
            "app",
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "123456789012",
            "us-gov-west-1",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app",
            "app",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "123456789012",
            "cn-north-1",
        ),
    ],
)
def test_repositories(text, name, host, account, region):
    found = Repository.parse(text)
    assert (found.name, found.host, found.account, found.region, str(found)) == (name, host, account, region, text)


@pytest.mark.parametrize("text", ["", "Team/app", "/app", "app/", "a..b", "docker.io:443/app", f"{HOST}", "x.dkr/app"])
def test_what_is_no_repository_is_refused(text):
    with pytest.raises(ValueError, match="not an ECR repository"):
        Repository.parse(text)


@pytest.mark.parametrize(
    ("image", "version", "text"),
    [
        (ImageName("h:1", "a/b"), "latest", "h:1/a/b:latest"),
        (ImageName("h:1", "a/b", "1"), "1", "h:1/a/b:1"),
        (ImageName("h:1", "a/b", "1", "sha256:x"), "sha256:x", "h:1/a/b@sha256:x"),
    ],
)
def test_image_names(image, version, text):
    assert (image.version, str(image)) == (version, text)


@pytest.mark.parametrize(
    ("reference", "local"),
    [
        ("/srv/x", True),
        ("../x", True),
        ("docker-image://x", False),
        ("https://h/x", False),
        ("git@h:x", False),
        ("x/git@h", True),
    ],
)
def test_which_named_contexts_are_directories(reference, local):
    assert is_local_context(reference) is local


def test_small_things():
    assert str(Location("Dockerfile", 3, 5)) == "Dockerfile:3"
    access = PushAccess("host:5000/team/app", "AWS", "hunter2")
    assert access.host == "host:5000"
    assert "hunter2" not in repr(access)
