"""What a lock makes exact: digests for references, ENV for variables, ONBUILD for reads. Text and values alone."""

from __future__ import annotations

import pytest

from rajee_deploy.dockerfile import resolve
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, BuildOptions, Digest, LockedImage, Platform

ONE, TWO = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
AMD64 = "linux/amd64"


@pytest.fixture
def locked():
    """Resolve with locked images: env and triggers of `base:1` for linux/amd64, and other images as they are given."""

    def build(text, env=None, onbuild=(), *, images=None, contexts=None, platform=AMD64, args=None):
        base = LockedImage(ONE, {AMD64: BaseConfig(tuple((env or {}).items()), tuple(onbuild))})
        options = BuildOptions(
            Platform.parse(platform), None, args or {}, contexts or {}, {"base:1": base, **(images or {})}
        )
        return resolve(text.encode(), options, "Dockerfile")

    return build


def reads(recipe):
    return [f"{'!' if read.widened else ''}{read.selector.path}" for read in recipe.reads]


def codes(recipe):
    return [notice.code for notice in recipe.notices]


@pytest.mark.parametrize(
    ("env", "text", "expected"),
    [
        ({"P": "b"}, "COPY ${P:-a} /\n", ["/b"]),
        ({}, "COPY ${P:-a} /\n", ["/a"]),
        ({"P": ""}, "COPY ${P:-a} ${P-c} /\n", ["/a", "/"]),
        ({"P": "b"}, "ENV P=c\nCOPY $P /\n", ["/c"]),
        ({"P": "b"}, "ARG P=c\nCOPY $P /\n", ["/c"]),
        ({"P": "b"}, "ARG P\nCOPY $P* /\n", ["/b*"]),
        ({"P": "b"}, "ENV Q=$P$P\nCOPY $Q /\n", ["/bb"]),
        ({"P": "b"}, "RUN --mount=source=$P,target=/x true\n", ["/b"]),
        ({"PATH": "/own"}, "COPY $PATH /\n", ["/own"]),
        ({"P": "$Q"}, "ENV Q=x\nCOPY $P /\n", ["/$Q"]),
        ({"P": "b"}, "FROM base:1\nCOPY $P /\n", ["/b"]),
    ],
)
def test_a_locked_env_resolves_sources(env, text, expected, locked):
    recipe = locked(f"FROM base:1 AS x\n{text}", env)
    assert reads(recipe) == expected
    assert codes(recipe) == []


def test_the_env_of_the_base_reaches_the_stages_on_top(locked):
    assert reads(locked("FROM base:1 AS x\nFROM x\nCOPY $P /\n", {"P": "b"})) == ["/b"]


