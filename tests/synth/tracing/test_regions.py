"""Where a path lies, and how another machine would write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.synth.tracing.portable import local, portable
from rajee_deploy.synth.tracing.regions import Region, Regions, prefix_of

ROOT = "/repo/of/me"
REGIONS = Regions(
    ROOT,
    ("/opt/python", f"{ROOT}/.venv"),
    (f"{ROOT}/node_modules", "/opt/python/lib/python3.12/site-packages", f"{ROOT}/.venv/lib/python3.12/site-packages"),
    ("/tmp/out",),
    ("/opt/tools", f"{ROOT}/bin"),
    ("/home/somebody", "/tmp"),
)
PLACES = {
    f"{ROOT}": Region.CHECKOUT,
    f"{ROOT}/cdk/app.py": Region.CHECKOUT,
    f"{ROOT}/.cache/pip/x": Region.CHECKOUT,
    f"{ROOT}/.npm/_cacache/x": Region.CHECKOUT,
    f"{ROOT}/a.tsbuildinfo": Region.CACHE,
    f"{ROOT}/.git/objects/ab/cd": Region.CACHE,
    f"{ROOT}/.git/HEAD": Region.CHECKOUT,
    f"{ROOT}/node_modules/x/index.js": Region.PACKAGES,
    f"{ROOT}/.venv/lib/python3.12/site-packages/jsii/__init__.py": Region.PACKAGES,
    f"{ROOT}/.venv/bin/python": Region.TOOLCHAIN,
    f"{ROOT}/.venv/notes": Region.CHECKOUT,
    "/opt/python/lib/python3.12/os.py": Region.TOOLCHAIN,
    "/opt/python/data": Region.ELSEWHERE,
    "/repo/of/tsconfig.json": Region.ABOVE,
    "/repo/of/mine": Region.ABOVE,
    "/repo/of": Region.ABOVE,
    "/repo": Region.ABOVE,
    "/home/somebody": Region.TOOLCHAIN,
    "/home/somebody/notes": Region.ELSEWHERE,
    "/repo/other/x": Region.ELSEWHERE,
    "/x/.cache/pip/y": Region.CACHE,
    "/x/.npm/_cacache/y": Region.CACHE,
    "/x/.npmrc": Region.TOOLCHAIN,
    "/tmp/jsii-kernel-ab12/x": Region.CACHE,
    "/tmp/out/manifest.json": Region.CACHE,
    "/usr/lib/x.so": Region.TOOLCHAIN,
    "/usr/local/share/x": Region.ELSEWHERE,
    "/etc/hosts": Region.TOOLCHAIN,
    "/etc/hostsx": Region.ELSEWHERE,
    "/etc/app.conf": Region.ELSEWHERE,
    "/proc/self/maps": Region.TOOLCHAIN,
    "/proc/self/environ": Region.KERNEL,
    "/proc/uptime": Region.KERNEL,
    "/sys/class/net": Region.KERNEL,
    "/opt/tools/absent": Region.TOOLCHAIN,
}


@pytest.mark.parametrize("path", PLACES)
def test_where_a_path_lies(path):
    assert REGIONS.of(path) is PLACES[path]


def test_programs_are_sought_on_path_outside_of_the_checkout():
    assert REGIONS.is_sought("/opt/tools/x")
    assert not REGIONS.is_sought("/opt/tools/pyvenv.cfg")
    assert not REGIONS.is_sought(f"{ROOT}/bin/x")
    assert not REGIONS.is_sought("/opt/tools/x/y")


@pytest.mark.parametrize(
    ("program", "prefix"), [("/opt/p/bin/python3", "/opt/p"), ("/opt/p/python3", "/opt/p"), ("/bin/sh", "/")]
)
def test_where_a_program_was_installed(program, prefix):
    assert prefix_of(program) == prefix


NAMES = st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(st.sampled_from([ROOT, "/elsewhere", "/repo/of/mine"]), st.lists(NAMES, min_size=1, max_size=3))
def test_a_portable_path_leads_back(place, names):
    path = "/".join([place, *names])
    assert local(portable(path, ROOT), ROOT) == path
    assert portable(path, ROOT).startswith("./") == (place == ROOT)
