"""What an engine is asked to build: the labels, and what is added to the Dockerfile."""

from __future__ import annotations

import pytest

from rajee_deploy.image import build_request, read_inputs
from rajee_deploy.model import parse_platforms
from rajee_deploy.names import FINGERPRINT_LABEL
from rajee_deploy.settings import ImageSettings


@pytest.fixture
def inputs(tmp_path):
    def make(**labels):
        (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a /\n")
        (tmp_path / "a").write_text("a")
        platforms = parse_platforms(["linux/amd64"])
        settings = ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", platforms, labels=labels)
        return read_inputs(settings)

    return make


@pytest.mark.parametrize("given", [{}, {FINGERPRINT_LABEL: "mine"}])
@pytest.mark.parametrize("source", [None, {}, {FINGERPRINT_LABEL: "theirs"}])
def test_nothing_takes_the_place_of_the_fingerprint(inputs, given, source):
    """The registry's image is believed by this label: nobody else may say what it was built from."""
    found = inputs(**given)
    with build_request(found, "registry.test/team/app", source) as request:
        assert request.labels == {FINGERPRINT_LABEL: str(found.fingerprint.digest)}


def test_configured_labels_go_before_those_of_the_source(inputs):
    found = inputs(version="mine", own="x")
    with build_request(found, "registry.test/team/app", {"version": "theirs", "revision": "1"}) as request:
        assert {**request.labels, FINGERPRINT_LABEL: ""} == {
            "version": "mine", "own": "x", "revision": "1", FINGERPRINT_LABEL: "",
        }  # fmt: skip
        assert request.reference == f"registry.test/team/app:{found.fingerprint.tag}"
