"""What git says of a checkout, in labels and in tags."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.image.extra_tags import expand_tags
from rajee_deploy.image.labels import DIRTY_LABEL, source_labels
from rajee_deploy.plan.tags import sanitise, tag_problem
from rajee_deploy.settings import load

R = "org.opencontainers.image."


def git(folder, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *own, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "remote", "add", "origin", "https://me:s3cret@git.example.test/team/app.git")
    return tmp_path


def test_labels_of_a_clean_checkout_are_the_same_each_time(checkout):
    at = datetime.fromtimestamp(int(git(checkout, "log", "-1", "--format=%ct")), UTC)
    (checkout / "new").write_text("untracked files make nothing dirty")
    assert source_labels(checkout) == {
        R + "created": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        R + "revision": git(checkout, "rev-parse", "HEAD"),
        R + "source": "https://git.example.test/team/app",
    }


def test_labels_of_a_dirty_checkout_say_so(checkout):
    clean = source_labels(checkout)
    (checkout / "file").write_text("b")
    found = source_labels(checkout)
    assert found[DIRTY_LABEL] == "true"
    assert found[R + "created"] >= clean[R + "created"]
    assert found[R + "revision"] == clean[R + "revision"]


def test_the_date_that_is_asked_for(checkout, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert source_labels(checkout)[R + "created"] == "1970-01-02T00:00:00Z"


def test_outside_of_git_and_without_git_there_is_nothing_to_tell(checkout, tmp_path_factory, monkeypatch):
    outside = tmp_path_factory.mktemp("outside")
    assert list(source_labels(outside)) == [R + "created"]
    monkeypatch.setenv("PATH", str(outside))
    assert list(source_labels(checkout)) == [R + "created"]


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
    assert sanitise(text) == tag


def test_placeholders(checkout):
    (checkout / "rajee-deploy.toml").write_text('[images.app]\nrepository = "team/app"\n')
    (image,) = load(checkout / "rajee-deploy.toml").images
    git(checkout, "checkout", "--quiet", "-b", "feature/x")
    commit = git(checkout, "rev-parse", "HEAD")
    wanted = ("{revision}", "{short-revision}", "{branch}", "{image}-v1", "v1", "v1")
    assert expand_tags(image, wanted) == (commit, commit[:12], "feature-x", "app-v1", "v1")
    (checkout / "file").write_text("b")
    assert expand_tags(image, ("{short-revision}",)) == (f"{commit[:12]}-dirty",)


@pytest.mark.parametrize(
    ("branch", "tag"),
    [
        ("live-App", "{branch}"),
        ("prev-Other", "{branch}"),
        (f"c-{'0' * 40}", "{branch}"),
        ("m-1", "{branch}"),
        ("é", "{branch}"),
        ("App", "live-{branch}x"),
        ("live-App", "{branch}-{image}"),
    ],
)
def test_what_a_placeholder_makes_is_checked(checkout, branch, tag):
    """A branch is anybody's to name, and these tags shield what stacks run."""
    (checkout / "rajee-deploy.toml").write_text('[images.app]\nrepository = "team/app"\n')
    (image,) = load(checkout / "rajee-deploy.toml").images
    git(checkout, "checkout", "--quiet", "-b", branch)
    with pytest.raises(DeployError) as caught:
        expand_tags(image, (tag,))
    assert (caught.value.code, caught.value.where) == ("bad-tag", "image app")


def test_a_branch_behind_something_else_is_a_tag(checkout):
    (checkout / "rajee-deploy.toml").write_text('[images.app]\nrepository = "team/app"\n')
    (image,) = load(checkout / "rajee-deploy.toml").images
    git(checkout, "checkout", "--quiet", "-b", "live-é")
    assert expand_tags(image, ("b-{branch}",)) == ("b-live--",)


@pytest.mark.parametrize("tag", ["c-1", "m-1", "live-App", "prev-App"])
def test_the_tool_s_own_tags_are_nobody_s(tag):
    assert "the tool's own" in tag_problem(tag)
