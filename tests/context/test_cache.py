"""The stat cache never changes an answer, and spares what it can: reads, walks, lists."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cached_looks import TREE, ahead, ask, digests, opened, rest

from rajee_deploy.context import ContextRules, Modes, Roots, look_up, stage_context
from rajee_deploy.context.stamps import RACY_NS
from rajee_deploy.errors import DeployError


@pytest.fixture
def rested(build):
    root = build(TREE)
    rest()
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_the_second_run_reads_no_file(rested, cache):
    fresh = digests(rested, [ask()])
    assert digests(rested, [ask()], cache=cache) == fresh
    files = {"a", "x", "y", "z", "run.sh"}
    first = opened(lambda: digests(rested, [ask()], cache=None))
    assert {name.removeprefix("open:") for name in first} >= files
    again = opened(lambda: digests(rested, [ask()], cache=cache))
    assert not {name.removeprefix("open:") for name in again} & files
    assert digests(rested, [ask()], cache=cache) == fresh


def test_one_changed_file_is_one_file_read(rested, cache):
    digests(rested, [ask()], cache=cache)
    (rested / "d/x").write_text("changed")
    again = {name.removeprefix("open:") for name in opened(lambda: digests(rested, [ask()], cache=cache))}
    # The first bytes of a script are looked at, whatever is known of it: see cautions.
    assert again & {"a", "x", "y", "z", "run.sh"} == {"x", "run.sh"}
    assert digests(rested, [ask()], cache=cache) == digests(rested, [ask()])


def test_what_was_just_written_is_never_believed(build, cache):
    root = build(TREE)
    for _ in range(3):
        status = (root / "a").stat()
        digests(root, [ask()], cache=cache, clock=time.time_ns)
        (root / "a").write_text("B" if (root / "a").read_text() == "A" else "A")
        os.utime(root / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
        assert digests(root, [ask()], cache=cache, clock=time.time_ns) == digests(root, [ask()])
    assert not list(cache.glob("*.answers"))


@pytest.mark.parametrize("ahead", [3600, 400 * 365 * 86400])
def test_times_to_come_are_never_believed(build, cache, ahead):
    root = build({"a": "A"})
    os.utime(root / "a", (time.time() + ahead,) * 2)
    rest()
    digests(root, [ask()], cache=cache)
    assert not list(cache.glob("*.answers"))
    assert digests(root, [ask()], cache=cache) == digests(root, [ask()])


@pytest.mark.parametrize("modes", Modes)
@pytest.mark.parametrize(
    ("reads", "ignore"),
    [
        ([ask()], None),
        ([ask()], b"skip\nd/e"),
        ([ask("/a"), ask("/d")], b"*.sh"),
        ([ask("/*", wildcard=True)], None),
        ([ask("/", exclude=("d/**",))], None),
        ([ask("/l")], None),
    ],
)
def test_questions_share_a_cache(rested, cache, modes, reads, ignore):
    rules = ContextRules(ignore=ignore)
    fresh = digests(rested, reads, rules, modes)
    for other in Modes:
        digests(rested, [ask()], ContextRules(), other, cache)
    for _ in range(3):
        assert digests(rested, reads, rules, modes, cache) == fresh


def test_two_images_of_one_run_walk_once(rested, cache):
    for kept in (None, cache, cache):

        def both(kept=kept):
            with Roots(kept, ahead) as roots:
                look_up(rested, [ask("/d"), ask("/a")], ContextRules(), Modes.GIT, roots)
                look_up(rested, [ask()], ContextRules(), Modes.EXACT, roots)
                look_up(rested, [ask("/*", wildcard=True)], ContextRules(ignore=b"skip"), Modes.GIT, roots)

        seen = opened(both)
        # d, d/e, skip and the root itself, by descriptor; the cache's own directory is listed by its path
        assert len([name for name in seen if name.startswith("os.scandir:") and name[11:].isdigit()]) == 4


def test_unselected_directories_are_not_listed(build, cache):
    root = build({"app/main": "M", "other/deep/x": "X", ".git/objects/ab": "o", "node_modules/m/i": "i"})
    rules = ContextRules(ignore=b"node_modules\n.git")
    for kept in (None, cache):
        for reads, listed in (
            ([ask("/app")], 2),
            ([ask("/app/main")], 2),
            ([ask()], 4),
            ([ask("/*/m*", wildcard=True)], 3),
        ):
            seen = opened(lambda reads=reads, kept=kept: digests(root, reads, rules, cache=kept))
            count = len([name for name in seen if name.startswith("os.scandir:") and name[11:].isdigit()])
            assert count == listed, reads


def test_no_cache_neither_reads_nor_writes(rested, cache):
    digests(rested, [ask()], cache=cache)
    before = {path: path.read_bytes() for path in cache.iterdir()}
    seen = opened(lambda: digests(rested, [ask()]))
    assert not [name for name in seen if str(cache) in name]
    assert {path: path.read_bytes() for path in cache.iterdir()} == before


def believed(root, cache):
    """A selection that rests on an answer of before."""
    digests(root, [ask()], cache=cache)
    with Roots(cache, ahead) as roots:
        return look_up(root, [ask()], ContextRules(), Modes.GIT, roots)


def test_entries_come_when_asked_for(rested, cache):
    fresh = look_up(rested, [ask()], ContextRules())
    found = believed(rested, cache)
    assert not {"open:a", "open:x"} & set(opened(lambda: found.records))
    assert found.entries == fresh.entries
    assert found.chosen == fresh.chosen
    with stage_context(found, b"") as place:
        assert (place.directory / "a").read_text() == "A"


@pytest.mark.parametrize("listed", ["records", "entries"])
def test_what_changed_since_is_never_listed(rested, cache, listed):
    found = believed(rested, cache)
    (rested / "a").write_text("B")
    with pytest.raises(DeployError) as caught:
        getattr(found, listed)
    assert caught.value.code == "file-changed"


def test_an_answer_that_turns_out_wrong_is_dropped(rested, cache):
    """As after a store through a writable memory map, which moves no time: the error must not come again and again."""
    found = believed(rested, cache)
    (rested / "a").write_text("B")
    assert list(cache.glob("*.answers"))
    with pytest.raises(DeployError):
        _ = found.records
    assert not list(cache.glob("*.answers"))


def test_the_flag_on_the_command_line(rested, cache):
    (rested / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    time.sleep(RACY_NS / 1e9 + 0.05)  # under the true clock
    command = [sys.executable, "-m", "rajee_deploy", "fingerprint", str(rested)]
    environment = {**os.environ, "RAJEE_DEPLOY_CACHE_DIR": str(cache), "PYTHONPATH": str(Path(__file__).parents[2])}
    tags = []
    for more in (["--no-cache"], []):
        done = subprocess.run([*command, *more], env=environment, check=True, capture_output=True, text=True)
        tags.append(done.stdout)
        assert cache.exists() is (not more)
    assert tags[0] == tags[1]
