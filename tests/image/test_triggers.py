"""Which base images are looked at for their triggers, and which triggers read what nothing counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.triggers import base_images, not_counted
from rajee_deploy.lock import Lock, LockLine, write
from rajee_deploy.model import BaseConfig, Digest, Platform, parse_platforms
from rajee_deploy.settings import ImageSettings

ONE = Digest("sha256", "1" * 64)
AMD64 = Platform("linux", "amd64")


@pytest.fixture
def inputs(tmp_path):
    def make(text, *locked, **build_contexts):
        (tmp_path / "Dockerfile").write_text(text)
        lock = tmp_path / "rajee-deploy.lock"
        (tmp_path / "a").write_text("a")
        (tmp_path / "b").write_text("b")
        write(lock, Lock(tuple(LockLine(name, ONE, "2026-11-25", "linux/amd64", config) for name, config in locked)))
        image = ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", parse_platforms(["linux/amd64"]))
        return read_inputs(
            replace(image, build_contexts=build_contexts, lock=lock),
        )

    return make


@pytest.mark.parametrize(
    ("text", "contexts", "bases"),
    [
        ("FROM base:1\n", {}, ["base:1"]),
        ("FROM base:1 AS a\nFROM base:2\nCOPY --from=a / /\n", {}, ["base:1", "base:2"]),
        # What is only copied out of is no base: its triggers do not run.
        ("FROM base:1\nCOPY --from=tool:1 / /\n", {}, ["base:1"]),
        ("FROM base:1\nRUN --mount=from=tool:1,target=/x ls\n", {}, ["base:1"]),
        # Nor is what no registry knows.
        ("FROM own\n", {"own": "https://host.test/team/app.git"}, []),
        ("FROM own\n", {"own": "git@host.test:team/app.git"}, []),
        ("FROM own\n", {"own": f"oci-layout:///l@{ONE}"}, [f"oci-layout:///l@{ONE}"]),
        ("FROM own\n", {"own": "docker-image://base:3"}, ["base:3"]),
    ],
)
def test_the_bases_that_a_registry_knows(inputs, text, contexts, bases):
    assert [base for base, _ in base_images(inputs(text, **contexts))] == bases


TRIGGERS = BaseConfig((), ("COPY b /b",))
NONE = BaseConfig()


def test_only_what_a_base_brings_counts_against_it(inputs):
    """Of two bases of one build, the one that reads what nothing counts is named, with just that trigger."""
    found = inputs("FROM base:1 AS one\nFROM base:2\nCOPY --from=one / /\nCOPY a /\n")
    first, second = base_images(found)
    assert not_counted(found, {first: NONE, second: NONE}) == {}
    assert not_counted(found, {first: TRIGGERS, second: NONE}) == {first: ("COPY b /b",)}
    both = BaseConfig((), ("COPY a /a", "COPY b /b", "RUN true"))
    assert not_counted(found, {first: NONE, second: both}) == {second: ("COPY b /b",)}


def test_what_the_file_itself_reads_is_counted_already(inputs):
    found = inputs("FROM base:1\nCOPY a /\n")
    (base,) = base_images(found)
    assert not_counted(found, {base: BaseConfig((), ("COPY a /elsewhere",))}) == {}
