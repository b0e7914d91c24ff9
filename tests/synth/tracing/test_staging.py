"""What accounts for a look, and what does not: the kernel's record beside that of the hook.

(`test_staged_images` has the same of real synths.)
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing.depfile import Records
from rajee_deploy.synth.tracing.distil import App, distil
from rajee_deploy.synth.tracing.looks import Asker, Looks
from rajee_deploy.synth.tracing.regions import Regions
from rajee_deploy.synth.tracing.staging import as_ordinary, find_staged, made_assets

NODE, OTHER = 7, 8
PROGRAM = "/usr/bin/node"
OPENED, ASKED = Asker(NODE, PROGRAM, opens=True), Asker(NODE, PROGRAM, opens=False)
NUMBER = f"{NODE}.0.1"


@pytest.fixture
def place(tmp_path):
    """A build context with a file, a directory and a link, in a checkout."""
    root = Path(os.path.realpath(tmp_path)) / "checkout"
    (root / "api" / "src").mkdir(parents=True)
    (root / "api" / "file").touch()
    (root / "other").touch()
    (root / "api" / "link").symlink_to("file")
    return root


def staged(place, looks, *, listed=(), more=(), asset="api", numbers=(NUMBER,), protected=(), regions=None):
    """The paths that count no more, from the checkout. `looks` are by path: who looked (how often), and what the hook
    told of the CDK's own looks (way, how often)."""
    told = Looks()
    lines = [("image-asset", NUMBER, f"{place}/{asset}", "0" * 64, "App/Api", "Dockerfile"), *more]
    for path, (askers, ways) in looks.items():
        told.askers[f"{place}/{path}"].update(askers)
        lines += [("staged", NUMBER, way, f"{place}/{path}", str(times)) for way, times in ways.items()]
    for path, process in listed:
        told.listed[f"{place}/{path}"][process] += 1
    records = as_ordinary(Records(tuple(lines), place / "cdk.out", 0), numbers)
    chosen = [each for each in made_assets(records) if each.number in numbers]
    kept = {f"{place}/{path}" for path in protected}
    found = find_staged(records, told, regions or Regions(str(place)), chosen, kept)
    return [{os.path.relpath(path, place) for path in paths} for paths in (found.looked, found.listed)]


READ = {OPENED: 2, ASKED: 1}, {"read": 2, "stat": 1}


def test_what_the_cdk_alone_looked_at_is_for_staging(place):
    listing = {OPENED: 2}, {"list": 2}
    found = staged(place, {"api/file": READ, "api/src": listing}, listed=[("api/src", NODE)])
    assert found[0] == {"api/file", "api/src"}
    assert "api/src" in found[1]


FILES = {
    "it was opened once more": ({OPENED: 3, ASKED: 1}, {"read": 2, "stat": 1}),
    "it was asked about once more": ({OPENED: 2, ASKED: 2}, {"read": 2, "stat": 1}),
    "it was asked about, and the hook knows of openings alone": ({ASKED: 1}, {"read": 2}),
    "it was opened, and the hook knows of questions alone": ({OPENED: 1}, {"stat": 2}),
    "no hook knows of it": ({ASKED: 1}, {}),
    "another process opened it": ({OPENED: 1, Asker(OTHER, PROGRAM, opens=True): 1}, {"read": 2}),
    "another process asked about it": ({OPENED: 1, Asker(OTHER, PROGRAM, opens=False): 1}, {"read": 2, "stat": 2}),
    "the process was another program before": ({OPENED: 1, Asker(NODE, "/bin/sh", opens=True): 1}, {"read": 2}),
}


@pytest.mark.parametrize("why", FILES)
def test_a_file_counts_where(place, why):
    assert staged(place, {"api/file": FILES[why]})[0] == set()


@pytest.mark.parametrize("kind", ["read", "stat", "list"])
def test_a_file_counts_that_a_hook_names_besides(place, kind):
    assert staged(place, {"api/file": READ}, more=[(kind, f"{place}/api/file")])[0] == set()
    assert staged(place, {"api/file": READ}, more=[(kind, f"{place}/api/link")])[0] == set()


