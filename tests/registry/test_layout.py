"""Base images in a directory of the OCI layout."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Platform
from rajee_deploy.registry.layout import describe

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Layout:
    def __init__(self, root) -> None:
        self.root = root
        (root / "blobs/sha256").mkdir(parents=True)
        self.tags: dict[str, str] = {}

    def blob(self, document) -> str:
        body = json.dumps(document).encode()
        name = sha256(body).hexdigest()
        (self.root / "blobs/sha256" / name).write_bytes(body)
        return f"sha256:{name}"

    def image(self, **config) -> str:
        digest = self.blob({"os": "linux", "architecture": "amd64", "config": config})
        return self.blob({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": digest}})

    def tag(self, name: str, digest: str) -> None:
        self.tags[name] = digest
        manifests = [
            {"digest": each, "annotations": {"org.opencontainers.image.ref.name": tag}}
            for tag, each in self.tags.items()
        ]
        (self.root / "index.json").write_text(json.dumps({"manifests": manifests}))


@pytest.fixture
def layout(tmp_path):
    found = Layout(tmp_path)
    found.tag("latest", found.image(Env=["P=a"], OnBuild=["COPY . /"]))
    parts = [
        {"digest": found.image(Env=[f"P={name}"]), "platform": {"os": "linux", "architecture": name}}
        for name in ("amd64", "arm64")
    ]
    found.tag("both", found.blob({"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}))
    return found


@pytest.mark.parametrize("how", ["", ":latest", "@{}", ":other@{}"])
def test_an_image_by_tag_and_by_digest(layout, how):
    reference = f"oci-layout://{layout.root}{how.format(layout.tags['latest'])}"
    assert describe(reference, AMD64) == BaseConfig((("P", "a"),), ("COPY . /",))


@pytest.mark.parametrize("platform", [AMD64, ARM64])
def test_the_image_of_the_platform(layout, platform):
    assert describe(f"oci-layout://{layout.root}:both", platform) == BaseConfig((("P", platform.architecture),))


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        (":none", "layout-unreadable", "no image 'none'"),
        ("@sha256:" + "0" * 64, "base-unknown", "No such file"),
        ("@md5:1", "base-unknown", "not a sha256 digest"),
        ("/nowhere", "layout-unreadable", "No such file"),
        (":both", "base-unknown", "no image for linux/s390x"),
    ],
)
def test_what_is_not_there_is_told(layout, how, code, said):
    with pytest.raises(DeployError) as caught:
        describe(f"oci-layout://{layout.root}{how}", Platform.parse("linux/s390x"))
    assert caught.value.code == code
    assert said in caught.value.cause


def test_bytes_with_another_digest_are_not_believed(layout):
    digest = layout.tags["latest"]
    path = layout.root / "blobs/sha256" / digest.removeprefix("sha256:")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DeployError) as caught:
        describe(f"oci-layout://{layout.root}@{digest}", AMD64)
    assert "does not have its digest" in caught.value.cause