def test_a_locked_default_path_is_buildkits(locked):
    assert reads(locked("FROM base:1\nCOPY ${PATH#/usr/local/sbin:} /\n")) == [
        "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    ]


def test_without_a_lock_nothing_is_known(recipe):
    found = recipe("FROM base:1\nFROM base:1\nCOPY ${P:-a} /\n")
    assert reads(found) == ["!/"]
    assert codes(found) == ["base-unpinned", "base-config-unknown"]
    assert "rajee-deploy lock" in found.notices[0].message
    assert [reference.text for reference in found.references] == ["base:1"]


def test_scratch_and_directories_have_no_configuration_to_know(recipe):
    found = recipe("FROM scratch AS a\nFROM s\nCOPY --from=a / /\n", contexts={"s": "./d"})
    assert codes(found) == []


# -- digests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["base:1", "docker.io/library/base:1", "index.docker.io/base:1", "library/base:1"])
def test_every_spelling_of_a_locked_reference_is_pinned(written, locked):
    for text in (f"FROM {written}\n", f"FROM scratch\nCOPY --from={written} / /\n", f"# syntax={written}\nFROM a\n"):
        (reference, *_) = locked(text).references
        assert (reference.text, reference.locked, reference.key) == (f"{written}@{ONE}", ONE, "base:1")


def test_latest_may_be_written_or_not(locked):
    images = {"other": LockedImage(TWO)}
    found = locked("FROM other\nCOPY --from=other:latest / /\nRUN --mount=from=other,target=/x x\n", images=images)
    assert [one.text for one in found.references] == [f"other@{TWO}", f"other:latest@{TWO}", f"other@{TWO}"]
    assert [one.platform for one in found.references] == [AMD64, "", ""]
    assert codes(found) == ["base-config-unknown"]


def test_a_digest_in_the_file_needs_the_lock_for_its_configuration_alone(locked):
    pinned = f"other@{TWO}"
    images = {pinned: LockedImage(TWO, {AMD64: BaseConfig((("P", "b"),))})}
    found = locked(f"FROM {pinned}\nCOPY $P /\n", images=images)
    assert (reads(found), codes(found)) == (["/b"], [])
    assert [(one.text, one.key, one.locked) for one in found.references] == [(pinned, pinned, None)]


def test_an_image_behind_a_named_context_is_locked_by_its_own_name(locked):
    found = locked("FROM x\nCOPY ${P:-a} /\n", {"P": "b"}, contexts={"x": "docker-image://base:1"})
    (reference,) = found.references
    assert (reference.text, reference.key, reference.context) == (f"base:1@{ONE}", "base:1", "x")
    assert reads(found) == ["/b"]


def test_the_users_context_goes_before_the_lock(locked):
    found = locked("FROM base:1\nCOPY ${P:-a} /\n", {"P": "b"}, contexts={"base:1": "docker-image://other:2"})
    (reference,) = found.references
    assert (reference.text, reference.key, reference.locked) == ("other:2", "other:2", None)
    assert reads(found) == ["!/"]


def test_an_image_of_a_stages_name_cannot_be_locked(locked):
    """A named context `tool` would replace the stage `tool`, with all that it copies."""
    images = {"tool": LockedImage(TWO, {AMD64: BaseConfig((("P", "b"),))})}
    found = locked("FROM tool AS tool\nCOPY ${P:-a} /\n", images=images)
    assert [(one.text, one.key, one.locked) for one in found.references] == [("tool", "", None)]
    assert reads(found) == ["!/"]
    assert "a stage has its name" in found.notices[0].message


def test_each_stage_has_the_configuration_of_its_platform(locked):
    configs = {AMD64: BaseConfig((("P", "amd"),)), "linux/arm64": BaseConfig((("P", "arm"),))}
    images = {"two": LockedImage(TWO, configs)}
    text = "FROM --platform=linux/arm64/v8 two AS a\nCOPY $P /\nFROM two\nCOPY $P /\nCOPY --from=a / /\n"
    found = locked(text, images=images)
    assert reads(found) == ["/arm", "/amd"]
    assert [one.platform for one in found.references] == ["linux/arm64", AMD64]


def test_a_platform_that_is_not_locked_is_not_known(locked):
    found = locked("FROM base:1\nCOPY ${P:-a} /\n", {"P": "b"}, ["COPY x /"], platform="linux/arm64")
    assert (reads(found), codes(found)) == (["!/"], ["base-config-unknown"])
    assert found.references[0].locked == ONE


@pytest.mark.parametrize(
    ("text", "args", "frontend"),
    [
        ("# syntax=docker/dockerfile:1\nFROM scratch\n", {}, f"docker/dockerfile:1@{TWO}"),
        ("# syntax = docker/dockerfile:1 and more\nFROM scratch\n", {}, f"docker/dockerfile:1@{TWO} and more"),
        ("FROM scratch\n", {"BUILDKIT_SYNTAX": "docker/dockerfile:1 x"}, f"docker/dockerfile:1@{TWO} x"),
        (f"# syntax=docker/dockerfile:1@{TWO}\nFROM scratch\n", {}, ""),
        ("# syntax=docker/dockerfile:2\nFROM scratch\n", {}, ""),
        ("FROM scratch\n", {}, ""),
    ],
)
def test_a_locked_frontend(text, args, frontend, locked):
    assert locked(text, images={"docker/dockerfile:1": LockedImage(TWO)}, args=args).frontend == frontend


def test_a_foreign_frontend_is_locked(locked):
    images = {"foreign/one:1": LockedImage(TWO)}
    for text, rest in (("# syntax=foreign/one:1 x\nanything", " x"), ('{"syntax": "foreign/one:1"}', "")):
        found = locked(text, images=images)
        assert (found.frontend, found.references[0].text) == (f"foreign/one:1@{TWO}{rest}", f"foreign/one:1@{TWO}")
        assert codes(found) == []


# -- ONBUILD -------------------------------------------------------------------------------------------------------


def test_triggers_of_a_locked_base_come_first_and_stand_on_its_line(locked):
    text = "ARG X\nFROM \\\n base:1 AS s\nCOPY z /\n"
    found = locked(text, {"P": "b"}, ["COPY $P x /", "ADD y /", "RUN --mount=source=m,target=/m true", "ENV Q=1"])
    assert reads(found) == ["/b", "/x", "/y", "/m", "/z"]
    assert {(read.location.start, read.location.end) for read in found.reads[:-1]} == {(2, 3)}
    assert {read.stage.name for read in found.reads} == {"s"}
    assert found.instruction_lines == (2, 2, 2, 2, 2, 4)


def test_triggers_fire_once_and_not_in_grandchildren(locked):
    assert reads(locked("FROM base:1 AS a\nFROM a\nCOPY z /\n", {}, ["COPY x /"])) == ["/x", "/z"]


def test_triggers_change_what_comes_after(locked):
    assert reads(locked("FROM base:1\nCOPY $P /\n", {"P": "a"}, ["ENV P=b"])) == ["/b"]
    assert reads(locked("FROM base:1\nCOPY $P /\n", {}, ["ARG P=d"], args={"P": "c"})) == ["/c"]


@pytest.mark.parametrize(
    ("text", "contexts"),
    [
        ("FROM scratch\nCOPY --from=base:1 / /\n", {}),
        ("FROM base:1 AS unused\nFROM scratch\n", {}),
        ("FROM scratch\nFROM other AS s\n", {"s": "docker-image://base:1"}),
    ],
)
def test_triggers_of_images_that_no_stage_stands_on_do_not_fire(text, contexts, locked):
    assert reads(locked(text, {}, ["COPY x /"], contexts=contexts)) == []


@pytest.mark.parametrize("onbuild", ["COPY x /", "ENV P=b", "ARG V"])
def test_an_image_in_the_place_of_a_stage_has_triggers_for_old_frontends_alone(onbuild, locked):
    """Docker Engine 26.1 runs them in the stages on top, docker/dockerfile of today does not."""
    contexts = {"s": "docker-image://base:1", "dir": "./d"}
    text = "FROM other AS s\nFROM s\nCOPY $P y /\n"
    found = locked(text, {"P": "a"}, [onbuild], contexts=contexts, args={"V": "1"})
    assert [(read.context, bool(read.widened)) for read in found.reads] == [
        ("", True),
        ("dir", True),
        ("", True),
        ("", False),
    ]
    assert dict(found.build_args) == {"V": "1"}
    earlier = f"FROM scratch AS first\nARG OWN\n{text}COPY --from=first / /\n"
    found = locked(earlier, {"P": "a"}, [onbuild], contexts=contexts, args={"V": "1"})
    assert dict(found.build_args) == {"OWN": None, "V": "1"}
    without = locked(text, {"P": "a"}, contexts=contexts, args={"V": "1"})
    assert (reads(without), dict(without.build_args)) == (["/a", "/y"], {})


@pytest.mark.parametrize("tag", ["1", "latest", "1-labs"])
def test_a_locked_frontend_is_a_new_one(tag, locked):
    text = f"# syntax=docker/dockerfile:{tag}\nFROM scratch\nARG A=x B=$A\nCOPY $B /\n"
    assert reads(locked(text)) == ["!/"]
    key = "docker/dockerfile" if tag == "latest" else f"docker/dockerfile:{tag}"
    assert reads(locked(text, images={key: LockedImage(TWO)})) == ["/x"]


def test_a_trigger_may_need_other_images_and_stages(locked):
    text = "FROM scratch AS s\nCOPY one /\nFROM base:1\n"
    found = locked(text, {}, ["COPY --from=s / /", "COPY --from=other:2 / /"], images={"other:2": LockedImage(TWO)})
    assert reads(found) == ["/one"]
    assert [one.text for one in found.references] == [f"base:1@{ONE}", f"other:2@{TWO}"]


@pytest.mark.parametrize(
    "trigger", ["FOO x", "COPY x", "", "ENV A=1\nENV B=2", "COPY --from=$X / /", "RUN --mount=bad x"]
)
def test_a_broken_trigger_fails_on_its_from_as_in_buildkit(trigger, locked):
    with pytest.raises(DeployError) as caught:
        locked("ARG A\nFROM base:1\n", {}, [trigger])
    assert caught.value.where == "Dockerfile:2"


def test_triggers_are_part_of_what_is_hashed(locked):
    plain, fired = locked("FROM base:1\n"), locked("FROM base:1\n", {}, ["RUN x"])
    assert plain.instructions != fired.instructions
