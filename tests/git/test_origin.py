"""What names a project on all machines."""

from __future__ import annotations

import subprocess

import pytest

from rajee_deploy.git.origin import find_project_id, network_place

PLACE = "github.com/quilt/raja"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://github.com/quilt/raja.git", PLACE),
        ("https://x-access-token:ghs_secret@github.com/quilt/raja", PLACE),
        ("https://GitHub.com:443/quilt/raja/", PLACE),
        ("git@github.com:quilt/raja.git", PLACE),
        ("ssh://git@github.com:22/quilt/raja.git", PLACE),
        ("git://github.com/quilt/raja?token=secret", PLACE),
        ("https://[::1]:8443/a/b", "[::1]/a/b"),
        ("/srv/git/raja.git", ""),
        ("../raja", ""),
        ("some/where", ""),
        ("file:///srv/raja", ""),
        ("https://github.com/", ""),
        ("", ""),
    ],
)
def test_an_address_is_its_host_and_path(address, place):
    assert network_place(address) == place


def clone(root, address: str | None):
    root.mkdir()
    subprocess.run(["git", "init", "-q", root], check=True)
    if address is not None:
        subprocess.run(["git", "-C", root, "remote", "add", "origin", address], check=True)
    return root


def test_one_project_on_two_machines_and_two_projects_in_one_repository(tmp_path):
    one = clone(tmp_path / "one", "git@github.com:quilt/raja.git")
    two = clone(tmp_path / "two", "https://token@github.com/quilt/raja")
    for place in (one, two):
        (place / "below").mkdir()
    found = find_project_id(one)
    assert len(found) == 16
    assert found == find_project_id(two)
    assert found != find_project_id(one / "below") == find_project_id(two / "below")


def test_a_linked_worktree_is_of_its_repository(tmp_path):
    one = clone(tmp_path / "one", "git@github.com:quilt/raja.git")
    git = ["git", "-C", one, "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", tmp_path / "other"], check=True)
    assert find_project_id(tmp_path / "other") == find_project_id(one) != ""


@pytest.mark.parametrize("address", [None, "/srv/git/raja.git"])
def test_what_came_from_nowhere_has_no_name(tmp_path, address):
    assert find_project_id(clone(tmp_path / "one", address)) == ""


def test_another_remote_is_none(tmp_path):
    root = clone(tmp_path / "one", None)
    with (root / ".git/config").open("a") as file:
        file.write('[remote "upstream"]\n\turl = https://github.com/a/b\n[Remote "origin"]\n# url = x\n')
    assert find_project_id(root) == ""
    with (root / ".git/config").open("a") as file:
        file.write('\tURL = "https://github.com/quilt/raja"\n')
    assert find_project_id(root) != ""


def test_outside_of_a_repository_there_is_no_name(tmp_path):
    assert find_project_id(tmp_path) == ""
