"""What git says of a checkout, in labels and in tags."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from rajee_deploy.naming import expanded
from rajee_deploy.settings import load
from rajee_deploy.source import Source, labels, read_source, without_login
from rajee_deploy.tags import sanitised


def git(folder, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *own, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "remote", "add", "origin", "https://me:s3cret@git.example.test/team/app.git")
    return tmp_path


def test_a_checkout(checkout):
    commit = git(checkout, "rev-parse", "HEAD")
    url = "https://git.example.test/team/app.git"
    committed = int(git(checkout, "log", "-1", "--format=%ct"))
    assert read_source(checkout) == Source(commit, "main", url, committed)
    at = datetime.fromtimestamp(committed, UTC).isoformat()
    assert labels(checkout)["org.opencontainers.image.created"] == at
    (checkout / "new").write_text("untracked files make nothing dirty")
    assert read_source(checkout).revision == commit
    (checkout / "file").write_text("b")
    assert (read_source(checkout).revision, read_source(checkout).committed) == (f"{commit}-dirty", None)
    assert labels(checkout)["org.opencontainers.image.created"] >= at
    git(checkout, "checkout", "--quiet", "--detach")
    assert read_source(checkout).branch == ""


def test_outside_of_git_there_is_nothing_to_tell(tmp_path):
    assert read_source(tmp_path) == Source()
    assert set(labels(tmp_path)) == {"org.opencontainers.image.created"}


def test_labels(checkout, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert labels(checkout) == {
        "org.opencontainers.image.created": "1970-01-01T00:00:00+00:00",
        "org.opencontainers.image.revision": git(checkout, "rev-parse", "HEAD"),
        "org.opencontainers.image.source": "https://git.example.test/team/app.git",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@host/a.git", "https://host/a.git"),
        ("https://user:to@ken@host:8443/a", "https://host:8443/a"),
        ("ssh://git@host/a", "ssh://host/a"),
        ("git@host:team/a.git", "git@host:team/a.git"),
        ("", ""),
    ],
)
def test_no_login_gets_into_a_label(url, shown):
    assert without_login(url) == shown


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("feature/one two", "feature-one-two"),
        (".hidden", "hidden"),
        ("v1.2.3+build", "v1.2.3-build"),
        ("x" * 200, "x" * 128),
    ],
)
def test_a_tag_has_only_what_tags_can_have(text, tag):
    assert sanitised(text) == tag


def test_placeholders(checkout):
    (checkout / "rajee-deploy.toml").write_text('[images.app]\nrepository = "team/app"\n')
    (image,) = load(checkout / "rajee-deploy.toml").images
    git(checkout, "checkout", "--quiet", "-b", "feature/x")
    commit = git(checkout, "rev-parse", "HEAD")
    wanted = ("{revision}", "{short-revision}", "{branch}", "{image}-v1", "v1", "v1")
    assert expanded(image, wanted) == (commit, commit[:12], "feature-x", "app-v1", "v1")
    (checkout / "file").write_text("b")
    assert expanded(image, ("{short-revision}",)) == (f"{commit[:12]}-dirty",)
