"""What is said of Dockerfiles and of the settings of images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.actions.doctor.findings import Health
from rajee_deploy.actions.doctor.images import check_images
from rajee_deploy.errors import DeployError
from rajee_deploy.settings import load

OK, WARNING, ERROR, UNKNOWN = Health
SCRATCH = "FROM scratch\nCOPY app /app\n"
LOCK = "# rajee-deploy.lock/1: written by `rajee-deploy lock`; commit it\n"


@pytest.fixture
def examine(tmp_path):
    """The findings for a Dockerfile and an image's settings, as (check, health, text)."""

    def run(dockerfile: str, settings: str = "", more: str = "") -> list[tuple[str, Health, str]]:
        (tmp_path / "Dockerfile").write_text(dockerfile)
        (tmp_path / "app").write_text("")
        (tmp_path / "rajee-deploy.toml").write_text(f'[images.api]\nrepository = "team/api"\n{settings}\n{more}')
        read = load(tmp_path / "rajee-deploy.toml")
        found = list(check_images(read, lambda: read.images))
        assert all(bool(each.fix) is (each.health is not OK) or each.health is ERROR for each in found)
        return [(each.check, each.health, each.text) for each in found]

    return run


def of(found, check: str) -> list[tuple[Health, str]]:
    return [(health, text) for name, health, text in found if name == check]


def test_nothing_to_say(examine):
    assert [(check, health) for check, health, _ in examine(SCRATCH)] == [("bases", OK), ("secrets", OK)]


PINNED = "FROM busybox@sha256:" + "a" * 64 + "\n"
MANY = "".join(f"FROM a:{n} AS s{n}\n" for n in range(5)) + "FROM scratch\n" + "COPY --from=s{} / /\n" * 5
MANY = MANY.format(*range(5))


@pytest.mark.parametrize(
    ("dockerfile", "health", "words"),
    [
        (SCRATCH, OK, "pinned, or locked"),
        (PINNED, OK, "pinned, or locked"),
        ("FROM busybox:1\n", WARNING, "busybox:1 is not locked"),
        ("FROM busybox:1 AS a\nFROM alpine\nCOPY --from=a / /\n", WARNING, "alpine, busybox:1 are not locked"),
        ("FROM busybox:1 AS unused\nFROM scratch\n", OK, "pinned, or locked"),
        (
            MANY,
            WARNING,
            "a:0, a:1, a:2, and 2 more are not locked",
        ),
        ("# syntax=docker/dockerfile:1\nFROM scratch\n", WARNING, "docker/dockerfile:1 is not locked"),
    ],
)
def test_bases(examine, dockerfile, health, words):
    ((found, text),) = of(examine(dockerfile), "bases")
    assert found is health
    assert words in text


def test_a_lock_that_cannot_be_read(examine, tmp_path):
    (tmp_path / "rajee-deploy.lock").write_text("<<<<<<< HEAD\n")
    ((check, health, _),) = examine(SCRATCH)
    assert (check, health) == ("bases", ERROR)


def test_a_dockerfile_that_cannot_be_read_hides_no_other(examine, tmp_path):
    (tmp_path / "Other").write_text("FROM busybox:1\n")
    found = examine("COPYY x y\n", more='[images.other]\nrepository = "team/other"\ndockerfile = "Other"\n')
    assert [(check, health) for check, health, _ in found] == [
        ("dockerfile", ERROR),
        ("bases", WARNING),
        ("secrets", OK),
    ]


@pytest.mark.parametrize(
    ("dockerfile", "settings", "words"),
    [
        (
            "FROM scratch\nARG NPM_TOKEN\n",
            'build-args = { NPM_TOKEN = "canary" }',
            "api: NPM_TOKEN looks like a secret",
        ),
        ("FROM scratch\nARG DB_PASSWORD=canary\n", "", "api: DB_PASSWORD looks like a secret"),
        (
            "FROM scratch\nARG NPM_TOKEN\nARG KEY=canary\n",
            'build-args = { NPM_TOKEN = "canary" }',
            "api: NPM_TOKEN, KEY look like secrets",
        ),
        ("FROM scratch\nARG NPM_TOKEN\n", "", ""),
        ("FROM scratch AS other\nARG KEY=canary\nFROM scratch\n", "", ""),
        ("FROM scratch\nARG VERSION=1\n", "", ""),
        ("FROM scratch\nARG X\nENV A=1 API_KEY=$X\n", "", "api: API_KEY looks like a secret"),
        ("FROM scratch\nARG API_KEY=\nENV TOKEN=\n", "", ""),
    ],
)
def test_secrets_among_build_arguments(examine, dockerfile, settings, words):
    found = examine(dockerfile, settings)
    ((health, text),) = of(found, "secrets")
    assert (health, words in text) == (WARNING if words else OK, True)
    assert "canary" not in str(found)


