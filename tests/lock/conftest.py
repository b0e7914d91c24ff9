"""A sandbox with a registry that asks for a login, base images pushed into it by a real engine, and the command."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from sandboxes import note_images_of

BIN = Path(sys.executable).parent
BASE, APP = "base/one", "team/app"


@dataclass
class Shop:
    """A project's folder, the environment of its shell, and the registry's host with its login."""

    folder: Path
    environment: dict[str, str]
    host: str
    token: str

    def run(self, line: str, *, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one line; fails unless it ends with `code`."""
        ended = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == code, f"$ {line}\n{ended.stdout}\n{ended.stderr}"
        for secret in (self.token, "AWSPASS"):
            assert secret not in ended.stdout + ended.stderr
        return ended

    def push_base(self, tag: str, which: str, *lines: str, platform: str = "linux/amd64") -> str:
        """Push an image that holds busybox and `/which`; returns its digest."""
        folder = self.folder.parent / "base"
        folder.mkdir(exist_ok=True)
        (folder / "which").write_text(which)
        text = ("FROM scratch", "COPY --from=tools /busybox /bin/busybox", "COPY which /which", *lines)
        (folder / "Dockerfile").write_text("\n".join(text))
        (folder.parent / "tools").mkdir(exist_ok=True)
        (folder.parent / "tools" / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
        (folder.parent / "tools" / "busybox").chmod(0o755)
        self.run(
            f"docker buildx build --quiet --provenance=false --push --platform={platform} --metadata-file=../meta.json"
            f" --build-context tools=../tools --tag={self.host}/{BASE}:{tag} {shlex.quote(str(folder))}"
        )
        return str(json.loads((folder.parent / "meta.json").read_text())["containerimage.digest"])

    def push_index(self, tag: str, digests: dict[str, str]) -> str:
        """Push an index of images by platform; returns its digest."""
        manifests = [
            {
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "digest": digest,
                "size": len(self._call("GET", digest)[1]),
                "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
            }
            for platform, digest in digests.items()
        ]
        kind = "application/vnd.oci.image.index.v1+json"
        body = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": manifests}).encode()
        headers, _ = self._call("PUT", tag, body, kind)
        return str(headers["Docker-Content-Digest"])

    def _call(self, method: str, reference: str, body: bytes | None = None, kind: str = "*/*"):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        headers = {"Authorization": f"Basic {self.token}", "Content-Type": kind}
        connection.request(method, f"/v2/{BASE}/manifests/{reference}", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status in (200, 201), content
        return answer.headers, content

    def files(self, tag: str, *paths: str) -> list[str]:
        """What files of the built image hold."""
        name = f"{self.host}/{APP}:{tag}"
        self.run(f"docker pull --quiet {name}")
        made = self.run(f"docker create {name} none").stdout.strip()
        try:
            return [self.run(f"docker cp {made}:{path} - | tar -xO").stdout for path in paths]
        finally:
            self.run(f"docker rm {made}; docker image rm {name}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    work = tmp_path_factory.mktemp("shop")
    for name in ("project", "docker", "tmp"):
        (work / name).mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
    environment = {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RAJEE_DEPLOY_STATE_DIR": str(work / "state"),
        "DOCKER_CONFIG": str(work / "docker"),
        "TMPDIR": str(work / "tmp"),
    }
    found = Shop(work / "project", environment, "", "none yet")
    try:
        for line in found.run("rajee-deploy sandbox start").stdout.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = shlex.split(value)[0]
        note_images_of(environment["AWS_ENDPOINT_URL"])
        _open(found)
        yield found
    finally:
        found.run("rajee-deploy sandbox stop")


def _open(shop: Shop) -> None:
    ecr = boto3.client(
        "ecr",
        region_name="us-east-1",
        endpoint_url=shop.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=shop.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=shop.environment["AWS_SECRET_ACCESS_KEY"],
    )
    made = [ecr.create_repository(repositoryName=name)["repository"] for name in (BASE, APP)]
    shop.host = made[0]["repositoryUri"].split("/")[0]
    shop.token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    config = Path(shop.environment["DOCKER_CONFIG"]) / "config.json"
    config.write_text(json.dumps({"auths": {shop.host: {"auth": shop.token}}}))
    config.chmod(0o400)
    (shop.folder / "rajee-deploy.toml").write_text(f'[images.app]\nrepository = "{APP}"\n')


@pytest.fixture
def project(shop):
    """The shop with an empty project: no lock, three files, and a way to write the Dockerfile."""
    for path in shop.folder.iterdir():
        if path.name != "rajee-deploy.toml":
            path.unlink()
    for name in ("a", "b", "trig"):
        (shop.folder / name).write_text(name)

    def write(*lines: str) -> None:
        text = "\n".join(lines).replace("BASE", f"{shop.host}/{BASE}")
        (shop.folder / "Dockerfile").write_text(f"{text}\n")

    return write
