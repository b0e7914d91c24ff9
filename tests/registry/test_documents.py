"""Manifests and configurations as registries hand them out: read, or refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.plan.state import ImageContent
from rajee_deploy.registry.documents import (
    ImageIndex,
    ImageManifest,
    OtherManifest,
    is_of,
    read_configuration,
    read_manifest,
)

ONE, TWO = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
OCI, DOCKER = "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
AMD64, ARM = {"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm", "variant": "v7"}


def test_bytes_are_those_of_their_digest():
    digest = Digest("sha256", hashlib.sha256(b"data").hexdigest())
    assert is_of(b"data", digest)
    assert not is_of(b"date", digest)


@pytest.mark.parametrize("media_type", [OCI, DOCKER])
def test_a_manifest_says_where_its_configuration_is(media_type):
    text = json.dumps({"config": {"digest": str(ONE)}})
    assert read_manifest(text, media_type) == ImageManifest(ONE)


@pytest.mark.parametrize("media_type", [INDEX, LIST])
def test_an_index_has_its_images_by_platform(media_type):
    listed = [
        {"digest": str(ONE), "platform": AMD64},
        {"digest": str(TWO), "platform": ARM},
        {"digest": str(TWO), "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": str(TWO)},
        {"digest": str(TWO), "platform": None},
        {"digest": str(TWO), "platform": {"os": 1}},
    ]
    images = ((Platform("linux", "amd64"), ONE), (Platform("linux", "arm", "v7"), TWO))
    assert read_manifest(json.dumps({"manifests": listed}), media_type) == ImageIndex(images)
    assert read_manifest("{}", media_type) == ImageIndex(())


def test_what_is_no_image_is_named():
    assert read_manifest("{}", "application/vnd.cncf.helm") == OtherManifest("application/vnd.cncf.helm")


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("", OCI),
        ("[]", OCI),
        ("{}", OCI),
        ('{"config":[]}', OCI),
        ('{"config":{}}', OCI),
        ('{"config":{"digest":"x"}}', OCI),
        ("[]", INDEX),
        ('{"manifests":[1]}', INDEX),
        ("1", "other"),
        (json.dumps({"manifests": [{"platform": AMD64}]}), INDEX),
        (json.dumps({"manifests": [{"platform": [1], "digest": str(ONE)}]}), INDEX),
    ],
)
def test_a_manifest_that_is_not_what_it_says_is_refused(text, media_type):
    with pytest.raises(ValueError, match=r"."):
        read_manifest(text, media_type)


LABELS = {FINGERPRINT_LABEL: str(ONE), "other": "x"}


@pytest.mark.parametrize(
    ("document", "content"),
    [
        ({**AMD64, "config": {"Labels": LABELS}}, ImageContent("linux/amd64", str(ONE))),
        ({**ARM, "config": {"Labels": {"other": "x"}}}, ImageContent("linux/arm/v7", "")),
        ({**AMD64, "config": {"Labels": None}}, ImageContent("linux/amd64", "")),
        ({**AMD64, "config": {"Labels": [FINGERPRINT_LABEL]}}, ImageContent("linux/amd64", "")),
        ({**AMD64, "config": None}, ImageContent("linux/amd64", "")),
        ({**AMD64, "variant": None}, ImageContent("linux/amd64", "")),
        ({"os": "linux", "architecture": "x86_64"}, ImageContent("linux/amd64", "")),
        ({"os": "linux", "architecture": "arm", "variant": "v6"}, ImageContent("linux/arm/v6", "")),
        ({"os": "linux"}, ImageContent("unknown", "")),
        ({**AMD64, "os": ["linux"]}, ImageContent("unknown", "")),
        ({"config": {"Labels": LABELS}}, ImageContent("unknown", str(ONE))),
    ],
)
def test_what_a_configuration_says(document, content):
    assert read_configuration(json.dumps(document).encode()) == content


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"config":1}', b'{"config":["x"]}'])
def test_a_configuration_that_is_none_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        read_configuration(data)


def content_of(layers, **config) -> str:
    document = {**AMD64, "config": {"Labels": {"a": str(config.pop("label", "1"))}, **config}}
    return read_configuration(
        json.dumps({**document, "rootfs": {"type": "layers", "diff_ids": layers}}).encode()
    ).layers


def test_two_images_that_do_the_same_have_the_same_layers_whatever_their_labels():
    one = content_of(["sha256:a", "sha256:b"], Env=["A=1"])
    assert one == content_of(["sha256:a", "sha256:b"], Env=["A=1"], label="2") != ""
    others = [content_of(["sha256:a"], Env=["A=1"]), content_of(["sha256:a", "sha256:b"], Env=["A=2"])]
    assert one not in others
    assert read_configuration(json.dumps({**AMD64, "rootfs": ["x"]}).encode()).layers == ""
