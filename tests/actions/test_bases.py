"""The lock against the Dockerfiles: completed, moved, checked, compared. On disk; registries are a fake."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes import FakeImages

from rajee_deploy.actions.bases import LockScope, check, compare, update
from rajee_deploy.errors import DeployError, Exit
from rajee_deploy.image.inputs import read_inputs, read_recipe
from rajee_deploy.image.request import build_request
from rajee_deploy.image.triggers import base_images, not_counted
from rajee_deploy.lock import Lock, LockLine, read, write
from rajee_deploy.model import BaseConfig, Digest, Platform
from rajee_deploy.settings import ImageSettings

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
        return LockScope(image.lock, chosen, [*chosen, *everything])

    return of


def lines(path):
    return [(each.reference, each.digest, each.date, each.platform) for each in read(path).entries]


def test_a_lock_is_completed_and_then_stays(scope, images, image):
    changes, count = update(scope(), images, (), DAY)
    assert [(each.reference, each.before, each.after) for each in changes] == [
        ("base:1", None, ONE),
        ("docker/dockerfile:1", None, THREE),
        ("tool", None, TWO),
    ]
    assert count == 3
    assert lines(image.lock) == [
        ("base:1", ONE, DAY, AMD64),
        ("docker/dockerfile:1", THREE, DAY, ""),
        ("tool", TWO, DAY, ""),
    ]
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
        ("reference:from", f"base:1@{ONE}"),
        ("reference:copy", f"tool@{TWO}"),
        ("reference:syntax", f"docker/dockerfile:1@{THREE}"),
    }
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
        ("base:1", ONE, DAY, AMD64),
        ("base:1", ONE, DAY, ARM64),
    ]
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
    write(image.lock, Lock((*read(image.lock).entries, LockLine("gone", ONE, DAY))))
    update(LockScope(image.lock, [image], None), images, (), DAY)  # whose lines these are is not known: they stay
    assert len(lines(image.lock)) == 4
    changes, _ = update(scope(image, other), images, (), DAY)
    assert [(each.reference, each.after) for each in changes] == [
        ("base:1", None),
        ("docker/dockerfile:1", None),
        ("gone", None),
        ("tool", TWO),
    ]
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
    assert not_counted(inputs, {(f"base:1@{ONE}", Platform.parse(AMD64)): BaseConfig((), triggers)}) == {}


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
        found = {(f"base:1@{ONE}", each): BaseConfig((), (trigger,)) for each in platforms}
        return not_counted(inputs, found)

    assert unexpected() == {(f"base:1@{ONE}", platforms[1]): (trigger,)}
    with pytest.raises(DeployError) as caught:
        check(scope(both))
    assert "missing: base:1 (linux/arm64)" in caught.value.cause
    update(scope(both), images, (), DAY)
    assert unexpected() == {}


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
    write(image.lock, Lock((LockLine("base:1", ONE, DAY, ARM64, BaseConfig((("P", "b"),))),)))
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


# -- what a base was found to be -----------------------------------------------------------------------------------

BASE, PLATFORM = "base:1", Platform.parse(AMD64)


@pytest.mark.parametrize(
    ("text", "trigger", "is_counted"),
    [
        ("COPY a /", "COPY . /app", False),
        ("COPY a /", "copy b /", False),
        ("COPY a /", "ADD b /", False),
        ("COPY a /", "COPY --parents b /", False),
        ("COPY a /", "RUN --mount=target=/x ls", False),
        ("COPY a /", "RUN --mount=from=dir,target=/x ls", False),
        ("COPY a /", "COPY --from=dir . /", False),
        ("COPY a /", "COPY --from=unused / /", False),
        ("COPY a /", "COPY $P /", False),
        ("COPY a /", "ADD $P /", False),
        ("COPY a /", "ARG V", False),
        ("COPY a /", "ARG V=2", False),
        ("COPY a /", "COPY a /x", True),
        ("COPY . /", "COPY b /", True),
        ("COPY . /", "RUN --mount=target=/x ls", True),
        ("COPY . /", "COPY --from=dir . /", False),
        ("COPY --from=dir . /", "COPY --from=dir x /", True),
        ("COPY $P /", "COPY . /app", True),
        ("ARG V\nCOPY a /", "ARG V", True),
        ("COPY a /", "ARG W", True),
        ("COPY a /", "ENV P=a", True),
        ("COPY a /", "COPY <<E /f\nhello\nE", True),
        ("COPY a /", "ADD https://x.org/f /", True),
        ("COPY a /", "ADD https://x.org/f.git /", True),
        ("COPY a /", "RUN --mount=type=cache,target=/c make", True),
        ("COPY a /", "RUN --mount=type=secret,id=s make", True),
        ("COPY a /", "RUN --mount=type=tmpfs,target=/t make", True),
        ("COPY a /", "RUN --mount=from=tool,target=/t make", True),
        ("COPY a /", "RUN echo --mount", True),
        ("COPY a /", 'RUN ["echo", "--mount=target=/x"]', True),
        ("COPY a /", "COPY --from=tool / /", True),
        ("COPY a /", "COPY --from=used / /", True),
        ("COPY a /", "LABEL a=b", True),
    ],
)
def test_what_a_trigger_reads_and_no_fingerprint_has(text, trigger, is_counted, image, root):
    (root / "dir").mkdir()
    (root / "dir/x").write_text("x")
    (root / "b").write_text("b")
    stages = f"FROM scratch AS unused\nCOPY b /\nFROM scratch AS used\nCOPY a /\nFROM {BASE}\nCOPY --from=used / /u\n"
    (root / "Dockerfile").write_text(stages + text)
    inputs = read_inputs(replace(image, build_args={"V": "1"}, build_contexts={"dir": str(root / "dir")}))
    assert base_images(inputs) == ((BASE, PLATFORM),)
    config = BaseConfig((("P", "b"),), ("RUN test -n $V", trigger, "USER 1"))
    assert not_counted(inputs, {(BASE, PLATFORM): config}) == ({} if is_counted else {(BASE, PLATFORM): (trigger,)})


@pytest.mark.parametrize("env", [{}, {"P": "x/y"}, {"P": "..", "Q": "*"}])
def test_no_env_of_a_base_reads_what_does_not_count(env, image, root):
    """Whatever it is: that is what widening is for."""
    (root / "Dockerfile").write_text(
        f"FROM {BASE} AS s\nARG P\nENV R=$P$Q\nCOPY x/${{P:-a}} /1/\nFROM s\n"
        "COPY $R /2/\nRUN --mount=source=$Q,target=/x y\n"
    )
    config = BaseConfig(tuple(env.items()), ("ENV P=c",))
    assert not_counted(read_inputs(image), {(BASE, PLATFORM): config}) == {}


def test_two_bases_are_told_apart(image, root):
    (root / "Dockerfile").write_text("FROM one:1 AS one\nFROM two:1\nCOPY --from=one / /\n")
    found = {("one:1", PLATFORM): BaseConfig((), ("RUN x", "COPY a /", "COPY b /")), ("two:1", PLATFORM): BaseConfig()}
    assert not_counted(read_inputs(image), found) == {("one:1", PLATFORM): ("COPY a /", "COPY b /")}


def test_triggers_that_read_the_same_are_all_told(image, root):
    (root / "Dockerfile").write_text(f"FROM {BASE}\nCOPY a /\n")
    triggers = ("COPY b /1/", "COPY b /2/")
    assert not_counted(read_inputs(image), {(BASE, PLATFORM): BaseConfig((), triggers)}) == {(BASE, PLATFORM): triggers}


@pytest.mark.parametrize(("declared", "culprits"), [("", ("ARG V", "COPY b /")), ("ARG V\n", ("COPY b /",))])
def test_of_an_image_that_was_only_shown_any_argument_may_be_declared(declared, culprits, image, root):
    (root / "Dockerfile").write_text(f"FROM {BASE}\n{declared}COPY a /\n")
    inputs = read_inputs(replace(image, build_args={"V": "1"}))
    shown = BaseConfig((), ("RUN x", "COPY b /"), is_whole=False)
    assert not_counted(inputs, {(BASE, PLATFORM): shown}) == {(BASE, PLATFORM): culprits}


def test_of_a_locked_image_that_was_only_shown_the_lock_knows_the_rest(scope, images, image, root):
    (root / "Dockerfile").write_text("FROM base:1\nCOPY $P /\n")
    config = BaseConfig((("P", "b"),), ("ARG V", "COPY $V$P /"))
    images.images["docker.io/library/base:1"] = (ONE, {AMD64: config})
    image = replace(image, build_args={"W": "1"})
    update(scope(image), images, (), DAY)
    found = {(f"base:1@{ONE}", PLATFORM): BaseConfig((), ("COPY b /",), is_whole=False)}
    assert not_counted(read_inputs(image), found) == {}
    found = {(f"base:1@{ONE}", PLATFORM): BaseConfig((), ("COPY c /",), is_whole=False)}
    assert not_counted(read_inputs(image), found) == {(f"base:1@{ONE}", PLATFORM): ("COPY c /",)}


def test_an_image_in_the_place_of_a_stage_is_looked_at(image, root):
    (root / "Dockerfile").write_text("FROM scratch AS s\nFROM s\nCOPY a /\n")
    inputs = read_inputs(replace(image, build_contexts={"s": "docker-image://base:1"}))
    assert base_images(inputs) == ((BASE, PLATFORM),)
    found = {(BASE, PLATFORM): BaseConfig((), ("COPY . /app",))}
    assert not_counted(inputs, found) == {(BASE, PLATFORM): ("COPY . /app",)}


def test_a_layout_is_a_base_too(image, root):
    (root / "Dockerfile").write_text("FROM s\nCOPY a /\n")
    (root / "layout").mkdir()
    named = {"digest": str(ONE), "annotations": {"org.opencontainers.image.ref.name": "1"}}
    (root / "layout/index.json").write_text(json.dumps({"manifests": [named]}))
    where = f"oci-layout://{root}/layout@{ONE}"
    inputs = read_inputs(replace(image, build_contexts={"s": f"oci-layout://{root}/layout:1"}))
    assert base_images(inputs) == ((where, PLATFORM),)
    assert not_counted(inputs, {(where, PLATFORM): BaseConfig((), ("COPY . /",))}) == {(where, PLATFORM): ("COPY . /",)}


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
