"""The stat cache never changes an answer, whatever happens to the tree."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from cached_looks import ask, digests, rest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rajee_deploy.context import ContextRules, Modes

OLD = time.time() - 1000

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
