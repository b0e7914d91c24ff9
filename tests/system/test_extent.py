"""What lies in the checkout is walked without a bound, what lies beyond it within one, and the machine never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.errors import DeployError
from rajee_deploy.system.extent import MOST_BYTES, MOST_ENTRIES, Extent, extent_of, project_root


@pytest.fixture
def place(tmp_path):
    """A checkout with a submodule, and a directory beside it."""
    for name in ("checkout/.git", "checkout/app/deep", "checkout/module", "beside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "checkout/module/.git").write_text("gitdir: ../.git/modules/module")
    (tmp_path / "checkout/out").symlink_to(tmp_path / "beside")
    return tmp_path


@pytest.mark.parametrize(
    ("named", "project", "is_bounded"),
    [
        ("checkout", "checkout/app", False),
        ("checkout/app/../..", "checkout/app", True),
        ("checkout/app/..", "checkout/app/deep", False),
        ("checkout", "checkout/module", False),
        ("checkout/app/deep", "checkout/app", False),
        ("checkout/out", "checkout/app", True),
        ("beside", "checkout", True),
        ("beside", "beside", False),
        (".", "beside", True),
        ("beside", None, False),
    ],
)
def test_what_has_a_bound(place, named, project, is_bounded):
    extent = extent_of("it", place / named, place / project if project else None)
    assert (extent is not None) is is_bounded


@pytest.mark.parametrize("named", ["/", "/dev", "/proc", "/proc/self/..", "/sys/kernel", "link"])
@pytest.mark.parametrize("project", ["checkout", None])
def test_the_machine_is_refused(place, named, project):
    (place / "link").symlink_to("/")
    with pytest.raises(DeployError) as caught:
        extent_of("it", place / named, place / project if project else None)
    assert caught.value.code == "whole-machine"


def test_the_checkout_of_a_directory(place):
    assert project_root(place / "checkout/app/deep") == place / "checkout"
    assert project_root(place / "checkout/module") == place / "checkout/module"
    assert project_root(place / "beside") == place / "beside"


@given(st.lists(st.integers(0, 2 * MOST_ENTRIES), max_size=4), st.lists(st.integers(0, 2 * MOST_BYTES), max_size=4))
def test_a_bound_is_the_sum_of_all_steps(entries, sizes):
    extent = Extent("it", "/somewhere")
    steps = [*((extent.listed, number) for number in entries), *((extent.to_read, size) for size in sizes)]
    fits = sum(entries) <= MOST_ENTRIES and sum(sizes) <= MOST_BYTES
    refused = ""
    for step, number in steps:
        try:
            step(number)
        except DeployError as error:
            refused = error.code
            break
    assert refused == ("" if fits else "outside-too-large")
