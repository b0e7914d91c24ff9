"""Which base images are looked at for their triggers, and which triggers nobody knew of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.image import read_inputs
from rajee_deploy.lock import Entry, Lock, write
from rajee_deploy.model import BaseConfig, Digest, Platform, parse_platforms
from rajee_deploy.settings import ImageSettings
from rajee_deploy.triggers import base_images, locked_triggers, unexpected_triggers

ONE = Digest("sha256", "1" * 64)
AMD64 = Platform("linux", "amd64")


@pytest.fixture
def inputs(tmp_path):
    def make(text, *locked, **build_contexts):
        (tmp_path / "Dockerfile").write_text(text)
        lock = tmp_path / "rajee-deploy.lock"
        (tmp_path / "a").write_text("a")
        write(lock, Lock(tuple(Entry(name, ONE, "2026-11-25", "linux/amd64", config) for name, config in locked)))
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
        ("FROM own\n", {"own": "oci-layout:///srv/layout@sha256:" + "2" * 64}, []),
        ("FROM own\n", {"own": "docker-image://base:3"}, ["base:3"]),
    ],
)
def test_the_bases_that_a_registry_knows(inputs, text, contexts, bases):
    assert [base for base, _ in base_images(inputs(text, **contexts))] == bases


TRIGGERS = BaseConfig((), ("COPY a /a",))


def test_only_what_a_base_has_explains_its_triggers(inputs):
    """An image that is copied out of does not trigger anything, whatever its configuration says."""
    text = "FROM base:1\nCOPY --from=tool:1 / /\n"
    found = inputs(text, ("base:1", BaseConfig()), ("tool:1", TRIGGERS))
    references = {one.text for one in found.recipe.references}
    base, tool = f"base:1@{ONE}", f"tool:1@{ONE}"
    assert references == {base, tool}
    assert locked_triggers(found, tool, AMD64) == ()
    assert locked_triggers(found, base, AMD64) == ()
    assert unexpected_triggers(found, tool, AMD64, ["COPY a /a"]) == ("COPY a /a",)


def test_another_base_of_the_same_build_explains_nothing(inputs):
    text = "FROM base:1 AS one\nFROM base:2\nCOPY --from=one / /\n"
    found = inputs(text, ("base:1", TRIGGERS), ("base:2", BaseConfig()))
    first, second = f"base:1@{ONE}", f"base:2@{ONE}"
    assert locked_triggers(found, first, AMD64) == ("COPY a /a",)
    assert locked_triggers(found, second, AMD64) == ()
    assert locked_triggers(found, first, Platform("linux", "arm64")) == ()


@pytest.mark.parametrize(
    ("trigger", "reads"),
    [
        ("COPY a /", True), ("copy a /", True), ("ADD a /", True), ("COPY --from=x a /", False),
        ("RUN --mount=target=/x ls", True), ("run --mount=target=/x ls", True), ("RUN ls", False),
        ("ENV A=COPY", False), ("WORKDIR --mount", False), ("", False),
    ],
)  # fmt: skip
def test_the_triggers_that_read_the_build_context(inputs, trigger, reads):
    found = inputs("FROM base:1\n", ("base:1", BaseConfig()))
    assert unexpected_triggers(found, f"base:1@{ONE}", AMD64, [trigger]) == ((trigger,) if reads else ())
