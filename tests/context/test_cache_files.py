"""The stat cache never changes an answer, whatever happens to its own files, or while other processes use them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from cached_looks import TREE, ask, digests, opened, rest

from rajee_deploy.context import Modes


@pytest.fixture
def rested(build):
    root = build(TREE)
    rest()
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def damaged(data: bytes):
    """The same bytes with every byte flipped in turn, and cut short at every length."""
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        yield data[:at]


@pytest.mark.parametrize("suffix", ["answers", "files-git"])
def test_a_damaged_cache_is_no_cache(build, cache, suffix):
    root = build({"a": "A"})
    rest()
    fresh = digests(root, [ask()], cache=cache)
    path = next(cache.glob(f"*.{suffix}"))
    if suffix != "answers":
        next(cache.glob("*.answers")).unlink()
    whole = path.read_bytes()
    for data in damaged(whole):
        path.write_bytes(data)
        assert digests(root, [ask()], cache=cache) == fresh
        for left in cache.glob("*.answers"):
            if left != path:
                left.unlink()
    assert path.read_bytes()[:20] == whole[:20]  # made anew


def test_a_cache_of_another_place_or_user_is_not_believed(rested, cache, tmp_path):
    digests(rested, [ask()], cache=cache)
    files = {path.name: path.read_bytes() for path in cache.iterdir()}
    other = tmp_path / "other"
    shutil.copytree(rested, other, symlinks=True)
    (other / "a").write_text("B")
    rest()
    fresh = digests(other, [ask()], cache=cache)
    for path in cache.iterdir():
        if path.name not in files:  # the other root's, now with the first root's words
            path.write_bytes(files[next(name for name in files if name.endswith(path.suffix))])
    assert digests(other, [ask()], cache=cache) == fresh
    if os.geteuid() == 0:
        for path in cache.iterdir():
            os.chown(path, 65534, 65534)
        (rested / "a").write_text("C")
        assert digests(rested, [ask()], cache=cache) == digests(rested, [ask()])
    for path in cache.iterdir():
        path.chmod(0o666)  # anybody might have written it
    seen = opened(lambda: digests(rested, [ask()], cache=cache))
    assert "open:x" in seen


@pytest.mark.parametrize("place", ["file", "symlink", "missing"])
def test_a_cache_that_cannot_be_written_is_none(rested, tmp_path, place):
    fresh = digests(rested, [ask()])
    cache = tmp_path / "here"
    if place == "file":
        cache.write_text("not a directory")
    elif place == "symlink":
        cache.symlink_to("nowhere/at/all")
    else:
        cache = Path("/proc/no/such")
    for _ in range(2):
        assert digests(rested, [ask()], cache=cache) == fresh


def test_a_read_only_cache_is_read():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        before = os.geteuid()
        try:
            if before == 0:
                os.seteuid(65534)  # root may write everywhere
            root, cache = place / "root", place / "cache"
            root.mkdir()
            (root / "a").write_text("A")
            rest()
            fresh = digests(root, [ask()], cache=cache)
            kept = {path.name: path.read_bytes() for path in cache.iterdir()}
            cache.chmod(0o500)
            assert "open:a" not in opened(lambda: digests(root, [ask()], cache=cache))
            (root / "a").write_text("new")
            rest()
            assert digests(root, [ask()], cache=cache) == digests(root, [ask()]) != fresh
            assert {path.name: path.read_bytes() for path in cache.iterdir()} == kept
            cache.chmod(0o700)
        finally:
            os.seteuid(before)


def test_a_full_disk_is_survived(rested, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this fills")
    cache = tmp_path / "small"
    cache.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(cache)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        fresh = digests(rested, [ask()], cache=cache)
        kept = {path.name: path.read_bytes() for path in cache.iterdir()}
        with pytest.raises(OSError, match="No space left"):
            (cache / "filler").write_bytes(b"x" * 100_000)
        (rested / "new").write_text("new")
        rest()
        assert digests(rested, [ask()], cache=cache) == digests(rested, [ask()]) != fresh
        assert {path.name: path.read_bytes() for path in cache.iterdir() if path.name != "filler"} == kept
    finally:
        subprocess.run(["umount", str(cache)], check=True)


def test_orphans_are_swept_and_strangers_left(rested, cache):
    cache.mkdir()
    name = "0" * 32
    for path, age in {f"{name}.answers.{'0' * 16}.tmp": 7200, f"{name}.files-git": 90 * 86400, "mine.txt": 1e9}.items():
        (cache / path).write_text("old")
        os.utime(cache / path, (time.time() - age,) * 2)
    (cache / f"{name}.answers.{'1' * 16}.tmp").write_text("somebody writes this")
    digests(rested, [ask()], cache=cache)
    left = {path.name for path in cache.iterdir()}
    assert left >= {"mine.txt", f"{name}.answers.{'1' * 16}.tmp"}
    assert not left & {f"{name}.answers.{'0' * 16}.tmp", f"{name}.files-git"}


# -- several processes -----------------------------------------------------------------------------------------------

PROGRAM = """
import sys, time
from pathlib import Path
sys.path[:0] = sys.argv[1].split(":")
from rajee_deploy.context import ContextRules, Modes, Roots, look_up
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId
read = ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), "/", Selector("/"))
for number in range(int(sys.argv[4])):
    rules = ContextRules(ignore=b"nothing-%d" % number)
    with Roots(Path(sys.argv[3]), lambda: time.time_ns() + 1_900_000_000) as roots:
        print(look_up(Path(sys.argv[2]), [read], rules, Modes.GIT, roots).uses[0].digest, flush=True)
"""


def start(root, cache, times):
    top = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, top, str(root), str(cache), str(times)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_many_processes_give_one_answer(rested, cache):
    running = [start(rested, cache, 20) for _ in range(8)]
    told = {line for process in running for line in process.communicate()[0].split()}
    assert [process.returncode for process in running] == [0] * 8
    assert told == set(digests(rested, [ask()]))


@pytest.mark.slow
def test_killed_while_it_writes(rested, cache):
    fresh = digests(rested, [ask()])
    for number in range(10):
        process = start(rested, cache, 10_000)
        process.stdout.readline()
        time.sleep(number * 0.003)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert digests(rested, [ask()], cache=cache) == fresh


@pytest.mark.slow
@pytest.mark.parametrize("modes", Modes)
def test_other_processes_find_the_same(root, cache, modes, monkeypatch):
    for directory in range(120):
        (root / f"d{directory}").mkdir()
        for name in range(12):
            (root / f"d{directory}/{name}").write_text(f"{directory} {name}")
    (root / "d7/link").symlink_to("3")
    rest()
    many = digests(root, [ask()], modes=modes)
    with monkeypatch.context() as alone:
        alone.setattr(os, "sched_getaffinity", lambda _: {0})
        assert digests(root, [ask()], modes=modes) == many
    for _ in range(3):
        assert digests(root, [ask()], modes=modes, cache=cache) == many
    (root / "d100/5").write_text("moved")
    assert digests(root, [ask()], modes=modes, cache=cache) == digests(root, [ask()], modes=modes) != many


def test_faults_found_by_another_process_are_told():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for directory in range(120):
            (root / f"d{directory}").mkdir(mode=0o755)
            for file in range(12):
                (root / f"d{directory}/{file}").write_text("x")
        (root / "d60/6").chmod(0)
        before = os.geteuid()
        try:
            if before == 0:
                os.seteuid(65534)  # root may read everything
            assert digests(root, [ask()]) == "unreadable"
        finally:
            os.seteuid(before)
