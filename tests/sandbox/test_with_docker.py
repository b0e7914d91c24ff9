"""A real engine pushes to the sandbox and pulls from it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker


@pytest.fixture
def docker(cloud: Any, registry: Any, tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run docker with a private configuration that holds ECR's token; its images are removed afterwards."""
    configuration = tmp_path / "docker"
    configuration.mkdir()
    logins = {"auths": {f"localhost:{cloud.port}": {"auth": registry.token}}}
    (configuration / "config.json").write_text(json.dumps(logins), encoding="utf-8")

    def run(*arguments: str, config: Path = configuration) -> subprocess.CompletedProcess[str]:
        argv = ["docker", "--config", str(config), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)

    yield run
    images = run("images", "-q", f"localhost:{cloud.port}/{cloud.name}").stdout.split()
    if images:
        run("rmi", "-f", *set(images))


def write(context: Path, content: bytes) -> None:
    context.mkdir(exist_ok=True)
    (context / "content").write_bytes(content)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY content /content\n", encoding="utf-8")


def build(docker: Any, cloud: Any, context: Path, tag: str, *flags: str) -> tuple[int, str, str]:
    """Exit code, what was said, and the digest that the engine reports."""
    metadata = context.parent / "metadata.json"
    metadata.unlink(missing_ok=True)
    reference = f"localhost:{cloud.port}/{cloud.name}:{tag}"
    done = docker(
        *("buildx", "build", "--push", "--provenance=false", "--metadata-file", str(metadata)),
        *("-t", reference, *flags, str(context)),
    )
    digest = json.loads(metadata.read_text(encoding="utf-8"))["containerimage.digest"] if metadata.exists() else ""
    return done.returncode, done.stderr, digest


def test_push_describe_pull(cloud: Any, docker: Any, tmp_path: Path) -> None:
    write(tmp_path / "context", bytes(range(256)) * 20_000)
    code, said, digest = build(docker, cloud, tmp_path / "context", "c-1")
    assert code == 0, said
    found = cloud.client("ecr").describe_images(repositoryName=cloud.name, imageIds=[{"imageTag": "c-1"}])
    assert [(each["imageTags"], each["imageDigest"]) for each in found["imageDetails"]] == [(["c-1"], digest)]

    reference = f"localhost:{cloud.port}/{cloud.name}"
    assert docker("rmi", "-f", f"{reference}:c-1").returncode == 0
    pulled = docker("pull", f"{reference}@{digest}")
    assert pulled.returncode == 0, pulled.stderr
    (inspected,) = json.loads(docker("image", "inspect", f"{reference}@{digest}").stdout)
    assert inspected["RepoDigests"] == [f"{reference}@{digest}"]


def test_immutable_tag_refuses_other_bytes(cloud: Any, docker: Any, tmp_path: Path) -> None:
    write(tmp_path / "context", b"one")
    assert build(docker, cloud, tmp_path / "context", "c-1")[0] == 0
    assert build(docker, cloud, tmp_path / "context", "c-1")[0] == 0, "the same digest again is fine"
    write(tmp_path / "context", b"two")
    code, said, _ = build(docker, cloud, tmp_path / "context", "c-1")
    assert code != 0
    # With containerd's image store the engine says the status alone.
    assert "the tag is immutable" in said or "400 BAD REQUEST" in said
    assert build(docker, cloud, tmp_path / "context", "live-x")[0] == 0


def test_without_the_login_nothing_is_pushed(cloud: Any, docker: Any, tmp_path: Path) -> None:
    write(tmp_path / "context", b"one")
    assert build(docker, cloud, tmp_path / "context", "c-1")[0] == 0
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    refused = docker("push", f"localhost:{cloud.port}/{cloud.name}:c-1", config=nobody)
    assert refused.returncode != 0
    assert "no basic auth credentials" in refused.stderr
    granted = docker("push", f"localhost:{cloud.port}/{cloud.name}:c-1")
    assert granted.returncode == 0, granted.stderr
