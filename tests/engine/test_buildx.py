"""buildx on a real engine: what base images add to a build."""

from __future__ import annotations

import subprocess

import pytest
from engines import second_engine

from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Platform
from rajee_deploy.model.repository import PushAccess

pytestmark = pytest.mark.docker

ACCESS = PushAccess("localhost:9/team/app", "AWS", "x")
AMD64 = Platform.parse("linux/amd64")


@pytest.fixture
def base(tmp_path):
    """Makes a local base image of Dockerfile lines; removes it afterwards."""
    made = []

    def make(*lines: str) -> str:
        name = f"rajee-test-base:{tmp_path.name.replace('_', '-').lower()}"
        (tmp_path / "x").write_text("x")
        (tmp_path / "Dockerfile").write_text("\n".join(("FROM scratch", "COPY x /x", *lines)))
        command = ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", name, str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        made.append(name)
        return name

    yield make
    for name in made:
        subprocess.run(["docker", "image", "rm", "--force", name], check=True, capture_output=True)


PATH = ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def no_registry() -> BaseConfig:
    raise DeployError("registry-unreachable", "the registry does not answer")


@pytest.mark.parametrize(
    ("lines", "config"),
    [
        ((), BaseConfig((PATH,))),
        (("ENV P=a Q='b c'", "ONBUILD ENV A=1"), BaseConfig((PATH, ("P", "a"), ("Q", "b c")), ("ENV A=1",))),
        (
            ("ONBUILD ARG V", 'ONBUILD RUN test -n "$V"', "ONBUILD COPY . /app"),
            BaseConfig((PATH,), ("ARG V", 'RUN test -n "$V"', "COPY . /app")),
        ),
        (
            ("ONBUILD COPY <<E /f", "hi", "E", "ONBUILD ADD https://x.invalid/f /", "ONBUILD RUN echo --mount"),
            BaseConfig((PATH,), ("COPY <<E /f\nhi\nE", "ADD https://x.invalid/f /", "RUN echo --mount")),
        ),
    ],
)
def test_what_the_engine_has_itself(base, lines, config):
    assert Buildx().base_config(base(*lines), AMD64, ACCESS, no_registry) == config


def test_of_another_platform_the_registry_is_asked(base):
    there = BaseConfig((("P", "arm"),))
    assert Buildx().base_config(base("ENV P=amd"), Platform.parse("linux/arm64"), ACCESS, lambda: there) == there


def test_what_the_engine_does_not_have_is_asked_of_the_registry():
    there = BaseConfig((("P", "b"),), ("COPY . /",))
    assert Buildx().base_config("localhost:9/none:1", AMD64, ACCESS, lambda: there) == there


def test_a_base_that_is_not_there():
    with pytest.raises(DeployError) as caught:
        Buildx().base_config("localhost:9/none:1", AMD64, ACCESS, no_registry)
    assert caught.value.code == "base-unknown"
    assert "the registry does not answer" in caught.value.cause
    assert "localhost:9/none:1" in caught.value.cause
    assert "rajee-deploy lock" in caught.value.hint


def test_with_containerds_store_the_registry_goes_before_what_the_engine_has(tmp_path, monkeypatch):
    """So does BuildKit there: it takes its own only where the registry does not answer."""
    (tmp_path / "x").write_text("x")
    subprocess.run(["tar", "cf", tmp_path / "x.tar", "-C", tmp_path, "x"], check=True)
    there, own = BaseConfig((("P", "b"),)), BaseConfig((("P", "a"),), ("COPY . /app",))
    with second_engine(tmp_path, containerd_store=True) as engine:
        changes = ("--change=ENV P=a", "--change=ONBUILD COPY . /app")
        engine.docker("import", *changes, str(tmp_path / "x.tar"), "rajee-test-own:1")
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        assert Buildx().base_config("rajee-test-own:1", AMD64, ACCESS, lambda: there) == there
        assert Buildx().base_config("rajee-test-own:1", AMD64, ACCESS, no_registry) == own


class Elsewhere(Buildx):
    """A builder that takes its images from a registry which only it can ask."""

    docker_engine = ()


@pytest.mark.parametrize(
    ("lines", "triggers"),
    [
        ((), ()),
        (("ONBUILD ENV A=1",), ()),
        (("ONBUILD COPY . /app",), ("COPY . /app",)),
        (("ONBUILD COPY <<E /f", "hi", "E", "ONBUILD ADD * /app/"), ("ADD * /app/",)),
    ],
)
def test_what_the_builder_shows_where_nobody_else_can_ask(base, lines, triggers):
    assert Elsewhere().base_config(base(*lines), AMD64, ACCESS, no_registry) == BaseConfig((), triggers, is_whole=False)


@pytest.mark.parametrize(
    "lines",
    [
        ("ONBUILD ARG VERSION", 'ONBUILD RUN test -n "$VERSION"', "ONBUILD COPY . /app/"),
        ("ONBUILD COPY package.json /app/", "ONBUILD COPY . /app/"),
    ],
)
def test_a_build_that_fails_shows_nothing(base, lines):
    """BuildKit never names the step behind the one that failed."""
    with pytest.raises(DeployError) as caught:
        Elsewhere().base_config(base(*lines), AMD64, ACCESS, no_registry)
    assert caught.value.code == "base-unknown"


def test_the_engine_is_found():
    assert "Docker Engine" in Buildx().check()
