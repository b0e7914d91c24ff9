"""No secret leaves its place: canaries in every secret, and a look at all that real runs print, keep, push and start.

The children's argument lists are written down by programs of their names on PATH, which then become the real ones.
"""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

DOCKERFILE = "infra/raja_poc/assets/envoy/Dockerfile"
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIACANARYKEY0000000",
    "AWS_SECRET_ACCESS_KEY": "canary-of-the-secret-key",
    "AWS_SESSION_TOKEN": "canary-of-the-session",
    "TOKEN": "canary-of-the-build-secret",
}
# An app that looks at all of its environment, as CDK apps do.
READS = """import os, subprocess
known = dict(os.environ), os.environ.get("TOKEN"), os.environ.get("AWS_SECRET_ACCESS_KEY")
subprocess.run(["sh", "-c", "test -n $TOKEN && env > /dev/null"])
"""
ARGUMENT = "canary-of-the-build-argument"
RECORD = """#!/bin/sh
{{ printf '%s\\0' {name} "$@"; printf '\\n'; }} >> {log}
exec {real} "$@"
"""


@dataclass
class Watch:
    """The shell with canaries, and where its traces may be."""

    shell: object
    folder: Path
    environment: dict[str, str]

    def run(self, words: str, *, code: int = 0) -> str:
        """Run a verb; what it printed, after a look for canaries in it."""
        ended = self.shell.run(f"rajee-deploy {words}", code=code, **self.environment)
        said = ended.stdout + ended.stderr
        assert_clean(said.encode(), words, self.canaries())
        return said

    def canaries(self) -> set[str]:
        return {*SECRETS.values(), ARGUMENT, *self.tokens}

    @property
    def tokens(self) -> set[str]:
        """The login of a push, in both its forms."""
        (data,) = self.client("ecr").get_authorization_token()["authorizationData"]
        token = data["authorizationToken"]
        return {token, base64.b64decode(token).decode().partition(":")[2]}

    def client(self, service: str):
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.shell.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=SECRETS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key="x",
        )


@pytest.fixture(scope="module")
def watch(synthesised, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    for name in ("state", "cache", "docker", "bin"):
        (folder / name).mkdir()
    (folder / "docker" / "config.json").write_text("{}")
    for name in ("docker", "node"):
        real = shutil.which(name)
        (folder / "bin" / name).write_text(RECORD.format(name=name, log=folder / "argv", real=real))
        (folder / "bin" / name).chmod(0o755)
    environment = {
        **SECRETS,
        "PATH": f"{folder / 'bin'}:{synthesised.environment['PATH']}",
        "RAJEE_DEPLOY_STATE_DIR": str(folder / "state"),
        "RAJEE_DEPLOY_CACHE_DIR": str(folder / "cache"),
        "DOCKER_CONFIG": str(folder / "docker"),
    }
    app = synthesised.folder / "infra" / "given.py"
    app.write_text(f"{READS}{app.read_text()}")
    settings = synthesised.folder / "pyproject.toml"
    more = f'build-args = {{ CANARY = "{ARGUMENT}" }}\nsecrets = {{ token = "env:TOKEN" }}\n'
    at = "[tool.rajee-deploy.images.envoy]\n"
    settings.write_text(settings.read_text().replace(at, at + more))
    found = Watch(synthesised, folder, environment)
    use_secret(found, "test -n")
    return found


def use_secret(watch: Watch, command: str) -> None:
    """Let the image's build use the secret and the argument."""
    path = watch.shell.folder / DOCKERFILE
    script = f"{command} $(/bin/busybox cat /run/secrets/token)"
    text = path.read_text().partition("# -- canaries")[0]
    path.write_text(
        f'{text}# -- canaries\nARG CANARY\nUSER 0\nRUN --mount=type=secret,id=token ["/bin/busybox", "sh", "-c",'
        f' "test -n $CANARY && {script}"]\n'
    )


def assert_clean(data: bytes, where: str, canaries: set[str]) -> None:
    for canary in canaries:
        assert canary.encode() not in data, f"{canary} is in {where}"


def contents(folder: Path):
    """Every file with its bytes, unpacked where it is packed."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            yield path, gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


@pytest.mark.parametrize(
    "words",
    [
        "plan",
        "up --verbose",
        "plan --json",
        "fingerprint --json",
        "explain --json",
        "explain",
        "explain --since deployed",
        "up --json",
        "report --json",
        "permissions",
    ],
)
def test_nothing_is_said(watch, words):
    assert watch.run(words)


def test_nothing_is_said_by_a_build_that_fails_and_prints_its_secret(watch):
    use_secret(watch, "false || /bin/busybox echo told")
    path = watch.shell.folder / DOCKERFILE
    path.write_text(path.read_text().replace('token)"]', 'token); exit 3"]'))
    for flags in ("--verbose", "--json"):
        said = watch.run(f"up {flags}", code=1)
        assert "build-failed" in said
        assert "***" in said, "the build said it"


def test_nothing_is_kept_on_this_machine(watch):
    seen = [path.relative_to(watch.folder).parts[0] for path, _ in contents(watch.folder)]
    assert {"state", "cache", "docker", "argv"} <= set(seen)
    for path, data in contents(watch.folder):
        assert_clean(data, str(path), watch.canaries())
    assert (watch.folder / "docker" / "config.json").read_text() == "{}"
    left = Path(watch.shell.environment["TMPDIR"]).glob("rajee-deploy*")
    assert [path.name for path in left if "sandbox" not in path.name] == []


def test_no_child_was_given_any_in_its_arguments(watch):
    lines = (watch.folder / "argv").read_bytes().splitlines()
    words = [line.split(b"\0")[:-1] for line in lines]
    assert any(b"--secret=id=token,env=TOKEN" in each and b"--build-arg=CANARY" in each for each in words)
    assert any(each[0] == b"node" and b"deploy" in each for each in words)
    assert_clean(b"\n".join(lines), "argv", watch.canaries())


def test_nothing_is_pushed_beside_the_image(watch):
    """Docker itself writes the arguments of RUN into an image's history; all else is ours."""
    ecr = watch.client("ecr")
    ids = ecr.list_images(repositoryName="raja/envoy")["imageIds"]
    images = ecr.batch_get_image(repositoryName="raja/envoy", imageIds=ids)["images"]
    kinds = set()
    for image in images:
        manifest = json.loads(image["imageManifest"])
        assert_clean(image["imageManifest"].encode(), "the manifest", watch.canaries())
        is_record = image["imageId"].get("imageTag", "").startswith("m-")
        part = manifest["layers"][0] if is_record else manifest["config"]
        data = blob(ecr, part["digest"])
        if is_record:
            assert_clean(gzip.decompress(data), "the record", watch.canaries())
        else:
            settings = json.loads(data)["config"]
            assert settings["Labels"]
            assert_clean(json.dumps(settings).encode(), "labels and environment", watch.canaries())
            assert_clean(data, "the configuration", watch.canaries() - {ARGUMENT})
        kinds.add(is_record)
    assert kinds == {True, False}


def blob(ecr, digest: str) -> bytes:
    url = ecr.get_download_url_for_layer(repositoryName="raja/envoy", layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()
