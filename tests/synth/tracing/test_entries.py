"""From looks to entries: what counts of a path, and what no hash can follow. Real files, looks made by hand."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing.depfile import TracedEntry
from rajee_deploy.synth.tracing.entries import TracedInputs, find_entries
from rajee_deploy.synth.tracing.looks import Look, Looks
from rajee_deploy.synth.tracing.regions import Regions

AFTER = 1 << 62  # a start that nothing here is later than
SECOND = 1_000_000_000


class Place:
    """A checkout with a few files, what lies above it, and something elsewhere."""

    def __init__(self, top: Path) -> None:
        self.top = os.path.realpath(top)
        self.root = f"{self.top}/all/checkout"
        for path in ("cdk/app.py", "cdk/__pycache__/app.cpython-312.pyc", "data/one", "full/deep/x", "site/jsii/x.py"):
            self.write(path)
        for path in ("../above", "../../other/x"):
            self.write(path)
        self.regions = Regions(self.root, (), (f"{self.root}/site",), (), (), (f"{self.top}/home",))

    def write(self, path: str) -> str:
        place = Path(self.root, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path)
        return os.path.realpath(place)

    def at(self, path: str) -> str:
        """A path from the checkout, as the kernel says it."""
        return path if path.startswith("/") else os.path.normpath(f"{self.root}/{path}")

    def found(self, *looks: str, started: int = AFTER, modules: dict[str, int] | None = None, **more) -> TracedInputs:
        """`looks` are paths that were found, each with its letter: `r` read, `s` asked, `t` asked by who goes by times.
        A minus before the letter: it was absent; a question mark: it told neither."""
        seen = Looks(obstacles=list(more.get("obstacles", ())))
        for each in looks:
            letters, _, path = each.partition(" ")
            is_found = None if "?" in letters else "-" not in letters
            seen.looks[self.at(path)] = Look(is_found, is_read="r" in letters, is_timed="t" in letters)
        seen.links |= {self.at(path) for path in more.get("links", ())}
        seen.made |= {self.at(path) for path in more.get("made", ())}
        seen.reread |= {self.at(path) for path in more.get("reread", ())}
        for path, times in more.get("listed", {}).items():
            seen.listed[self.at(path)] = Counter(dict.fromkeys(range(times), 1))
            seen.listers[self.at(path)] = set(more.get("listers", ("/usr/bin/python3",)))
        searched = {self.at(path): times for path, times in (modules or {}).items()}
        return find_entries(seen, self.regions, searched, started)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/nowhere")  # so that no path is below it
    monkeypatch.setenv("TMPDIR", "/var")
    return Place(tmp_path)


LOOKS = {
    "r cdk/app.py": [TracedEntry("file", "./cdk/app.py")],
    "s cdk/app.py": [TracedEntry("file", "./cdk/app.py")],  # an import may go by what is compiled already
    "r data/one": [TracedEntry("file", "./data/one")],
    "s data/one": [TracedEntry("stat", "./data/one")],
    "st data/one": [TracedEntry("file", "./data/one")],
    "-s data/two": [TracedEntry("file", "./data/two")],
    "s data": [TracedEntry("stat", "./data")],
    "r data": [TracedEntry("stat", "./data")],
    "st data": [TracedEntry("stat", "./data")],
    "?s data/one": [TracedEntry("stat", "./data/one")],
    "s cdk/__pycache__": [],
    "r cdk/__pycache__/app.cpython-312.pyc": [TracedEntry("file", "./cdk/app.py")],
    "r cdk/__pycache__/app.cpython-312.opt-2.pyc": [TracedEntry("file", "./cdk/app.py")],
    "s cdk/__pycache__/app.cpython-312.pyc": [],
    "r cdk/__pycache__/notes": [TracedEntry("file", "./cdk/__pycache__/notes")],
    "-s ../absent": [TracedEntry("upward", "absent")],
    "s ..": [],
    "s /": [],
    "-s /elsewhere/absent": [TracedEntry("file", "/elsewhere/absent")],
    "r site/jsii/x.py": [],
    "r site/jsii/__pycache__/x.cpython-312.pyc": [],
    "r .git/objects/ab": [],
    "r /usr/bin/env": [],
    "r /proc/self/environ": [TracedEntry("environment", "")],
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_a_look_counts_for(place, look):
    if "notes" in look:
        place.write("cdk/__pycache__/notes")
    found = place.found(look)
    assert found.entries == set(LOOKS[look])
    assert (found.outside, found.obstacles) == (set(), set())


def test_files_of_packages_are_told_apart(place):
    assert place.found("r site/jsii/x.py", "-s site/none").packages == {
        place.at("site/jsii/x.py"),
        place.at("site/none"),
    }
    assert place.found(listed={"site": 1}).packages == {place.at("site") + "/", place.at("site")}


@pytest.mark.parametrize("path", ["../above", "../../other/x"])
def test_what_is_there_outside_of_the_checkout_keeps_the_list_here(place, path):
    found = place.found(f"r {path}")
    assert found.entries == {TracedEntry("file", place.at(path))}
    assert found.outside == {place.at(path)}


def test_a_directory_on_the_way_to_what_counts_tells_nothing_by_itself(place):
    way, file = place.at("../../other"), place.at("../../other/x")
    found = place.found("s ../../other", "r ../../other/x")
    assert (found.entries, found.outside) == ({TracedEntry("file", file)}, {file})
    listed = place.found("r ../../other/x", listed={"../../other": 1})
    assert listed.entries == {TracedEntry("file", file), TracedEntry("list", way)}
    alone = place.found("s ../../other", "-s ../../other/absent")
    assert (TracedEntry("stat", way) in alone.entries, alone.outside) == (True, {way})
    beside = place.found("s ../../other", "r /usr/x", f"s {way}2")
    assert TracedEntry("stat", way) in beside.entries


KEPT = {
    "a file in it": (("s full", "r full/deep/x"), {"./full/deep/x"}),
    "a file in a directory in it": (("s full", "s full/deep", "r full/deep/x"), {"./full/deep/x"}),
    "the checkout itself": (("s .", "r data/one"), {"./data/one"}),
    "a file beside it": (("s full", "r data/one"), {"./full", "./data/one"}),
    "an absent file in it": (("s full", "-s full/none"), {"./full", "./full/none"}),
    "a directory in it": (("s full", "s full/deep"), {"./full", "./full/deep"}),
}


@pytest.mark.parametrize("what", KEPT)
def test_that_it_is_a_directory_is_said_once(place, what):
    looks, expected = KEPT[what]
    assert {entry.path for entry in place.found(*looks).entries} == expected


@pytest.mark.parametrize("kind", ["list", "modules", "scripts"])
def test_of_a_directory_that_is_listed_the_names_count_alone(place, kind):
    more = {"listers": ("/x/esbuild",)} if kind == "scripts" else {}
    found = place.found("s data", listed={"data": 1}, modules={"data": 1} if kind == "modules" else {}, **more)
    assert found.entries == {TracedEntry(kind, "./data")}


MADE = {
    "what is there": ("data/one", "r data/one", True),
    "what is gone": ("data/two", "-r data/two", False),
    "a directory": ("data", "r data", False),
    "elsewhere": ("../../other/x", "r ../../other/x", False),
}


@pytest.mark.parametrize("what", MADE)
def test_what_the_synth_made_is_as_good_as_absent(place, what):
    path, look, counts = MADE[what]
    content = hashlib.sha256(path.encode()).hexdigest()
    found = place.found(look, made=(path,))
    assert found.entries == ({TracedEntry("made", f"./{path}", (content,))} if counts else set())
    assert (found.obstacles, found.outside) == (set(), set())


def test_what_is_compiled_of_a_source_that_the_synth_made_counts_for_nothing(place):
    assert place.found("r cdk/__pycache__/app.cpython-312.pyc", made=("cdk/app.py",)).entries == set()


def test_of_what_the_synth_made_no_listing_and_no_link_counts(place):
    Path(place.at("link")).symlink_to("data")
    found = place.found(links=("link",), made=("link", "data"), listed={"data": 1})
    assert found.entries == set()


def test_links(place):
    Path(place.at("link")).symlink_to("data")
    Path(place.at("site/link")).symlink_to("x")
    found = place.found("s data/one", "s .", links=("link", "data", "site/link"))
    assert found.entries == {TracedEntry("link", "./link"), TracedEntry("stat", "./data/one")}
    assert found.packages == {place.at("site/link")}
    late = place.found(links=("link",), started=0)
    assert late.obstacles == {"./link changed during the synth"}


LISTINGS = {
    "by anybody": ("data", 1, {}, [TracedEntry("list", "./data")]),
    "in search of modules": ("data", 2, {"data": 2}, [TracedEntry("modules", "./data")]),
    "in search of modules, and once more": ("data", 2, {"data": 1}, [TracedEntry("list", "./data")]),
    "the checkout": (".", 1, {}, [TracedEntry("list", "./")]),
    "of packages": ("site", 1, {}, []),
    "of the system": ("/usr", 1, {}, []),
}


@pytest.mark.parametrize("what", LISTINGS)
def test_listings(place, what):
    path, times, modules, expected = LISTINGS[what]
    assert place.found(listed={path: times}, modules=modules).entries == set(expected)


def test_a_listing_outside_of_the_checkout_keeps_the_list_here(place):
    (Path(place.top) / "home").mkdir()
    for path in ("..", "../../other", "../../home"):
        found = place.found(listed={path: 1})
        assert (found.entries, found.outside) == ({TracedEntry("list", place.at(path))}, {place.at(path)})


def test_names_that_the_synth_made_do_not_count_in_a_listing(place):
    made = ("data/b", "data/a", "data/deep/c", "database")
    (entry,) = place.found(listed={"data": 1}, made=made).entries
    assert entry == TracedEntry("list", "./data", ("a", "b"))


def test_a_bundler_lists_for_scripts_and_for_the_roots_of_packages(place):
    bundler = {"listers": ("/x/esbuild",)}
    assert place.found(listed={"data": 1}, **bundler).entries == {TracedEntry("scripts", "./data")}
    Path(place.at("../package.json")).touch()
    upward = place.found(listed={"..": 1}, **bundler)
    roots = ("tsconfig.json", "jsconfig.json", "node_modules", ".pnp.cjs", ".pnp.js", ".pnp.data.json")
    assert upward.entries == {TracedEntry("upward", name) for name in roots}
    assert upward.outside == set()
    both = place.found(listed={"data": 1}, listers=("/x/esbuild", "/bin/ls"))
    assert both.entries == {TracedEntry("list", "./data")}


STILL = {
    "-s data/one": "./data/one appeared during the synth",
    "s data/two": "./data/two went during the synth",
}


@pytest.mark.parametrize("look", STILL)
def test_what_came_or_went_meanwhile_is_an_obstacle(place, look):
    assert place.found(look).obstacles == {STILL[look]}
    assert place.found(f"?{look.removeprefix('-')}").obstacles == set()


def test_what_changed_meanwhile_is_an_obstacle(place):
    path = Path(place.at("data/one"))
    changed = path.stat().st_ctime_ns
    coarse = 5_000_000  # the clock of files is behind by as much
    assert place.found("r data/one", started=changed + coarse).obstacles == {"./data/one changed during the synth"}
    assert place.found("r data/one", started=changed + coarse + 1).obstacles == set()
    assert place.found("s data", started=0).obstacles == set(), "that it is a directory does not change"
    os.utime(path, ns=(SECOND, SECOND))
    assert place.found("r data/one", started=changed).obstacles, "its time may be set, and when that was cannot"


def test_a_listing_that_changed_meanwhile_is_an_obstacle_unless_the_synth_did_it(place):
    changed = "./data changed during the synth"
    assert place.found(listed={"data": 1}, started=0).obstacles == {changed}
    assert place.found(listed={"data": 1}, started=0, made=("data/new",)).obstacles == set()
    assert place.found(listed={"data": 1}, started=0, made=("data/new/x",)).obstacles == {changed}
    assert place.found(listed={"data": 1}, started=0, modules={"data": 1}).obstacles == set()
    assert place.found(listed={"gone": 1}, started=SECOND).obstacles == set()


def test_what_is_read_before_the_synth_writes_it_is_an_obstacle(place):
    told = {"./data/one is read and then written by the synth itself"}
    assert place.found("r data/one", reread=("data/one",)).obstacles == told
    assert place.found("r data/one", reread=("data/one",), made=("data/one",)).obstacles == told
    assert place.found("r .git/index", reread=(".git/index",), made=(".git/index",)).obstacles == {
        "./.git/index went during the synth"
    }
    assert place.found("r site/jsii/x.py", reread=("site/jsii/x.py",)).obstacles == set()


KERNELS = {
    "r /proc/uptime": {"/proc/uptime is read"},
    "-s /proc/no-such-file": set(),
    "r /proc/self/maps": set(),
    "r /proc/999999999/io": {"/proc/999999999/io is read"},  # of a process that has ended
    "s /proc/999999999/cwd/shared.json": {"/proc/999999999/cwd/shared.json is read"},
    "-s /proc/999999999/io": set(),
}


@pytest.mark.parametrize("look", KERNELS)
def test_what_the_kernel_makes_up_no_hash_can_follow(place, look):
    found = place.found(look)
    assert (found.obstacles, found.entries) == (KERNELS[look], set())


def test_what_stood_in_the_way_of_the_looks_stays(place):
    assert place.found(obstacles=("connects to the network",)).obstacles == {"connects to the network"}
