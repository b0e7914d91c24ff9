"""What is buildah's alone: bases that add to a build, and what it would get wrong without a word."""

from __future__ import annotations

import subprocess

import pytest

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Platform
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.settings.build_settings import BuildSettings, Provenance

pytestmark = pytest.mark.docker

ACCESS = PushAccess("localhost:9/team/app", "AWS", "x")
AMD64 = Platform.parse("linux/amd64")


@pytest.fixture
def base(tmp_path):
    """Makes a local base image of Dockerfile lines; removes it afterwards."""
    made = []

    def make(*lines: str) -> str:
        name = f"localhost/rajee-test-{tmp_path.name.replace('_', '-').lower()}:1"
        (tmp_path / "x").write_text("x")
        (tmp_path / "Dockerfile").write_text("\n".join(("FROM scratch", "COPY x /x", *lines)))
        command = ["buildah", "build", "--quiet", "--isolation=chroot", "--format=docker", "--tag", name, str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        made.append(name)
        return name

    yield make
    for name in made:
        subprocess.run(["buildah", "rmi", "--force", name], check=True, capture_output=True)


def no_registry() -> BaseConfig:
    raise AssertionError("buildah has fetched the image: nobody else is asked")


@pytest.mark.parametrize(
    ("lines", "config"),
    [
        ((), BaseConfig()),
        (
            ("ENV P=a", "ONBUILD ENV A=1", "ONBUILD COPY . /app"),
            BaseConfig((("P", "a"),), ("ENV A=1", "COPY . /app")),
        ),
    ],
)
def test_what_a_base_has(base, lines, config):
    found = Buildah().base_config(base(*lines), AMD64, ACCESS, no_registry)
    own = tuple(pair for pair in found.env if pair[0] != "PATH")
    assert found._replace(env=own) == config


def test_a_base_that_is_not_there():
    with pytest.raises(DeployError) as caught:
        Buildah().base_config("localhost:9/none:1", AMD64, ACCESS, no_registry)
    assert caught.value.code == "base-unknown"
    assert "localhost:9" in caught.value.cause


@pytest.mark.parametrize(
    "given", [{"settings": BuildSettings(provenance=Provenance.MIN)}, {"labels": {"price": "5 $US"}}]
)
@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_what_it_would_get_wrong_is_refused(rig, given):
    with pytest.raises(DeployError) as caught:
        rig.build("FROM scratch", "COPY app /app", **given)
    assert caught.value.code == "engine-cannot"


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("COPY --not-a-flag app /app", "dockerfile-syntax"),
        ("COPY --exclude=x app /app", "engine-cannot"),
        ("COPY --chmod=u+x app /app", "build-failed"),
    ],
)
def test_a_flag_that_it_does_not_know_fails_loudly(rig, line, code):
    with pytest.raises(DeployError) as caught:
        rig.build("FROM scratch", line)
    assert (caught.value.code, caught.value.where) == (code, "docker/api.Dockerfile:2")


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_a_value_that_is_private_is_not_shown_in_plain_words(rig):
    rig.build("FROM scratch", "ARG M", "ENV A=$M", "COPY app /$M/", build_args={"M": 'a "p$rivate\\value'})
    assert "rivate" not in rig.said()


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_a_line_that_fails_is_the_users_own(rig):
    lines = (
        "ARG V=1",
        "FROM scratch AS base",
        "ARG V",
        "COPY <<E /e",
        "x",
        "E",
        "WORKDIR /w",
        "FROM base",
        "COPY nope /",
    )
    with pytest.raises(DeployError) as caught:
        rig.build(*lines)
    assert caught.value.where == "docker/api.Dockerfile:9"
