"""What every engine promises, on the fake and on the real ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
import session

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.settings.build_settings import BuildSettings, Secret

PLAIN = ("FROM scratch", "COPY app /app")
CANARY = "correct-horse-battery-staple"
# As every test here, and with containerd's image store in `make test` too.
with_each_store = pytest.mark.parametrize(
    "rig",
    ["fake", *(pytest.param(name, marks=pytest.mark.docker) for name in ("buildx", "store", "buildah"))],
    indirect=True,
)
SUM = hashlib.sha256(CANARY.encode()).hexdigest()


@pytest.fixture(autouse=True)
def nothing_is_left_behind(rig):
    """Around every test: no temporary file stays, and the user's docker directory is byte for byte what it was."""
    before = rig.snapshot()
    yield
    assert list(rig.temporary.iterdir()) == []
    assert rig.snapshot() == before


def test_it_is_there_and_says_what_it_is(rig):
    assert rig.engine.check()


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64", "linux/arm/v7"])
def test_the_platform_is_the_one_asked_for(rig, platform):
    wanted = Platform.parse(platform)
    rig.build(*PLAIN, platforms=(wanted,))
    found = rig.find_config("c-1")
    assert (found["os"], found["architecture"]) == (wanted.os, wanted.architecture)


@with_each_store
def test_the_digest_is_reported(rig):
    assert rig.build(*PLAIN).startswith("sha256:")


@with_each_store
def test_labels(rig):
    labels = {"a": "1", "io.rajee-deploy.fingerprint": "sha256:0", "with space": 'a "quoted" \\ value = 1'}
    rig.build(*PLAIN, labels=labels)
    assert rig.find_config("c-1")["config"]["Labels"] == labels


def test_build_arguments_and_their_defaults(rig):
    lines = ("FROM scratch", "ARG WHO=nobody", "ARG HOME=/root", "ARG REST=default", "COPY app /app")
    sets = ("ENV A=$WHO", "ENV B=$REST", "ENV C=$HOME")
    rig.build(*lines, *sets, build_args={"WHO": "some body", "HOME": "/elsewhere"})
    variables = set(rig.find_config("c-1")["config"]["Env"])
    assert {"A=some body", "B=default", "C=/elsewhere"} <= variables


def test_the_target_and_nothing_behind_it(rig):
    lines = ("FROM scratch AS base", "ENV STAGE=base", "COPY app /app", "FROM base AS last", "ENV STAGE=last")
    rig.build(*lines, tag="c-1", target="base")
    rig.build(*lines, tag="c-2")
    assert "STAGE=base" in rig.find_config("c-1")["config"]["Env"]
    assert "STAGE=last" in rig.find_config("c-2")["config"]["Env"]


def test_events_begin_and_end(rig):
    rig.build(*PLAIN)
    begun = [event.name for event in rig.events if event.seconds is None and not event.moved and not event.layers]
    ended = [event.name for event in rig.events if event.seconds is not None]
    assert any("COPY" in name for name in ended)
    assert set(begun) <= set(ended)
    assert len(ended) == len(set(ended))


@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_secret_is_there_for_run_and_nowhere_else(rig, kind, monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / "canary").write_text(CANARY + "\n")
    source = {"env": "env:CANARY", "file": "file:canary"}[kind]
    settings = BuildSettings(secrets=(Secret.parse("canary", source, tmp_path),))
    # RUN ends well only where the secret holds what the sum says, and shows it.
    b, at = "/bin/busybox", "/run/secrets/canary"
    script = f"{b} cat {at}; test $({b} tr -d '\\n' <{at} | {b} sha256sum | {b} cut -c1-64) = {SUM}"
    run = f'RUN --mount=type=secret,id=canary ["{b}", "sh", "-c", "{script}"]'
    lines = ("FROM scratch", f"COPY busybox {b}", f"ENV AT={tmp_path.name}-{kind}", run.replace("\\n", "\\\\n"))
    rig.build(*lines, settings=settings)
    assert CANARY not in rig.said()
    assert CANARY not in json.dumps(rig.find_config("c-1"))


def test_a_secret_that_a_failing_step_shows_is_hidden(rig, monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    settings = BuildSettings(secrets=(Secret.parse("canary", "env:CANARY", tmp_path),))
    run = 'RUN --mount=type=secret,id=canary ["/bin/busybox", "sh", "-c", "/bin/busybox cat /run/secrets/canary; fail"]'
    with pytest.raises(DeployError) as caught:
        rig.build("FROM scratch", "COPY busybox /bin/busybox", run, settings=settings)
    error = caught.value
    assert CANARY not in f"{error.problem}{error.where}{error.cause}{error.hint}{rig.said()}"
    if rig.is_real:
        assert "***" in error.cause


@pytest.mark.parametrize("source", ["env:NOT_SET_ANYWHERE", "file:not-there"])
def test_a_secret_without_a_source(rig, source, tmp_path):
    settings = BuildSettings(secrets=(Secret.parse("canary", source, tmp_path),))
    with pytest.raises(DeployError) as caught:
        rig.build(*PLAIN, settings=settings)
    assert caught.value.code == "secret-missing"
    assert rig.find_config("c-1") is None


@with_each_store
def test_a_failing_step_names_its_line_and_its_last_words(rig):
    lines = (
        "FROM scratch",
        "COPY busybox /bin/busybox",
        "# a comment",
        'RUN ["/bin/busybox", "sh", "-c", "echo about to fail; exit 3"]',
        "ENV A=1",
    )
    with pytest.raises(DeployError) as caught:
        rig.build(*lines)
    assert caught.value.code == "build-failed"
    assert caught.value.where == "docker/api.Dockerfile:4"
    assert "about to fail" in [line.strip() for line in caught.value.cause.splitlines()]
    assert str(rig.folder) not in caught.value.cause
    assert rig.find_config("c-1") is None


@with_each_store
def test_wrong_credentials(rig):
    rig.access = replace(rig.access, password="wrong")
    with pytest.raises(DeployError) as caught:
        rig.build(*PLAIN)
    assert caught.value.code == "access-denied"
    assert caught.value.cause
    assert "wrong" not in caught.value.cause
    assert rig.find_config("c-1") is None


@pytest.mark.parametrize(
    ("uri", "code"),
    [("no-such-host.invalid/team/app", "registry-unknown-host"), ("{host}/team/nowhere-at-all", "no-repository")],
)
def test_what_a_registry_refuses_is_no_build_that_failed(rig, uri, code):
    if not rig.is_real:
        return  # it has no registry's words
    rig.access = replace(rig.access, uri=uri.format(host=rig.access.host))
    with pytest.raises(DeployError) as caught:
        rig.build(*PLAIN)
    assert caught.value.code == code, caught.value.cause
    assert caught.value.hint


def test_a_registry_that_does_not_answer(rig):
    session.note("registry", "localhost:9")
    rig.access = PushAccess("localhost:9/team/app", "AWS", "x")
    with pytest.raises(DeployError) as caught:
        rig.build(*PLAIN)
    assert caught.value.code == "push-broken-off"
    assert "localhost:9" in caught.value.cause + caught.value.where
