"""What git reads whole has a size; what it holds many of has none."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.git.special_files import check


def sparse(path):
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)


@pytest.mark.parametrize("name", ["refs/heads/main", "info/grafts", "HEAD/x", "config/x"])
def test_a_ref_of_gigabytes_is_named(tmp_path, name):
    sparse(tmp_path / ".git" / name)
    with pytest.raises(DeployError) as caught:
        check(tmp_path)
    assert (caught.value.code, caught.value.cause) == ("git-refused", f"{tmp_path}/.git/{name} is larger than 64 MiB")


@pytest.mark.parametrize("name", [".git/objects/pack/a.pack", ".git/lfs/a", "refs/a", "data/info"])
def test_what_may_be_large_is_passed(tmp_path, name):
    sparse(tmp_path / name)
    check(tmp_path)
