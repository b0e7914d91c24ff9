"""What must move a digest, and what must not, on random trees."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rajee_deploy.context import ContextRules, Modes, look_up, stage_context
from rajee_deploy.errors import DeployError
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId

NAMES = st.sampled_from(["a", "b", "c.md", "d", "e-f", "é", ".x"])
FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.one_of(st.binary(max_size=6), st.sampled_from([("a",), ("../b",), ("/d",), ("nope",)])),
    min_size=1,
    max_size=6,
)
SELECTORS = st.sampled_from(
    [
        Selector("/"),
        Selector("/*", wildcard=True),
        Selector("/d*", wildcard=True),
        Selector("/", exclude=("**/*.md", "e-f")),
        Selector("/", include=("d/**",)),
        Selector("/*/a", wildcard=True),
        Selector("/d"),
        Selector("/a"),
    ]
)
IGNORED = st.sampled_from([b"", b"d\n!d/a\n", b"**/*.md\n", b"*\n!a\n!d\nd/b", b"a\n"])
QUICK = settings(max_examples=60, deadline=None)


def read(selector):
    return ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), selector.path, selector)


def make(root, files, *, seed=0):
    """Lay the files out in a random order, with random times; a file where a directory must be is left out."""
    items = sorted(files.items())
    random.Random(seed).shuffle(items)  # noqa: S311 -- an order, no secret
    for name, what in items:
        path = root / name
        if any(other.startswith(f"{name}/") for other in files):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, tuple):
            path.symlink_to(what[0])
        else:
            path.write_bytes(what)
        os.utime(path, (seed, seed), follow_symlinks=False)


def answer(root, selector, ignored, modes=Modes.GIT):
    try:
        selection = look_up(root, [read(selector)], ContextRules(ignore=ignored or None), modes)
    except DeployError as error:
        return error.code, ()
    return selection.uses[0].digest, selection.entries


@pytest.fixture(scope="module")
def place():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@QUICK
@given(files=FILES, selector=SELECTORS, ignored=IGNORED, seed=st.integers(1, 1000))
def test_order_time_place_and_umask_do_not_matter(place, files, selector, ignored, seed):
    first, second = Path(tempfile.mkdtemp(dir=place)), Path(tempfile.mkdtemp(dir=place)) / "deeper"
    make(first, files)
    before = os.umask(0o002)
    try:
        second.mkdir()
        make(second, files, seed=seed)
    finally:
        os.umask(before)
    wanted = answer(first, selector, ignored)
    assert answer(second, selector, ignored) == wanted
    with chdir(first):
        assert answer(Path(), selector, ignored) == wanted
    shutil.rmtree(first)
    shutil.rmtree(second.parent)


def touch_bytes(path):
    path.write_bytes(path.read_bytes() + b"!")


def touch_bit(path):
    path.chmod(path.stat().st_mode ^ 0o111)


def touch_kind(path):
    path.unlink()
    path.mkdir()


def touch_link(path):
    target = str(path.readlink())
    path.unlink()
    path.symlink_to(f"{target}x")


def touch_name(path):
    path.rename(path.with_name("renamed"))


@QUICK
@given(files=FILES, selector=SELECTORS, ignored=IGNORED, data=st.data())
def test_what_is_selected_matters_and_nothing_else(place, files, selector, ignored, data):
    root = Path(tempfile.mkdtemp(dir=place))
    make(root, files)
    digest, entries = answer(root, selector, ignored)
    selected = {entry.entry.path for entry in entries}
    leaves = sorted(p for p in root.rglob("*") if p.is_symlink() or p.is_file())
    path = data.draw(st.sampled_from(leaves))
    changes = [touch_link] if path.is_symlink() else [touch_bytes, touch_bit, touch_kind]
    change = data.draw(st.sampled_from(changes))
    is_selected = str(path.relative_to(root)) in selected
    is_alias = any(p.is_symlink() for p in leaves)  # a symlink's target may be hashed in its place
    change(path)
    after, _ = answer(root, selector, ignored)
    if is_selected and not is_alias and change is not touch_kind:
        assert after != digest
    if not is_selected and not isinstance(digest, str) and change in {touch_bytes, touch_bit}:
        assert after == digest
    shutil.rmtree(root)


@QUICK
@given(files=FILES, data=st.data())
def test_the_whole_context_minds_everything_in_it(place, files, data):
    root = Path(tempfile.mkdtemp(dir=place))
    make(root, files)
    digest, _ = answer(root, Selector("/"), b"")
    leaves = sorted(p for p in root.rglob("*") if p.is_symlink() or p.is_file())
    path = data.draw(st.sampled_from(leaves))
    changes = [touch_link, touch_name] if path.is_symlink() else [touch_bytes, touch_bit, touch_kind, touch_name]
    data.draw(st.sampled_from(changes))(path)
    assert answer(root, Selector("/"), b"")[0] != digest
    shutil.rmtree(root)


@QUICK
@example(files={"b": ("a",), "d": b"", "a/a": ("/d",)}, selector=Selector("/*/a", wildcard=True), ignored=b"")
@given(files=FILES, selector=SELECTORS, ignored=IGNORED)
def test_the_staged_copy_selects_the_same(place, files, selector, ignored):
    root = Path(tempfile.mkdtemp(dir=place))
    make(root, files)
    try:
        selection = look_up(root, [read(selector)], ContextRules(ignore=ignored or None), Modes.EXACT)
    except DeployError as error:
        assert error.code in {"source-not-found", "source-loop"}  # noqa: PT017 -- random trees may lack the source
    else:
        with stage_context(selection, b"", place) as copy:
            again = look_up(copy.directory, [read(selector)], ContextRules(), Modes.EXACT)
            assert again.entries == selection.entries
        if selection.entries:
            assert again.uses == selection.uses
    shutil.rmtree(root)


@QUICK
@given(files=FILES, patterns=st.lists(st.text("ab*/?[]^!-\\.d ", max_size=6), min_size=1, max_size=3))
def test_nothing_but_deploy_errors(place, files, patterns):
    root = Path(tempfile.mkdtemp(dir=place))
    make(root, files)
    answer(root, Selector("/"), "\n".join(patterns).encode())
    answer(root, Selector("/", exclude=tuple(patterns)), b"")
    answer(root, Selector("/", include=tuple(patterns)), b"")
    answer(root, Selector(f"/{patterns[0]}", wildcard=True), b"")
    shutil.rmtree(root)
