"""Private temporary directories: removed on every exit, and by the next start when their owner was killed."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.system import temporary as scratch

NOBODY = 65534
DAY = 24 * 3600


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where temporary files go."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    return path


@pytest.fixture
def owner(place):  # noqa: ARG001 -- sets TMPDIR
    """Starts a process that owns a private directory; returns it and the directory."""
    started = []

    def start():
        code = (
            "import sys; from pathlib import Path; from rajee_deploy.system.temporary import private_directory\n"
            "with private_directory('test') as made:\n"
            "    locked = made / 'd'; locked.mkdir(); (locked / 'x').write_text('x'); locked.chmod(0o500)\n"
            "    print(made, flush=True); sys.stdin.read()"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def names(place):
    return sorted(path.name for path in place.iterdir())


def test_it_is_private_and_removed(place):
    with scratch.private_directory("build") as made:
        assert made.parent == place
        assert made.name.startswith("rajee-deploy-build-")
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
        (made / "d").mkdir()
        (made / "d/x").write_text("x")
    assert names(place) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_removed_whatever_happens(place, error):
    with pytest.raises(error), scratch.private_directory("build"):
        raise error
    assert names(place) == []


def test_removed_though_somebody_still_writes_into_it(place):
    stop, begun = threading.Event(), threading.Event()

    def write(made):
        number = 0
        while not stop.is_set() and number < 2000:
            with contextlib.suppress(OSError):
                (made / "cdk.out").mkdir(exist_ok=True)
                (made / "cdk.out" / str(number)).touch()
            number += 1
            begun.set()

    with scratch.private_directory("assembly") as made:
        writer = threading.Thread(target=write, args=(made,))
        writer.start()
        begun.wait()
        threading.Timer(0.1, stop.set).start()
    writer.join()
    assert names(place) == []


def test_an_interrupt_while_it_is_made_leaves_nothing(place):
    # A signal every few instructions, so that some come while the directory is made, locked or removed.
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    interrupted = 0
    try:
        for number in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + number * 1e-6)
                with scratch.private_directory("build"):
                    while True:
                        pass
            except KeyboardInterrupt:
                interrupted += 1
            assert names(place) == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 300


def test_what_a_killed_owner_left_is_swept(place, owner):
    process, made = owner()
    assert scratch.sweep() == ()
    assert made.is_dir()
    kill(process)
    assert scratch.sweep() == (made.name,)
    assert names(place) == []


def test_a_living_owner_is_let_be(place, owner):
    dead, alive = owner(), owner()
    kill(dead[0])
    with scratch.private_directory("mine") as mine:
        assert scratch.sweep() == (dead[1].name,)
        assert names(place) == sorted([alive[1].name, mine.name])


def test_a_directory_without_a_lock_may_stay_a_day(place):
    for name, age in (("rajee-deploy-young", DAY - 60), ("rajee-deploy-old", DAY + 60)):
        (place / name).mkdir(mode=0o700)
        os.utime(place / name, (time.time() - age,) * 2)
    assert scratch.sweep() == ("rajee-deploy-old",)
    assert names(place) == ["rajee-deploy-young"]


def old(path):
    os.utime(path, (0, 0), follow_symlinks=False)


def anybody_may_enter(place):
    (place / "rajee-deploy-x").mkdir(mode=0o755)


def another_prefix(place):
    (place / "other-x").mkdir(mode=0o700)


def a_file(place):
    (place / "rajee-deploy-x").write_text("")


def a_symlink(place):
    target = place.parent / "target"
    target.mkdir(mode=0o700)
    old(target)
    (place / "rajee-deploy-x").symlink_to(target)


def lock_is_a_symlink(place):
    (place / "rajee-deploy-x").mkdir(mode=0o700)
    (place.parent / "elsewhere").write_text("")
    (place / "rajee-deploy-x" / scratch.LOCK).symlink_to(place.parent / "elsewhere")


def lock_is_a_directory(place):
    (place / "rajee-deploy-x").mkdir(mode=0o700)
    (place / "rajee-deploy-x" / scratch.LOCK).mkdir()


@pytest.mark.parametrize(
    "make",
    [anybody_may_enter, another_prefix, a_file, a_symlink, lock_is_a_symlink, lock_is_a_directory],
)
def test_what_is_not_ours_stays(place, make):
    make(place)
    for path in place.iterdir():
        old(path)
    before = sorted(place.parent.rglob("*"))
    assert scratch.sweep() == ()
    assert sorted(place.parent.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's directory")
def test_another_users_directory_stays(place):
    (place / "rajee-deploy-x").mkdir(mode=0o700)
    os.chown(place / "rajee-deploy-x", NOBODY, NOBODY)
    old(place / "rajee-deploy-x")
    assert scratch.sweep() == ()
    assert names(place) == ["rajee-deploy-x"]


def test_links_inside_are_removed_not_followed(place, owner):
    process, made = owner()
    kept = place.parent / "kept"
    kept.mkdir()
    (kept / "x").write_text("x")
    (made / "link").symlink_to(kept)
    kill(process)
    assert scratch.sweep() == (made.name,)
    assert names(kept) == ["x"]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, to whom permissions apply")
def test_directories_without_write_permission_are_removed(monkeypatch):
    with tempfile.TemporaryDirectory() as name:  # pytest's own directories cannot be entered by others
        place = Path(name)
        place.chmod(0o777)
        monkeypatch.setenv("TMPDIR", name)
        os.seteuid(NOBODY)
        try:
            with scratch.private_directory("test") as made:
                (made / "d/e").mkdir(parents=True)
                (made / "d/e/x").write_text("x")
                (made / "d/e").chmod(0o500)
                (made / "d").chmod(0o100)
        finally:
            os.seteuid(0)
        assert names(place) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, to whom permissions apply")
def test_a_place_that_may_not_be_written_to(monkeypatch):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        monkeypatch.setenv("TMPDIR", name)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(DeployError) as caught, scratch.private_directory("test"):
                pass
        finally:
            os.seteuid(0)
    assert (caught.value.code, caught.value.where) == ("staging-failed", name)


def test_many_at_once(place):
    """Sweepers and makers at the same time: no directory is taken from its owner."""
    code = (
        "from rajee_deploy.system.temporary import private_directory, sweep\n"
        "for _ in range(60):\n"
        "    with private_directory('test') as made:\n"
        "        sweep(); (made / 'x').write_text('x'); sweep(); assert (made / 'x').read_text() == 'x'"
    )
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert names(place) == []


@pytest.mark.parametrize("name", ["missing", "file"])
def test_an_unfit_place_is_an_error_that_says_where(tmp_path, monkeypatch, name):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / name))
    assert scratch.sweep() == ()
    with pytest.raises(DeployError) as caught, scratch.private_directory("build"):
        pass
    assert (caught.value.code, caught.value.where) == ("staging-failed", str(tmp_path / name))
    assert "TMPDIR" in caught.value.hint


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "no-space"), (errno.EDQUOT, "no-space"), (errno.EROFS, "staging-failed")],
)
def test_a_full_disk_is_told_apart(tmp_path, number, code):
    found = scratch.no_room(OSError(number, os.strerror(number)), tmp_path)
    assert (found.code, found.where, found.cause) == (code, str(tmp_path), os.strerror(number))


def test_a_directory_that_took_the_place_of_the_one_that_was_looked_at_stays(place):
    """Its owner was gone when it was looked at; since then somebody else has made one of the same name."""
    one = place / "rajee-deploy-x"
    one.mkdir(mode=0o700)
    seen = one.lstat()
    one.rename(place / "elsewhere")
    one.mkdir(mode=0o700)
    (one / "x").write_text("x")
    assert scratch._remove_same(one, seen) is False
    assert names(one) == ["x"]
    assert scratch._remove_same(one, one.lstat()) is True
    assert names(place) == ["elsewhere"]
