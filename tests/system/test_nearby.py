"""Where a file that is missing may be instead."""

from __future__ import annotations

import os

import pytest

from rajee_deploy.system.nearby import dockerfile_missing, elsewhere


@pytest.fixture
def root(tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "svc").mkdir(parents=True)
    monkeypatch.chdir(project)
    return project


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("FROM scratch\n")


@pytest.mark.parametrize(
    ("there", "dockerfile", "hint"),
    [
        # CDK's `file` starts at the context.
        ("svc/docker/Dockerfile", "docker/Dockerfile", 'images.api.dockerfile = "svc/docker/Dockerfile"'),
        ("Dockerfile.prod", "svc/Dockerfile.prod", 'images.api.dockerfile = "Dockerfile.prod"'),
        ("svc/Api.Dockerfile", "svc/Dockerfile", 'images.api.dockerfile = "svc/Api.Dockerfile"'),
        ("svc/Containerfile", "svc/Dockerfile", 'images.api.dockerfile = "svc/Containerfile"'),
        ("svc/deep/er/Dockerfile", "svc/Dockerfile", 'images.api.dockerfile = "svc/deep/er/Dockerfile"'),
        ("svc/node_modules/x/Dockerfile", "svc/Dockerfile", "write it"),
        ("svc/Dockerfile.dockerignore", "svc/Dockerfile", "write it"),
    ],
)
def test_what_is_there_is_written_as_the_settings_take_it(root, there, dockerfile, hint):
    make(root, there)
    error = dockerfile_missing(root / dockerfile, root / "svc", root, "images.api.dockerfile")
    assert (error.code, error.where) == ("dockerfile-missing", str(root / dockerfile))
    assert hint in error.hint
    assert str(root) in error.cause + error.hint


def test_a_flag_starts_at_the_working_directory(root):
    make(root, "svc/Dockerfile.x")
    error = dockerfile_missing(type(root)("Dockerfile.x"), root / "svc", root / "svc", "")
    assert error.hint == "this one is there: --file svc/Dockerfile.x"
    assert error.cause == f"--file starts at the working directory, {root}"
    assert error.where == str(root / "Dockerfile.x")


def test_a_directory_of_the_app_that_is_wrong(root):
    make(root, "infra/cdk.json", "node_modules/x/cdk.json", "a/b/c/d/cdk.json")
    assert elsewhere(root, "cdk.json") == [root / "infra"]
    assert elsewhere(root / "svc", "cdk.json") == []
    assert elsewhere(root / "nowhere" / "at" / "all", "cdk.json") == [root / "infra"]
    make(root.parent, "cdk.json")
    assert elsewhere(root / "svc", "cdk.json") == [root.parent]


def test_looking_has_a_bound(root):
    """What a project holds may be anything: a directory of any size, a link in a circle, one that nobody may enter."""
    (root / "many").mkdir()
    for number in range(4000):
        (root / "many" / str(number)).touch()
    os.mkfifo(root / "many" / "Dockerfile")
    (root / "loop").symlink_to(root)
    (root / "closed").mkdir(mode=0)
    assert elsewhere(root, "cdk.json") == []
    error = dockerfile_missing(root / "Dockerfile", root, root, "images.api.dockerfile")
    assert error.hint.startswith("write it")
