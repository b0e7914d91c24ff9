"""The settings of builds: what is read, every mistake named, and what of it counts for the fingerprint."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.settings import load
from rajee_deploy.settings.build_settings import EngineKind, EngineSettings, Provenance, Secret

IMAGE = '[images.app]\nrepository = "team/app"\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
    (tmp_path / "app").write_text("app")

    def write(text: str):
        path = tmp_path / "rajee-deploy.toml"
        path.write_text(text)
        return path

    return write


def test_defaults(project):
    settings = load(project(IMAGE))
    assert settings.engine == EngineSettings(EngineKind.AUTO, None, 2)
    assert settings.images[0].build.provenance is Provenance.NONE


def test_everything(project):
    path = project(
        'engine = "buildx"\nbuilder = "far"\nbuild-concurrency = 4\n'
        + IMAGE
        + 'secrets = { n = "env:T", f = "file:x" }\n'
        'ssh = ["default"]\ncache-from = ["gha"]\ncache-to = ["team/cache"]\nprovenance = "min"\nlabels = { a = "1" }\n'
        '[environments.ci]\nbuilder = "other"\n'
    )
    settings = load(path)
    (image,) = settings.images
    assert settings.engine == EngineSettings(EngineKind.BUILDX, "far", 4)
    assert image.build.secrets == (Secret("f", path=str(path.parent / "x")), Secret("n", variable="T"))
    assert (image.build.ssh, image.build.cache_from, image.build.cache_to) == (("default",), ("gha",), ("team/cache",))
    assert (image.build.provenance, image.labels) == (Provenance.MIN, {"a": "1"})
    assert load(path, "ci").engine == EngineSettings(EngineKind.BUILDX, "other", 4)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('engine = "kaniko"\n' + IMAGE, "engine"),
        ("build-concurrency = 0\n" + IMAGE, "build-concurrency"),
        ("build-concurrency = true\n" + IMAGE, "build-concurrency"),
        ('builder = "--flag"\n' + IMAGE, "builder"),
        ('engine = "buildah"\nbuilder = "far"\n' + IMAGE, "builder"),
        (IMAGE + 'secrets = { n = "hunter2" }', "images.app.secrets.n"),
        (IMAGE + 'secrets = { n = "env:" }', "images.app.secrets.n"),
        (IMAGE + 'secrets = { n = "file:a,b" }', "images.app.secrets.n"),
        (IMAGE + 'secrets = { "a,src=/etc/shadow" = "env:A" }', "images.app.secrets.a,src=/etc/shadow"),
        (IMAGE + 'provenance = "all"', "images.app.provenance"),
        (IMAGE + "provenance = true", "images.app.provenance"),
        (IMAGE + 'cache-to = "gha"', "images.app.cache-to"),
    ],
)
def test_a_mistake_names_its_key_and_never_a_value(project, text, key):
    with pytest.raises(ConfigurationError) as caught:
        load(project(text))
    assert caught.value.problem.startswith(f"{key}: ")
    assert "hunter2" not in str(caught.value)


def test_labels_count_when_they_are_set_and_how_it_is_built_never(project):
    def tag(more: str = "", before: str = "") -> str:
        return read_inputs(load(project(before + IMAGE + more)).images[0]).fingerprint.tag

    plain = tag()
    handed = (
        'secrets = { n = "env:T" }\nssh = ["default"]\ncache-from = ["a"]\ncache-to = ["gha"]\nprovenance = "max"\n'
    )
    assert tag(handed, 'engine = "buildah"\nbuild-concurrency = 9\n') == plain
    assert tag("labels = {}") == plain
    assert len({plain, tag('labels = { a = "1" }'), tag('labels = { a = "2" }'), tag('labels = { b = "1" }')}) == 4


def test_the_request_carries_what_the_settings_say(project):
    path = project(IMAGE + 'labels = { a = "1", "org.opencontainers.image.source" = "mine" }\nssh = ["default"]\n')
    inputs = read_inputs(load(path).images[0])
    found = {"org.opencontainers.image.source": "git's", "io.rajee-deploy.dirty": "true"}
    with build_request(inputs, "registry.test/team/app", found) as request:
        assert request.labels == {
            "a": "1",
            "org.opencontainers.image.source": "mine",
            "io.rajee-deploy.dirty": "true",
            "io.rajee-deploy.fingerprint": str(inputs.fingerprint.digest),
        }
        assert (request.name, request.settings.ssh) == ("app", ("default",))
        assert request.shown_dockerfile.endswith("Dockerfile")


def test_a_key_may_hold_what_separates_a_key_from_its_problem(project):
    with pytest.raises(ConfigurationError) as caught:
        load(project(IMAGE + '[images.app.secrets]\n"a: b" = "env:T"\n'))
    assert caught.value.problem.startswith("images.app.secrets.a: b: a secret's id has letters")
