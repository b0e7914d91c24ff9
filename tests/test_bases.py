"""The lock against the Dockerfiles: completed, moved, checked, compared. On disk; registries are a fake."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeImages

from rajee_deploy.bases import Scope, check, compare, update
from rajee_deploy.errors import DeployError, Exit
from rajee_deploy.image import build_request, read_inputs, read_recipe
from rajee_deploy.lock import Entry, Lock, read, write
from rajee_deploy.model import BaseConfig, Digest, Platform
from rajee_deploy.settings import ImageSettings
from rajee_deploy.triggers import locked_triggers, unexpected_triggers, unexplained

ONE, TWO, THREE = (Digest("sha256", digit * 64) for digit in "123")
AMD64, ARM64 = "linux/amd64", "linux/arm64"
DAY, LATER = "2026-11-25", "2026-12-01"
TEXT = "# syntax=docker/dockerfile:1\nFROM base:1\nCOPY ${P:-a} /\nCOPY --from=tool / /\n"


@pytest.fixture
def root(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


@pytest.fixture
def images():
    configs = {AMD64: BaseConfig((("P", "b"),)), ARM64: BaseConfig((("P", "c"),))}
    return FakeImages(
        {
            "docker.io/library/base:1": (ONE, configs),
            "docker.io/library/tool:latest": (TWO, {AMD64: BaseConfig()}),
            "docker.io/docker/dockerfile:1": (THREE, {}),
        }
    )


@pytest.fixture
def image(root):
    return ImageSettings(
        "app", root, root / "Dockerfile", "team/app", (Platform.parse(AMD64),), lock=root / "rajee-deploy.lock"
    )


@pytest.fixture
def scope(image):
    def of(*settings, everything=()):
        chosen = settings or (image,)
        return Scope(image.lock, chosen, [*chosen, *everything])

    return of


def lines(path):
    return [(each.reference, each.digest, each.date, each.platform) for each in read(path).entries]


def test_a_lock_is_completed_and_then_stays(scope, images, image):
    changes, count = update(scope(), images, (), DAY)
    assert [(each.reference, each.before, each.after) for each in changes] == [
        ("base:1", None, ONE), ("docker/dockerfile:1", None, THREE), ("tool", None, TWO),
    ]  # fmt: skip
    assert count == 3
    assert lines(image.lock) == [
        ("base:1", ONE, DAY, AMD64), ("docker/dockerfile:1", THREE, DAY, ""), ("tool", TWO, DAY, ""),
    ]  # fmt: skip
    assert check(scope()) == 3
    before, asked = image.lock.stat(), len(images.asked)
    images.images["docker.io/library/base:1"] = (TWO, {})
    assert update(scope(), images, (), LATER) == ([], 3)
    assert (image.lock.stat(), len(images.asked)) == (before, asked)


def test_locked_digests_and_env_are_inputs(scope, images, image):
    loose = read_inputs(image)
    assert loose.fingerprint.precision == "superset"
    update(scope(), images, (), DAY)
    locked = read_inputs(image)
    assert locked.fingerprint.precision == "exact"
    assert [use.read.selector.path for use in locked.uses] == ["/b"]
    assert {(item.name, item.value) for item in locked.fingerprint.inputs if item.name.startswith("reference:")} == {
        ("reference:from", f"base:1@{ONE}"), ("reference:copy", f"tool@{TWO}"),
        ("reference:syntax", f"docker/dockerfile:1@{THREE}"),
    }  # fmt: skip
    assert locked.notices == ()
    images.images["docker.io/library/tool:latest"] = (ONE, {})
    update(scope(), images, ["tool"], DAY)
    moved = read_inputs(image)
    assert len({each.fingerprint.tag for each in (loose, locked, moved)}) == 3


def test_the_day_of_a_lock_is_no_input(scope, images, image):
    update(scope(), images, (), DAY)
    before = read_inputs(image).fingerprint
    lock = read(image.lock)
    write(image.lock, Lock(tuple(replace(entry, date=LATER) for entry in lock.entries)))
    assert read_inputs(image).fingerprint == before


def test_upgrade_moves_all_or_the_named_and_dates_what_moved(scope, images, image):
    update(scope(), images, (), DAY)
    images.images["docker.io/library/base:1"] = (TWO, {AMD64: BaseConfig()})
    images.images["docker.io/docker/dockerfile:1"] = (ONE, {})
    changes, _ = update(scope(), images, ["docker/dockerfile:1"], LATER)
    assert [(each.reference, each.before, each.after) for each in changes] == [("docker/dockerfile:1", THREE, ONE)]
    changes, _ = update(scope(), images, None, LATER)
    assert [(each.reference, each.before, each.after) for each in changes] == [("base:1", ONE, TWO)]
    assert [line[2] for line in lines(image.lock)] == [LATER, LATER, DAY]
    before = image.lock.stat()
    assert update(scope(), images, None, "2027-01-01")[0] == []
    assert image.lock.stat() == before


@pytest.mark.parametrize(
    ("reference", "hint"), [("base:2", "did you mean base:1?"), ("zzz", "known: base:1"), (f"pin@{ONE}", "pinned")]
)
def test_only_what_floats_can_be_moved(reference, hint, scope, images, root):
    (root / "Dockerfile").write_text(f"FROM base:1 AS x\nFROM pin@{ONE}\nCOPY --from=x / /\n")
    with pytest.raises(DeployError) as caught:
        update(scope(), images, [reference], DAY)
    assert (caught.value.code, caught.value.exit_code) == ("unknown-base", Exit.USAGE)
    assert hint in caught.value.hint


def test_a_further_platform_is_one_of_the_same_digest(scope, images, image):
    update(scope(), images, (), DAY)
    old = images.images["docker.io/library/base:1"]
    images.images = {"docker.io/library/base:0": old, **images.images, "docker.io/library/base:1": (TWO, old[1])}
    arm = replace(image, name="arm", platforms=(Platform.parse(ARM64),))
    with pytest.raises(DeployError) as caught:
        check(scope(image, arm))
    assert caught.value.cause == f"missing: base:1 ({ARM64})"
    update(scope(image, arm), images, (), LATER)
    assert [line for line in lines(image.lock) if line[0] == "base:1"] == [
        ("base:1", ONE, DAY, AMD64), ("base:1", ONE, DAY, ARM64),
    ]  # fmt: skip
    # And it moves with the others, whichever image is asked about.
    update(scope(image, everything=[arm]), images, ["base:1"], LATER)
    assert [line[1:] for line in lines(image.lock) if line[0] == "base:1"] == [(TWO, LATER, AMD64), (TWO, LATER, ARM64)]


def test_what_nobody_needs_is_taken_out(scope, images, image, root):
    update(scope(), images, (), DAY)
    (root / "Other").write_text("FROM tool\n")
    other = replace(image, name="other", dockerfile=root / "Other")
    (root / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(DeployError) as caught:
        check(scope())
    assert caught.value.code == "lock-stale"
    assert [line.split(": ")[0] for line in caught.value.cause.splitlines()] == ["not needed any more"] * 3
    write(image.lock, Lock((*read(image.lock).entries, Entry("gone", ONE, DAY))))
    update(Scope(image.lock, [image], None), images, (), DAY)  # whose lines these are is not known: they stay
    assert len(lines(image.lock)) == 4
    changes, _ = update(scope(image, other), images, (), DAY)
    assert [(each.reference, each.after) for each in changes] == [
        ("base:1", None), ("docker/dockerfile:1", None), ("gone", None), ("tool", TWO),
    ]  # fmt: skip
    assert lines(image.lock) == [("tool", TWO, DAY, AMD64)]


def test_nothing_is_written_when_one_cannot_be_read(scope, images, image):
    del images.images["docker.io/library/tool:latest"]
    with pytest.raises(DeployError) as caught:
        update(scope(), images, (), DAY)
    assert caught.value.code == "not-in-registry"
    assert not image.lock.exists()


def test_no_file_is_made_for_nothing(scope, images, image, root):
    (root / "Dockerfile").write_text("FROM scratch\n")
    assert update(scope(), images, (), DAY) == ([], 0)
    assert not image.lock.exists()
    assert check(scope()) == 0


def test_what_a_bases_triggers_name_is_locked_too(scope, images, image, root):
    (root / "Dockerfile").write_text("FROM base:1\n")
    triggers = ("COPY --from=tool / /", "COPY c /")
    images.images["docker.io/library/base:1"] = (ONE, {AMD64: BaseConfig((), triggers)})
    update(scope(), images, (), DAY)
    assert [line[0] for line in lines(image.lock)] == ["base:1", "tool"]
    assert check(scope()) == 2
    inputs = read_inputs(image)
    assert [use.read.selector.path for use in inputs.uses] == ["/c"]
    assert locked_triggers(inputs, f"base:1@{ONE}", Platform.parse(AMD64)) == triggers


def test_what_a_lock_knows_of_one_platform_explains_nothing_on_another(scope, images, image, root):
    """A lock that was written before a platform was added: what its image would read is in no fingerprint."""
    (root / "Dockerfile").write_text("FROM base:1\n")
    trigger = "COPY c* /"
    images.images["docker.io/library/base:1"] = (ONE, dict.fromkeys((AMD64, ARM64), BaseConfig((), (trigger,))))
    update(scope(), images, (), DAY)
    platforms = (Platform.parse(AMD64), Platform.parse(ARM64))
    both = replace(image, platforms=platforms)

    def unexpected():
        inputs = read_inputs(both)
        return [unexpected_triggers(inputs, f"base:1@{ONE}", each, (trigger,)) for each in platforms]

    assert unexpected() == [(), (trigger,)]
    with pytest.raises(DeployError) as caught:
        check(scope(both))
    assert "missing: base:1 (linux/arm64)" in caught.value.cause
    update(scope(both), images, (), DAY)
    assert unexpected() == [(), ()]


NATIVE = "FROM --platform=$BUILDPLATFORM base:1 AS t\nCOPY ${P:-a} /\nFROM scratch\nCOPY --from=t / /\n"


def test_a_base_of_the_build_platform_is_locked_for_every_machine_that_it_has(scope, images, image, root):
    (root / "Dockerfile").write_text(NATIVE)
    rare = replace(image, platforms=(Platform.parse("linux/s390x"),))
    update(scope(rare), images, (), DAY)
    assert [each[3] for each in lines(image.lock)] == [AMD64, ARM64]
    assert (check(scope(rare)), update(scope(rare), images, (), LATER)) == (1, ([], 1))
    assert "s390x" not in image.lock.read_text()


def test_a_base_for_one_machine_alone_is_locked_for_a_target_that_it_lacks(scope, images, image, root):
    (root / "Dockerfile").write_text(NATIVE)
    images.images["docker.io/library/base:1"] = (ONE, {AMD64: BaseConfig((("P", "b"),))})
    arm = replace(image, platforms=(Platform.parse(ARM64),))
    update(scope(arm), images, (), DAY)
    assert [each[3] for each in lines(image.lock)] == [AMD64]
    assert check(scope(arm)) == 1
    assert [read.selector.path for read in read_inputs(arm).recipe.reads] == ["/b"]


def test_a_lock_with_one_machine_will_do(scope, images, image, root):
    """As older versions wrote it: for the target platform."""
    (root / "Dockerfile").write_text(NATIVE)
    write(image.lock, Lock((Entry("base:1", ONE, DAY, ARM64, BaseConfig((("P", "b"),))),)))
    assert check(scope()) == 1
    assert update(scope(), images, (), LATER) == ([], 1)


def test_a_base_for_no_machine_cannot_be_locked(scope, images, root):
    (root / "Dockerfile").write_text(NATIVE)
    images.images["docker.io/library/base:1"] = (ONE, {"linux/s390x": BaseConfig()})
    with pytest.raises(DeployError) as caught:
        update(scope(), images, (), DAY)
    assert caught.value.code == "base-platform"


# -- into the build ------------------------------------------------------------------------------------------------


def test_the_build_is_told_the_digests(scope, images, image, root):
    more = ("own", "given", "docker.io/library/tool:latest")
    (root / "Dockerfile").write_text(TEXT + "".join(f"COPY --from={name} / /\n" for name in more))
    image = replace(image, build_contexts={"own": "docker-image://tool", "given": "docker-image://elsewhere"})
    images.images["docker.io/library/elsewhere:latest"] = (THREE, {})
    update(scope(image), images, (), DAY)
    with build_request(read_inputs(image), "registry.test/app") as request:
        assert request.build_contexts == {
            "base:1": f"docker-image://docker.io/library/base@{ONE}",
            "tool": f"docker-image://docker.io/library/tool@{TWO}",
            "docker.io/library/tool:latest": f"docker-image://docker.io/library/tool@{TWO}",
            "own": f"docker-image://docker.io/library/tool@{TWO}",
            "given": f"docker-image://docker.io/library/elsewhere@{THREE}",
        }
        assert request.build_args == {"BUILDKIT_SYNTAX": f"docker/dockerfile:1@{THREE}"}
        assert request.dockerfile.read_text().startswith(TEXT)


def test_without_a_lock_the_build_is_told_nothing(image):
    with build_request(read_inputs(image), "registry.test/app") as request:
        assert (request.build_contexts, request.build_args) == ({}, {})


@pytest.mark.parametrize(
    ("found", "known", "unexpected"),
    [
        ("COPY . /app", "COPY . /app", False),
        ("COPY . /app", "copy  .   /app", False),
        ("COPY b /app", "COPY $P /app", False),
        ("COPY b /app", "COPY c /app", True),
        ("ADD b /app", "COPY $P /app", True),
        ("COPY b /app", "ENV A=$B", True),
        ("RUN --mount=source=a,target=/x ls", "RUN --mount=source=a,target=/x ls", False),
    ],
)
def test_triggers_that_the_lock_explains(found, known, unexpected):
    assert unexplained([found], ["USER 1", known]) == ((found,) if unexpected else ())


# -- compared with the registries ----------------------------------------------------------------------------------


def test_bases_are_compared(scope, images, image, root):
    update(scope(), images, (), DAY)
    images.images["docker.io/library/base:1"] = (TWO, {})
    del images.images["docker.io/library/tool:latest"]
    (root / "Dockerfile").write_text(f"{TEXT}COPY --from=new:1 / /\nCOPY --from=pin@{ONE} / /\n")
    images.images["docker.io/library/new:1"] = (ONE, {})
    lock = read(image.lock)
    found = compare([read_recipe(image, lock.images)], lock, images)
    assert [(base.reference, base.state, base.locked, base.now) for base in found] == [
        ("base:1", "moved", ONE, TWO),
        ("docker/dockerfile:1", "unchanged", THREE, THREE),
        ("new:1", "not-locked", None, ONE),
        ("tool", "unknown", TWO, None),
    ]
    assert "not-in-registry" in found[-1].why