def test_what_was_looked_for_in_vain_counts_unless_the_cdk_did(place):
    assert staged(place, {"api/absent": ({ASKED: 1}, {"stat": 1})})[0] == {"api/absent"}
    assert staged(place, {"api/absent": ({ASKED: 2}, {"stat": 1})})[0] == set()


def test_a_link_counts(place):
    assert staged(place, {"api/link": ({ASKED: 1}, {"link": 1})})[0] == set()


def test_what_counts_in_any_case_does(place):
    assert staged(place, {"api/file": READ}, protected=["api/file"]) == [set(), set()]


def test_what_lies_beside_the_build_context_counts(place):
    """A link leads there: what the CDK reads for one image may be another's."""
    assert staged(place, {"other": READ})[0] == set()


def test_an_image_that_is_no_image_of_ours_counts_file_by_file(place):
    assert staged(place, {"api/file": READ}, numbers=()) == [set(), set()]


def test_the_same_file_of_two_assets_counts_where_one_of_them_does(place):
    more = [
        ("image-asset", f"{NODE}.0.2", str(place), "1" * 64, "App/All", "Dockerfile"),
        ("staged", f"{NODE}.0.2", "read", f"{place}/api/file", "2"),
    ]
    looks = {"api/file": ({OPENED: 4, ASKED: 1}, {"read": 2, "stat": 1})}
    assert staged(place, looks, more=more)[0] == set()
    assert staged(place, looks, more=more, numbers=(NUMBER, f"{NODE}.0.2"))[0] == {"api/file"}


def test_installed_packages_count_as_such(place):
    regions = Regions(str(place), sites=(f"{place}/api",))
    assert staged(place, {"api/file": READ}, regions=regions)[0] == set()


LISTINGS = {
    "it was listed once more": ({OPENED: 3}, {"list": 2}, (), NODE),
    "another process listed it": ({OPENED: 2}, {"list": 2}, (), OTHER),
    "a hook names it": ({OPENED: 2}, {"list": 2}, ("list",), NODE),
    "a Python looked for modules there": ({OPENED: 2}, {"list": 2}, ("modules",), NODE),
    "all below it was read": ({OPENED: 2}, {"list": 2}, ("read",), NODE),
}


@pytest.mark.parametrize("why", LISTINGS)
def test_the_names_in_a_directory_count_where(place, why):
    askers, ways, kinds, process = LISTINGS[why]
    more = [(kind, f"{place}/api/src") for kind in kinds]
    assert staged(place, {"api/src": (askers, ways)}, listed=[("api/src", process)], more=more)[1] == set()


def test_the_names_in_a_directory_do_not_count_that_was_asked_about_besides(place):
    """That it is a directory does then."""
    looks = {"api/src": ({OPENED: 2, ASKED: 3}, {"list": 2})}
    found = staged(place, looks, listed=[("api/src", NODE)], more=[("stat", f"{place}/api/src")])
    assert found == [set(), {"api/src"}]


def test_without_anything_known_of_staging_its_looks_are_like_all_others():
    lines = tuple(("staged", NUMBER, way, f"/{way}", "3") for way in ("read", "list", "stat", "link"))
    told = as_ordinary(Records(lines, Path("cdk.out"), 0)).lines
    assert told == (("read", "/read"), ("list", "/list"), ("stat", "/stat"), ("stat", "/link"))


def test_without_a_record_of_the_kernel_what_is_staged_counts(place):
    lines = (
        ("image-asset", NUMBER, f"{place}/api", "0" * 64, "App/Api", "Dockerfile"),
        ("staged", NUMBER, "read", f"{place}/api/file", "1"),
        ("staged", NUMBER, "list", f"{place}/api", "1"),
    )
    app = App(place / "cdk", lambda _: False, is_python=False, is_known_library=lambda _: False, adopts_images=True)
    found = distil(app, Records(lines, place / "cdk.out", 1 << 62))
    assert (found.read, found.listed, found.images) == ((f"{place}/api/file",), (f"{place}/api",), ())
