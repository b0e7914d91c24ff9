"""A project whose images are all the CDK app's own: no verb that is about images says that all is well."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from rajee_deploy.cli.line import VERBS, command_line
from rajee_deploy.cli.no_images import _INSTEAD
from rajee_deploy.errors import ConfigurationError, Exit
from rajee_deploy.settings import load
from rajee_deploy.synth.app import CdkApp
from rajee_deploy.synth.images_of_cdk import images_of_cdk

# Verbs that are about the settings' stacks too, or about no project.
OTHERS = {"completion", "help", "doctor", "init", "up", "plan", "status", "permissions", "report", "explain-error"}
CASES = [
    "fingerprint",
    "fingerprint --json",
    "explain",
    "explain app.py",
    "explain --since HEAD",
    "replay",
    "verify",
    "verify --detailed-exitcode",
    "lock",
    "lock --check",
    "lock --check --json",
    "lock --upgrade",
    "rollback",
    "rollback --plan",
]


@pytest.mark.parametrize("words", [each for each in CASES if not each.startswith(("rollback", "explain app"))])
def test_where_they_are_built_here_a_synth_tells_which_there_are(project, words):
    path = project / "rajee-deploy.toml"
    path.write_text(path.read_text() + 'image-assets = "adopt"\n')
    assert "rajee-deploy plan makes one" in refused(words).cause


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    (root / "infra").mkdir(parents=True)
    (root / "infra" / "cdk.json").write_text("{}")
    (root / "rajee-deploy.toml").write_text('[cdk]\napp = "infra"\nstacks = ["Api"]\n')
    monkeypatch.chdir(root)
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    return root


def refused(words: str) -> ConfigurationError:
    argv = words.split()
    error = CliRunner().invoke(command_line(argv), argv).exception
    assert isinstance(error, ConfigurationError), error
    assert (error.code, error.exit_code) == ("no-images", Exit.USAGE)
    return error


def keep(root, manifests: dict[str, object]) -> None:
    """As a synth does."""
    assembly = root.parent / "cdk.out"
    assembly.mkdir()
    (assembly / "manifest.json").write_text('{"artifacts": {}}')
    for name, document in manifests.items():
        (assembly / name).write_text(json.dumps(document))
    settings = load(root / "rajee-deploy.toml")
    CdkApp(settings.cdk, "").store.keep("any", assembly, {}, "123456789012")


def test_every_verb_is_known_to_be_about_images_or_not():
    assert {name.split()[0] for name in _INSTEAD} | OTHERS == set(VERBS)
    assert {case.split()[0] for case in CASES} | OTHERS == set(VERBS)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("words", CASES)
def test_it_is_refused_with_what_there_is_to_do(words):
    error = refused(words)
    assert "not known here" in error.cause
    verb = words.split()[0]
    assert ("rajee-deploy plan" if verb != "rollback" else "git revert") in error.hint
    assert f"rajee-deploy {verb if verb != 'rollback' else 'up'}" in error.hint
    assert ("--check" in error.hint) == ("--check" in words)


ASSETS = {
    "dockerImages": {
        "a" * 64: {"displayName": "Api/Image", "source": {"directory": "asset.a", "dockerFile": "Dockerfile.prod"}},
        "b" * 64: {"source": {"directory": "asset.b"}},
    }
}


def test_the_images_of_the_app_are_named_with_who_builds_them(project):
    keep(project, {"Api.assets.json": ASSETS, "Other.assets.json": {"files": {}}})
    error = refused("verify")
    assert f"Api Api/Image (Dockerfile.prod), Api {'b' * 12} (as of" in error.cause
    assert "the CDK CLI hashes, builds and pushes" in error.cause


def test_an_app_without_images_is_no_app_with_some(project):
    keep(project, {"Api.assets.json": {"files": {}}})
    assert "no image of its own either" in refused("lock --check").cause


def test_a_manifest_may_be_large(tmp_path):
    images = {"dockerImages": {"a": {"source": {"dockerFile": "F"}}}}
    (tmp_path / "Api.assets.json").write_text(json.dumps(images) + " " * (20 << 20))
    assert images_of_cdk(tmp_path) == ["Api a (F)"]


@pytest.mark.parametrize(
    "document", [[], None, {"dockerImages": 1}, {"dockerImages": {"a": 1}}, {"dockerImages": {"a": {"source": []}}}]
)
def test_a_manifest_of_another_form_is_no_failure(tmp_path, document):
    (tmp_path / "Api.assets.json").write_text(json.dumps(document))
    (tmp_path / "Other.assets.json").write_text("{")
    (tmp_path / "Third.assets.json").mkdir()
    assert images_of_cdk(tmp_path) in ([], ["Api a"])


def test_a_lock_that_nothing_needs_says_why(tmp_path, monkeypatch):
    """ "0 locked" would be said of a check that looked at nothing, too."""
    monkeypatch.chdir(tmp_path)
    pinned = f"alpine@sha256:{'1' * 64}"
    (tmp_path / "rajee-deploy.toml").write_text(
        '[images.bare]\nrepository = "a"\n[images.pinned]\nrepository = "b"\ndockerfile = "Pinned"\n'
    )
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Pinned").write_text(f"FROM scratch\nCOPY --from={pinned} / /\n")
    for words in ("lock --check", "lock"):
        argv = words.split()
        ended = CliRunner().invoke(command_line(argv), argv)
        assert ended.exit_code == 0
        said = " ".join(ended.stderr.split())
        assert "= bare nothing to lock, since its Dockerfile takes no image" in said
        assert f"= pinned nothing to lock, since its Dockerfile takes only {pinned[:26]} (it is pinned" in said
