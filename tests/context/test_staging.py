"""The private copy: exactly the selected entries, the very bytes, and nothing left behind."""

from __future__ import annotations

import os
import resource
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from rajee_deploy.context import Modes, look_up, stage_context
from rajee_deploy.context.lineage import EPOCH_NS, Name
from rajee_deploy.context.stage import mtime_ns
from rajee_deploy.errors import DeployError

PLAIN = Name("", b"")  # whose times are everybody's
TREE = {"a": "A", "d/x": "X", "d/deep/y": "Y", "d/l": ("../a",), "empty": None, "unread": "U"}


def listing(directory):
    found = {}
    for base, names, files in os.walk(directory):
        for name in names + files:
            path = Path(base, name)
            status = path.lstat()
            body = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(directory))] = (stat.S_IFMT(status.st_mode), status.st_mtime_ns, body)
    return found


def test_exactly_what_is_selected(build, read, rules, tmp_path):
    root = build(TREE)
    selection = look_up(root, [read("/a"), read("/d"), read("/empty")], rules("d/deep"))
    times = {entry.entry.path: mtime_ns(entry, PLAIN) for entry in selection.entries}
    with stage_context(selection, b"FROM scratch\n", tmp_path) as place:
        assert listing(place.directory) == {
            "a": (stat.S_IFREG, times["a"], b"A"),
            "d": (stat.S_IFDIR, EPOCH_NS, None),
            "d/x": (stat.S_IFREG, times["d/x"], b"X"),
            "d/l": (stat.S_IFLNK, times["d/l"], "../a"),
            "empty": (stat.S_IFDIR, EPOCH_NS, None),
        }
        assert place.dockerfile.read_bytes() == b"FROM scratch\n"
        own_rules = place.dockerfile.with_name("Dockerfile.dockerignore").read_text()
        assert all(line.startswith("#") for line in own_rules.splitlines())
        assert place.dockerfile.parent == place.directory.parent
        assert stat.S_IMODE(place.directory.parent.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [root]


def test_times_follow_the_bytes(build, read, rules):
    root = build({"a": "1", "b": "2", "c": "1"})
    found = {entry.entry.path: mtime_ns(entry, PLAIN) for entry in look_up(root, [read("/")], rules()).entries}
    assert found["a"] == found["c"] != found["b"]
    (root / "a").write_text("2")
    again = {entry.entry.path: mtime_ns(entry, PLAIN) for entry in look_up(root, [read("/")], rules()).entries}
    assert again == {**found, "a": found["b"]}
    assert all(EPOCH_NS <= time < EPOCH_NS + 4 * 86_400_000_000_000 for time in found.values())


def modes(directory):
    return {str(path.relative_to(directory)): stat.S_IMODE(path.lstat().st_mode) for path in directory.rglob("*")}


def test_modes(build, read, rules, umask):
    root = build({"a": "A", "run": "R", "d/x": "X"})
    (root / "a").chmod(0o640)
    (root / "run").chmod(0o711)
    (root / "d").chmod(0o2775)
    umask(0o077)
    with stage_context(look_up(root, [read("/")], rules()), b"") as place:
        assert modes(place.directory) == {"a": 0o644, "run": 0o755, "d": 0o755, "d/x": 0o644}
    with stage_context(look_up(root, [read("/")], rules(), Modes.EXACT), b"") as place:
        assert modes(place.directory) == {"a": 0o640, "run": 0o711, "d": 0o2775, "d/x": 0o644}


def test_read_only_directories_are_copied_and_removed(build, read, rules, tmp_path):
    root = build({"d/e/x": "X"})
    (root / "d/e").chmod(0o500)
    (root / "d").chmod(0o555)
    with stage_context(look_up(root, [read("/")], rules(), Modes.EXACT), b"", tmp_path) as place:
        assert modes(place.directory)["d/e"] == 0o500
    assert list(tmp_path.iterdir()) == [root]
    (root / "d").chmod(0o755)
    (root / "d/e").chmod(0o755)


def test_special_files(root, write, read, rules):
    write(root, [{"p": "pipe", "t": "fifo"}, {"p": "sock", "t": "sock"}])
    with stage_context(look_up(root, [read("/")], rules()), b"") as place:
        assert stat.S_ISFIFO((place.directory / "pipe").lstat().st_mode)
        assert stat.S_ISREG((place.directory / "sock").lstat().st_mode)
        assert (place.directory / "sock").read_bytes() == b""


def test_attributes_travel_in_exact_modes(build, read, rules):
    root = build({"a": "A"})
    plain = look_up(root, [read("/a")], rules()).uses[0].digest
    try:
        os.setxattr(root / "a", "user.note", b"1")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    assert look_up(root, [read("/a")], rules()).uses[0].digest == plain
    exact = look_up(root, [read("/a")], rules(), Modes.EXACT)
    assert exact.uses[0].digest != plain
    with stage_context(exact, b"") as place:
        assert os.getxattr(place.directory / "a", "user.note") == b"1"
    with stage_context(look_up(root, [read("/a")], rules()), b"") as place:
        assert "user.note" not in os.listxattr(place.directory / "a")


def same_size(root):
    (root / "a").write_text("B")


def longer(root):
    (root / "a").write_text("AA")


def executable(root):
    (root / "a").chmod(0o755)


def gone(root):
    (root / "a").unlink()


def became_link(root):
    (root / "a").unlink()
    (root / "a").symlink_to("/etc/passwd")


def became_pipe(root):
    (root / "a").unlink()
    os.mkfifo(root / "a")


def relinked(root):
    (root / "d/l").unlink()
    (root / "d/l").symlink_to("elsewhere")


def directory_became_link(root):
    (root / "d").rename(root / "moved")
    (root / "d").symlink_to("moved")


@pytest.mark.parametrize(
    "change",
    [same_size, longer, executable, gone, became_link, became_pipe, relinked, directory_became_link],
)
def test_a_change_in_between_is_caught(build, read, rules, tmp_path, change):
    root = build(TREE)
    selection = look_up(root, [read("/")], rules())
    change(root)
    with pytest.raises(DeployError) as caught, stage_context(selection, b"", tmp_path):
        pytest.fail("a changed context was staged")
    assert caught.value.code == "file-changed"
    assert list(tmp_path.iterdir()) == [root]


def test_what_nobody_reads_may_change(build, read, rules):
    root = build(TREE)
    selection = look_up(root, [read("/d")], rules())
    same_size(root)
    os.utime(root / "d/x")
    with stage_context(selection, b"") as place:
        assert (place.directory / "d/x").read_bytes() == b"X"


def test_removed_whatever_happens(build, read, rules, tmp_path):
    root = build(TREE)
    selection = look_up(root, [read("/")], rules())
    with pytest.raises(KeyboardInterrupt), stage_context(selection, b"", tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [root]


def test_a_file_that_never_rests_is_an_error(root, read, rules):
    path = root / "busy"
    with path.open("wb") as file:
        file.truncate(128 << 20)  # to be read for so long that the writer gets its turn on a busy machine
    stop = threading.Event()

    def touch():
        while not stop.is_set():
            os.utime(path)

    writer = threading.Thread(target=touch)
    writer.start()
    try:
        with pytest.raises(DeployError, match="busy changed") as caught:
            look_up(root, [read("/")], rules())
    finally:
        stop.set()
        writer.join()
    assert caught.value.code == "file-changed"


def test_an_unreadable_directory_is_named(read, rules):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "locked").mkdir(mode=0o700)
        (root / "locked").chmod(0o000)
        (root / "open").write_text("x")
        before = os.geteuid()
        try:
            if before == 0:
                os.seteuid(65534)  # root may read everything
            with pytest.raises(DeployError) as caught:
                look_up(root, [read("/")], rules())
            assert len(look_up(root, [read("/")], rules("locked")).entries) == 1
        finally:
            os.seteuid(before)
            (root / "locked").chmod(0o700)
        assert (caught.value.code, caught.value.where) == ("unreadable", "locked")


def test_big_files(root, read, rules):
    (root / "big").write_bytes(os.urandom(3 << 20) + b"end")
    selection = look_up(root, [read("/big")], rules())
    assert selection.entries[0].entry.size == (3 << 20) + 3
    with stage_context(selection, b"") as place:
        assert (place.directory / "big").read_bytes() == (root / "big").read_bytes()
        again = look_up(place.directory, [read("/big")], rules())
        assert again.entries == selection.entries


def test_deep_trees(root, read, rules):
    deep = "/".join(["d"] * 300)
    (root / deep).mkdir(parents=True)
    (root / deep / "x").write_text("x")
    selection = look_up(root, [read("/")], rules())
    with stage_context(selection, b"") as place:
        assert look_up(place.directory, [read("/")], rules()).uses == selection.uses


def test_no_room_for_the_copy(build, read, rules, tmp_path):
    root = build({"a": "A" * 300_000})
    selection = look_up(root, [read("/a")], rules(""))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DeployError) as caught, stage_context(selection, b"", tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.code, caught.value.where) == ("staging-failed", str(tmp_path))
    assert not list(tmp_path.glob("rajee-deploy-*"))


def test_nowhere_to_put_the_copy(build, read, rules, tmp_path):
    selection = look_up(build({"a": "A"}), [read("/a")], rules(""))
    with pytest.raises(DeployError) as caught, stage_context(selection, b"", tmp_path / "nowhere"):
        pass
    assert caught.value.code == "staging-failed"
