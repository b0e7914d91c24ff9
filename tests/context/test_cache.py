"""The stat cache never changes an answer: whatever happens to the tree or to the cache's own files."""

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
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rajee_deploy.context import ContextRules, Modes, Roots, look_up, stage_context
from rajee_deploy.context.stamps import RACY_NS
from rajee_deploy.errors import DeployError
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId

OLD = time.time() - 1000
REST_NS = 25_000_000  # longer than a tick of the kernel's clock
TREE = {"a": "A", "d/x": "X", "d/e/y": "Y", "l": ("d/x",), "skip/z": "Z", "run.sh": "#!"}


def ask(path: str = "/", **selector):
    return ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), path, Selector(path, **selector))


def ahead() -> int:
    """A clock that is ahead, so that what rested for some milliseconds is believed, and not after two seconds only."""
    return time.time_ns() + RACY_NS - REST_NS


def digests(root, reads, rules=ContextRules(), modes=Modes.GIT, cache=None, clock=ahead):  # noqa: B008
    """What look_up answers, errors included."""
    with Roots(cache, clock) as roots:
        try:
            return [str(use.digest) for use in look_up(root, reads, rules, modes, roots).uses]
        except DeployError as error:
            return error.code


def rest() -> None:
    """Wait until what was written before is believed under the clock that is ahead."""
    time.sleep(REST_NS / 1e9)


def opened(call):
    """The paths that `call` opens, as Python's audit hooks tell."""
    seen: list[str] = []
    _HOOKS.append(seen)
    try:
        call()
    finally:
        _HOOKS.remove(seen)
    return seen


_HOOKS: list[list[str]] = []


def _audit(event, args):
    if _HOOKS and event in {"open", "os.scandir", "os.listdir"}:
        for seen in _HOOKS:
            seen.append(f"{event}:{os.fsdecode(args[0]) if isinstance(args[0], (str, bytes)) else args[0]}")


sys.addaudithook(_audit)


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


# -- the cache's own files -----------------------------------------------------------------------------------------


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


# -- whatever happens to the tree --------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "x.log"])
READS = st.sampled_from(
    [[ask()], [ask("/d")], [ask("/*", wildcard=True)], [ask("/", exclude=("**/b",))], [ask("/a"), ask("/d")]]
)
IGNORES = st.sampled_from([None, b"*.log", b"d/e\n!d/e/a", b"*\n!d"])


class CachedIsFresh(RuleBasedStateMachine):
    """Edits of every kind, with times put back or moved; runs with the cache in between."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.root = self.place / "root"
        self.root.mkdir()
        self.modes = Modes.GIT
        self.reads, self.rules = [ask()], ContextRules()

    def teardown(self):
        shutil.rmtree(self.place)

    def at(self, name):
        path = self.root / name
        for above in (self.root / "d", self.root / "d/e"):
            if above in path.parents and not above.is_dir():
                above.unlink(missing_ok=True)
                above.mkdir()
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        return path

    @rule(name=NAMES, text=st.sampled_from(["", "x", "y", "long text"]), back=st.booleans())
    def write(self, name, text, back):
        path = self.at(name)
        if path.is_symlink():
            path.unlink()
        status = path.stat() if back and path.exists() else None
        path.write_text(text)
        if status:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    @rule(name=NAMES, other=NAMES)
    def swap(self, name, other):
        one, two = self.root / name, self.root / other
        if one.is_file() and two.is_file() and one != two:
            one.rename(self.root / "between")
            two.rename(one)
            (self.root / "between").rename(two)

    @rule(name=NAMES, mode=st.sampled_from([0o644, 0o755, 0o600, 0o664]))
    def chmod(self, name, mode):
        if (self.root / name).is_file():
            (self.root / name).chmod(mode)

    @rule(name=NAMES, moment=st.sampled_from([OLD, int(OLD), 0, time.time() + 5000]))
    def touch(self, name, moment):
        if (self.root / name).exists():
            os.utime(self.root / name, (moment, moment))

    @rule(name=NAMES)
    def delete(self, name):
        path = self.root / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)

    @rule(name=st.sampled_from(["d", "d/e", "empty"]))
    def mkdir(self, name):
        self.at(f"{name}/x")
        if not (self.root / name).exists():
            (self.root / name).mkdir(parents=True)

    @rule(name=NAMES, text=st.sampled_from(["a", "d/a", "../a", "nowhere"]))
    def link(self, name, text):
        path = self.at(name)
        path.unlink(missing_ok=True)
        path.symlink_to(text)

    @rule()
    def wait(self):
        rest()

    @rule(reads=READS, ignore=IGNORES, modes=st.sampled_from(Modes))
    def ask_another(self, reads, ignore, modes):
        self.reads, self.rules, self.modes = reads, ContextRules(ignore=ignore), modes

    @invariant()
    def cached_is_fresh(self):
        fresh = digests(self.root, self.reads, self.rules, self.modes)
        for _ in range(2):
            assert digests(self.root, self.reads, self.rules, self.modes, self.place / "cache") == fresh


TestCachedIsFresh = pytest.mark.slow(CachedIsFresh.TestCase)
TestCachedIsFresh.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


# -- entries on demand -------------------------------------------------------------------------------------------------


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
