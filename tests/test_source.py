"""Labels of a checkout, from real git."""

from __future__ import annotations

import subprocess

import pytest

from rajee_deploy.source import DIRTY_LABEL, labels, public_address, read_source

R = "org.opencontainers.image."


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init")
    (tmp_path / "a").write_text("a")
    git("add", "a")
    git("commit", "-m", "one")
    git("remote", "add", "origin", "https://user:t0ken@example.org/team/app.git")
    return tmp_path, git


def test_labels(checkout):
    folder, git = checkout
    expected = {
        R + "created": "1970-01-02T00:00:00Z", R + "revision": git("rev-parse", "HEAD"),
        R + "source": "https://example.org/team/app",
    }  # fmt: skip
    assert labels(folder) == expected
    assert read_source(folder).branch == "main"
    (folder / "new").write_text("untracked")
    assert labels(folder) == {**expected, DIRTY_LABEL: "true"}


def test_outside_of_a_checkout_and_without_git(checkout, tmp_path_factory, monkeypatch):
    outside = tmp_path_factory.mktemp("outside")
    assert list(labels(outside)) == [R + "created"]
    monkeypatch.setenv("PATH", str(outside))
    assert list(labels(checkout[0])) == [R + "created"]


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@host.test:2222/o/r.git", "https://host.test/o/r"),
        ("https://x-access-token:ghs_1@github.com/o/r", "https://github.com/o/r"),
        ("https://host.test:8443/o/r.git?token=1#x", "https://host.test:8443/o/r"),
        ("http://host.test/r", "http://host.test/r"),
        ("/srv/git/r.git", ""), ("../r", ""), ("file:///srv/r", ""), ("", ""), ("http://[", ""),
    ],
)  # fmt: skip
def test_the_public_address(url, public):
    assert public_address(url) == public
