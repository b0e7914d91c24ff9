"""Foreign platforms and the machine that builds, against the real BuildKit: `FROM scratch` needs no emulation."""

from __future__ import annotations

import itertools
import subprocess
import uuid
from contextlib import ExitStack

import pytest
from conformance.builds import build
from sampled import some

from rajee_deploy.context import Modes, stage_context
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.engine.image_store import has_classic_store
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.triggers import base_images
from rajee_deploy.model import BUILD_PLATFORM, Platform
from rajee_deploy.settings import ImageSettings
from rajee_deploy.settings.build_settings import EngineSettings

pytestmark = pytest.mark.docker

FILES = ("app-386", "app-amd64", "app-arm", "app-arm64", "app-v6", "app-v7", "app-", "other")
SAYS = (
    "ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT\n"
    "COPY <<E /says\n$TARGETPLATFORM $TARGETOS/$TARGETARCH/$TARGETVARIANT\nE\n"
)


@pytest.fixture
def place(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text(name)
    return tmp_path


def read(place, text, platform, args=None):
    (place / "Dockerfile").write_text(text)
    image = ImageSettings("app", place, place / "Dockerfile", "", (Platform.parse(platform),), build_args=args or {})
    return read_inputs(image, Modes.EXACT)


def plain(place, text, platform, args=None):
    """What BuildKit makes of the directory itself."""
    (place / "Dockerfile").write_text(text)
    return build(place, place / "Dockerfile", args=args or {}, named=None, image=place / ".tar", platform=platform)


def ours(place, text, platform, args=None):
    """What it makes of our private copy."""
    inputs = read(place, text, platform, args)
    with ExitStack() as stack:
        copy = stack.enter_context(stage_context(inputs.selections[""], inputs.dockerfile))
        return build(
            copy.directory,
            copy.dockerfile,
            args=args or {},
            named=None,
            image=place / ".tar",
            platform=str(inputs.options.platform),
        )


def files(built):
    assert not built.error
    return {name: content for name, (_, _, _, content) in built.image.items() if content is not None}


@pytest.mark.parametrize(
    "written",
    some(
        "platforms as docker names them",
        [
            "linux/i386",
            "linux/386",
            "linux/x86_64",
            "linux/x86-64",
            "linux/amd64/v1",
            "linux/amd64/v2",
            "linux/aarch64",
            "linux/arm64/v8",
            "linux/arm64/8",
            "linux/arm",
            "linux/arm/6",
            "linux/arm/v6",
            "linux/arm/5",
            "linux/arm/8",
            "linux/armel",
            "linux/armhf",
            "linux/armhf/v6",
            "linux/armel/v7",
            "linux/i386/v7",
            "Linux/ARM64",
            "linux/riscv64",
        ],
        7,
    ),
)
def test_a_platform_is_named_as_docker_names_it(written, place):
    text = f"FROM scratch\n{SAYS}COPY app-$TARGETARCH* /d/\nCOPY app-$TARGETVARIANT* /v/\n"
    theirs = files(plain(place, text, written))
    mine = Platform.parse(written)
    assert theirs["says"].decode().split() == [str(mine), f"{mine.os}/{mine.architecture}/{mine.variant}"]
    assert files(ours(place, text, written)) == theirs


LOOKED_FOR = [
    "ARG BUILDARCH\nCOPY app-$BUILDARCH* /d/",
    "ARG BUILDARCH\nCOPY app-$BUILDARCH /d/",
    "ARG BUILDPLATFORM\nCOPY app-${BUILDPLATFORM#linux/} /d/",
    "ARG BUILDVARIANT\nCOPY app-$BUILDVARIANT /d/",
    "ARG BUILDARCH\nENV A=$BUILDARCH\nARG B=app-$A\nADD $B* /d/",
    "ARG BUILDARCH\nCOPY app-${BUILDARCH/amd64/386} /d/",
]


@pytest.mark.parametrize(
    ("lines", "platform"),
    some(
        "what another machine looks for",
        itertools.product(LOOKED_FOR, ["linux/arm64", "linux/amd64", "linux/arm/v6"]),
        4,
    ),
)
def test_the_machine_finds_what_it_looks_for(lines, platform, place):
    """In the private copy as in the directory itself; and whatever it may look for counts, of all machines."""
    text = f"FROM scratch\n{lines}\n"
    assert files(ours(place, text, platform)) == files(plain(place, text, platform)) != {}
    before = read(place, text, platform).fingerprint
    for name in ("app-amd64", "app-arm64"):
        (place / name).write_text("edited")
        after = read(place, text, platform).fingerprint
        assert (after.tag != before.tag, after.precision) == (True, "superset")
        before = after


def test_a_given_value_goes_before_the_machines(place):
    text, args = "FROM scratch\nARG BUILDARCH\nCOPY app-$BUILDARCH /d\n", {"BUILDARCH": "arm64"}
    assert (
        files(plain(place, text, "linux/arm64", args))
        == {"d": b"app-arm64"}
        == files(ours(place, text, "linux/arm64", args))
    )
    assert read(place, text, "linux/arm64", args).fingerprint.precision == "exact"


def test_the_stage_that_the_machine_chooses_is_there(place):
    text = (
        "FROM scratch AS t-amd64\nCOPY app-amd64 /t\nFROM scratch AS t-arm64\nCOPY app-arm64 /t\n"
        "FROM t-$BUILDARCH AS t\nFROM scratch\nCOPY --from=t / /\n"
    )
    assert files(ours(place, text, "linux/arm64")) == files(plain(place, text, "linux/arm64"))
    assert files(plain(place, text, "linux/arm64"))["t"] == f"app-{Buildx().platform().architecture}".encode()


@pytest.fixture
def native(place):
    """An image that the engine has for its own platform alone."""
    name = f"rajee-test-native:{uuid.uuid4().hex}"
    (place / "Dockerfile").write_text("FROM scratch\nENV P=other\nCOPY app-arm /base\n")
    argv = ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", name, str(place)]
    subprocess.run(argv, check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], check=True, capture_output=True)


@pytest.mark.parametrize("written", ["$BUILDPLATFORM", "linux", "linux/$BUILDARCH", "$TARGETPLATFORM", "linux/arm64"])
def test_a_base_for_the_machine_alone(written, place, native):
    """It is taken where the stage is the machine's, whatever the image is for, and only there; so says the recipe."""
    text = f"FROM --platform={written} {native} AS s\nFROM scratch\n{SAYS}COPY --from=s /base /base\n"
    is_the_machines = "TARGET" not in written and "arm64" not in written
    inputs = read(place, text, "linux/arm64")
    assert [base_images(inputs)[0][1] is None, inputs.recipe.references[0].platform == BUILD_PLATFORM] == [
        is_the_machines
    ] * 2
    built = plain(place, text, "linux/arm64")
    # With containerd's store BuildKit takes an image of another platform too, and warns.
    assert bool(built.error) == (not is_the_machines and has_classic_store(EngineSettings()))
    if is_the_machines:
        assert files(built)["says"].split()[0] == b"linux/arm64"


def test_the_machine_is_asked_as_buildkit_asks(place):
    built = plain(place, "FROM scratch\nARG BUILDPLATFORM\nCOPY <<E /says\n$BUILDPLATFORM\nE\n", "linux/arm64")
    assert files(built)["says"].decode().strip() == str(Buildx().platform())
