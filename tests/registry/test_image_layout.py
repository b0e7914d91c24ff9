"""OCI layouts on disk: the name counts by what it stands for now."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.registry.image_layout import pinned_layout
from rajee_deploy.settings import ImageSettings

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
NAME = "org.opencontainers.image.ref.name"


def write(place, *images):
    place.mkdir(exist_ok=True)
    manifests = [{"digest": digest, **({"annotations": {NAME: name}} if name else {})} for name, digest in images]
    (place / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


@pytest.mark.parametrize(
    ("images", "name", "digest"),
    [
        ([("latest", ONE), ("v2", TWO)], "", ONE),
        ([("latest", ONE), ("v2", TWO)], ":v2", TWO),
        ([("", TWO)], "", TWO),
        ([("other", TWO)], ":v2", TWO),  # the only one
    ],
)
def test_a_name_is_looked_up_as_buildx_does(tmp_path, images, name, digest):
    write(tmp_path / "layout", *images)
    place = f"oci-layout://{tmp_path}/layout"
    assert pinned_layout(place + name) == f"{place}@{digest}"


@pytest.mark.parametrize(
    "reference", ["oci-layout:///x@" + ONE, "docker-image://busybox:1", "../lib", "https://h/r.git"]
)
def test_everything_else_stays(reference):
    assert pinned_layout(reference) == reference


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"manifests": [{}, {}]}', '{"manifests": [{"digest": "x"}]}'])
def test_what_is_no_layout_is_an_error(tmp_path, text):
    if text is not None:
        (tmp_path / "index.json").write_text(text)
    with pytest.raises(DeployError) as caught:
        pinned_layout(f"oci-layout://{tmp_path}")
    assert caught.value.code == "layout-unreadable"


def test_no_annotations_are_none(tmp_path):
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [{"digest": ONE, "annotations": None}]}))
    assert pinned_layout(f"oci-layout://{tmp_path}").endswith(f"@{ONE}")


def test_a_layout_that_changes_is_another_image(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM base\n")
    image = ImageSettings(
        "app",
        tmp_path,
        tmp_path / "Dockerfile",
        "team/app",
        (Platform("linux", "amd64"),),
        build_contexts={"base": f"oci-layout://{tmp_path}/layout:latest"},
    )
    tags = []
    for digest in (ONE, TWO, ONE):
        write(tmp_path / "layout", ("latest", digest))
        found = read_inputs(image)
        tags.append(found.fingerprint.tag)
        assert "lock" not in " ".join(notice.message for notice in found.notices)
        assert [notice.code for notice in found.notices] == ["base-config-unknown"]
    assert tags[0] == tags[2] != tags[1]