MOUNT = "FROM scratch\nRUN --mount=type=secret,id=key x\n"


@pytest.mark.parametrize(
    ("dockerfile", "settings", "keys"),
    [
        (SCRATCH, 'build-args = { VERSION = "3" }', ["build-args.VERSION"]),
        ("FROM scratch\nARG VERSION\n", 'build-args = { VERSION = "3" }', []),
        ("ARG BASE=scratch\nFROM $BASE\n", 'build-args = { BASE = "scratch" }', []),
        (
            "FROM scratch AS other\nARG VERSION\nFROM scratch\n",
            'build-args = { VERSION = "3" }',
            ["build-args.VERSION"],
        ),
        (SCRATCH, 'build-args = { HTTP_PROXY = "x", SOURCE_DATE_EPOCH = "1", BUILDKIT_INLINE_CACHE = "1" }', []),
        (SCRATCH, 'build-contexts = { lib = "." }', ["build-contexts.lib"]),
        ("FROM scratch\nCOPY --from=lib app /\n", 'build-contexts = { lib = "." }', []),
        ("FROM lib\n", 'build-contexts = { lib = "docker-image://busybox" }', []),
        (SCRATCH, 'build-contexts = { lib = "docker-image://busybox" }', ["build-contexts.lib"]),
        (SCRATCH, 'secrets = { key = "env:KEY" }', ["secrets.key"]),
        (MOUNT, 'secrets = { key = "env:KEY" }', []),
        (MOUNT, 'secrets = { key = "env:KEY", other = "env:KEY" }', ["secrets.other"]),
        (SCRATCH, 'deploy-by = "digest"', ["deploy-by"]),
        (SCRATCH, 'parameter = "Other"', ["parameter"]),
        (SCRATCH, 'deploy-by = "tag"\nparameter = "ImageTag"', []),
    ],
)
def test_keys_without_an_effect(examine, dockerfile, settings, keys):
    found = of(examine(dockerfile, settings), "unused")
    assert [text.split()[1] for _, text in found] == keys
    assert {health for health, _ in found} <= {WARNING}


@pytest.mark.parametrize(
    ("dockerfile", "is_unused"),
    [(SCRATCH, True), (f"# syntax=docker/dockerfile:1\n{SCRATCH}", False), ("COPYY x\n", False)],
)
def test_mirrors_that_nobody_asks(examine, tmp_path, dockerfile, is_unused):
    examine(dockerfile)
    text = (tmp_path / "rajee-deploy.toml").read_text()
    (tmp_path / "rajee-deploy.toml").write_text(f'syntax-mirrors = ["mirror.example.com/hub"]\n{text}')
    settings = load(tmp_path / "rajee-deploy.toml")
    found = [each.text for each in check_images(settings, lambda: settings.images) if each.check == "unused"]
    assert [text.split()[0] for text in found] == ["syntax-mirrors"] * is_unused


# -- images that the app declares ----------------------------------------------------------------------------------


def test_images_of_which_no_synth_tells_are_unknown_and_the_others_are_looked_at(examine, tmp_path):
    examine("FROM busybox:1\n")
    found = list(check_images(load(tmp_path / "rajee-deploy.toml"), lambda: None))
    assert [(each.check, each.health) for each in found] == [("bases", UNKNOWN), ("bases", WARNING), ("secrets", OK)]


def test_an_image_of_the_app_gets_its_secrets_from_the_app(examine, tmp_path):
    examine("FROM scratch\nARG KEY=canary\n", 'build-args = { OTHER = "1" }')
    settings = load(tmp_path / "rajee-deploy.toml")
    images = [replace(each, parameter="asset:Web") for each in settings.images]
    (bases, secrets) = check_images(settings, lambda: images)
    assert (bases.health, secrets.health) == (OK, WARNING)
    assert "build_secrets of the asset" in secrets.fix


def test_an_assembly_that_cannot_be_read(examine, tmp_path):
    def fail():
        raise DeployError("bad-assembly", "it cannot be read")

    examine(SCRATCH)
    (found,) = check_images(load(tmp_path / "rajee-deploy.toml"), fail)
    assert found.code == "bad-assembly"
