"""What an engine is asked to build: the labels, and what is added to the Dockerfile."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.lock import Lock, LockLine, write
from rajee_deploy.model import BaseConfig, Digest, parse_platforms
from rajee_deploy.model.names import FINGERPRINT_LABEL
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
            "version": "mine",
            "own": "x",
            "revision": "1",
            FINGERPRINT_LABEL: "",
        }
        assert request.reference == f"registry.test/team/app:{found.fingerprint.tag}"


def test_what_a_sparse_checkout_leaves_out_is_told(tmp_path):
    (tmp_path / ".git/info").mkdir(parents=True)
    for name in ("objects", "refs"):
        (tmp_path / ".git" / name).mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY b /\n")
    platforms = parse_platforms(["linux/amd64"])
    hints = []
    for _ in range(2):
        with pytest.raises(DeployError, match="not found in the build context") as caught:
            read_inputs(ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", platforms))
        hints.append("git sparse-checkout add" in caught.value.hint)
        (tmp_path / ".git/info/sparse-checkout").write_text("/a\n")
    assert hints == [False, True]


PATTERN = "COPY app/[slug]/page /p/"  # the client sends nothing for it, so there is no directory to look in


@pytest.mark.parametrize(
    ("lines", "onbuild", "outcome"),
    [
        # Nobody knows yet what the base reads: `up` would refuse the build if it reads anything.
        (["FROM base:1", PATTERN], None, "base:1 reads the build context by ONBUILD, rajee-deploy lock"),
        (["FROM base:1", "RUN --mount=type=tmpfs,target=/x ls", PATTERN], None, "rajee-deploy lock"),
        # A trigger that is known brings the directory, and the pattern matches nothing in it, which is no failure.
        (["FROM base:1", PATTERN], ("COPY . /base/",), None),
        (["FROM base:1", PATTERN], ("RUN --mount=target=/m ls /m",), None),
        # A trigger that brings something else does not.
        (["FROM base:1", PATTERN], ("COPY a /base/",), "its brackets make a pattern of it: write app/[[]slug]/page"),
        (["FROM base:1", PATTERN], (), "its brackets make a pattern of it: write app/[[]slug]/page"),
        (["FROM scratch", PATTERN], None, "its brackets make a pattern of it: write app/[[]slug]/page"),
        # Nothing that a base could read makes up for a file that is not there.
        (["FROM base:1", "COPY nope /p/"], None, ""),
    ],
)
def test_what_a_trigger_may_bring_is_said_where_nothing_is_sent(tmp_path, lines, onbuild, outcome):
    (tmp_path / "app/[slug]").mkdir(parents=True)
    for name in ("a", "app/[slug]/page", "Dockerfile"):
        (tmp_path / name).write_text("\n".join((*lines, "")))
    lock, digest = tmp_path / "rajee-deploy.lock", Digest("sha256", "1" * 64)
    if onbuild is not None:
        write(lock, Lock((LockLine("base:1", digest, "2026-11-25", "linux/amd64", BaseConfig((), onbuild)),)))
    platforms = parse_platforms(["linux/amd64"])
    settings = ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", platforms, lock=lock)
    if outcome is None:
        assert read_inputs(settings).uses
        return
    with pytest.raises(DeployError) as caught:
        read_inputs(settings)
    assert caught.value.code == "source-not-found"
    assert outcome in caught.value.hint
    if "lock" not in outcome:
        assert "lock" not in caught.value.hint
