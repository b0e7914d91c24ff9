"""buildx on a real engine: what base images add to a build."""

from __future__ import annotations

import subprocess

import pytest

from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform, PushAccess

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


@pytest.mark.parametrize(
    ("lines", "triggers"),
    [
        ((), ()),
        (("ONBUILD ENV A=1",), ()),
        (("ONBUILD COPY . /app",), ("COPY . /app",)),
        (("ONBUILD ADD package.json /app/",), ("ADD package.json /app/",)),
    ],
)
def test_what_a_base_adds(base, lines, triggers):
    assert Buildx().base_triggers(base(*lines), AMD64, ACCESS) == triggers


def test_a_base_that_is_not_there():
    with pytest.raises(DeployError) as caught:
        Buildx().base_triggers("localhost:9/none:1", AMD64, ACCESS)
    assert caught.value.code == "base-unknown"
    assert "localhost:9/none:1" in caught.value.cause


def test_the_engine_is_found():
    assert "Docker Engine" in Buildx().check()
