"""Room for the private copy, bounded memory, and where the copy may lie."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from rajee_deploy.context import look_up, room, stage_context
from rajee_deploy.context.copying import BUFFER_BYTES, Copier
from rajee_deploy.errors import DeployError

GIB = 1 << 30


@dataclass
class FakeFileSystem:
    """A file system with so many free bytes and inodes."""

    free: int
    inodes: int = 1000
    f_frsize: int = 4096
    f_blocks: int = 1 << 20
    f_files: int = 1 << 20

    @property
    def f_bavail(self) -> int:
        return self.free // self.f_frsize

    @property
    def f_favail(self) -> int:
        return self.inodes


def disk(free, *, clones=False, stat=None):
    return room.Disk("/place", free, stat or no_question, lambda _entry: clones)


def no_question(_entry):
    pytest.fail("a file was looked at though all sizes fit")


def sparse(path, size):
    with path.open("wb") as file:
        file.truncate(size)


def test_room_for_whole_blocks(build, read, rules):
    # three blocks for three files of a byte each, and one for the directory
    selection = look_up(build({"a": "1", "b": "2", "d/c": "3"}), [read("/")], rules())
    room.check(disk(FakeFileSystem(4 * 4096)), selection.entries)
    with pytest.raises(DeployError) as caught:
        room.check(disk(FakeFileSystem(3 * 4096)), selection.entries)
    assert (caught.value.code, caught.value.where) == ("no-space", "/place")
    assert caught.value.cause == "16.0 KiB are needed, 12.0 KiB are free"
    assert "TMPDIR" in caught.value.hint


def test_room_for_inodes(build, read, rules):
    selection = look_up(build({"a": "1", "b": "2"}), [read("/")], rules())
    room.check(disk(FakeFileSystem(GIB, inodes=6)), selection.entries)
    with pytest.raises(DeployError, match="no room") as caught:
        room.check(disk(FakeFileSystem(GIB, inodes=5)), selection.entries)
    assert caught.value.cause == "6 files and directories are needed, 5 more can be made"


def test_a_file_system_that_does_not_count_is_believed(build, read, rules):
    selection = look_up(build({"a": "1"}), [read("/")], rules())
    room.check(disk(FakeFileSystem(0, inodes=0, f_blocks=0, f_files=0)), selection.entries)


def test_holes_and_clones_need_no_room(root, read, rules):
    sparse(root / "sparse", 16 << 20)
    (root / "dense").write_bytes(b"x" * (1 << 20))
    selection = look_up(root, [read("/")], rules())

    def stat(selected):
        return (root / selected.entry.path).stat()

    room.check(disk(FakeFileSystem(2 << 20), stat=stat), selection.entries)
    room.check(disk(FakeFileSystem(4096), clones=True), selection.entries)
    with pytest.raises(DeployError, match="no room"):
        room.check(disk(FakeFileSystem(512 << 10), stat=stat), selection.entries)


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (1536, "1.5 KiB"), (GIB, "1.0 GiB"), (1 << 50, "1024.0 TiB")]
)
def test_sizes_for_people(size, words):
    assert room.bytes_text(size) == words


@contextmanager
def small_disk(place):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk; FakeFileSystem shows the same")
def test_a_small_disk(build, read, rules, tmp_path):
    root = build({"a": b"A" * (2 << 20), "b": "B"})
    (tmp_path / "small").mkdir()
    with small_disk(tmp_path / "small") as place:
        with pytest.raises(DeployError) as caught, stage_context(look_up(root, [read("/")], rules()), b"", place):
            pass
        assert (caught.value.code, caught.value.where) == ("no-space", str(place))
        assert "2.0 MiB are needed" in caught.value.cause
        assert list(place.iterdir()) == []
        with stage_context(look_up(root, [read("/b")], rules()), b"", place) as copy:
            assert (copy.directory / "b").read_text() == "B"
        assert list(place.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_fills_while_copying(build, read, rules, tmp_path):
    root = build({"a": b"A" * (600 << 10), "Dockerfile": ""})
    selection = look_up(root, [read("/a")], rules())
    (tmp_path / "small").mkdir()
    with small_disk(tmp_path / "small") as place:
        with pytest.raises(DeployError) as caught, stage_context(selection, b"#" * (600 << 10), place):
            pass
        assert caught.value.code == "no-space"
        assert list(place.iterdir()) == []


@pytest.mark.slow
def test_a_big_file_in_little_memory(root, tmp_path):
    sparse(root / "disk.img", GIB // 2)
    with (root / "disk.img").open("r+b") as file:
        file.seek(GIB // 4 + 1)
        file.write(b"data")
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from rajee_deploy.context import ContextRules, look_up, stage_context\n"
        "from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId\n"
        "read = ContextRead(ReadBy.COPY, Location('D', 1, 1), StageId(0, None), '/', Selector('/'))\n"
        "resource.setrlimit(resource.RLIMIT_AS, (300 << 20,) * 2)\n"
        "selection = look_up(Path(sys.argv[1]), [read], ContextRules())\n"
        "with stage_context(selection, b'', Path(sys.argv[2])) as place:\n"
        "    status = (place.directory / 'disk.img').stat()\n"
        "    assert status.st_blocks < 1000, status\n"
        # Not ru_maxrss, which is the parent's where that is more: it outlives exec.
        "    (peak,) = [l for l in Path('/proc/self/status').read_text().splitlines() if l.startswith('VmHWM')]\n"
        "    print(status.st_size, int(peak.split()[1]) >> 10)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(root), str(tmp_path)], capture_output=True, text=True, check=True
    )
    size, resident = map(int, ended.stdout.split())
    assert size == GIB // 2
    assert resident < 100  # MiB


LAYOUTS = {
    "all hole": [(0, b"")],
    "data first": [(0, b"a" * 5000)],
    "data last": [(3 << 20, b"z")],
    "data between": [(BUFFER_BYTES + 1, b"b" * 9000), (2 << 20, b"c" * BUFFER_BYTES)],
    "all data": [(0, b"d" * ((3 << 20) + 1))],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_holes(tmp_path, layout):
    original, size = tmp_path / "original", (3 << 20) + 1
    sparse(original, size)
    with original.open("r+b") as file:
        for at, data in LAYOUTS[layout]:
            file.seek(at)
            file.write(data)
    digest = hashlib.sha256()
    with original.open("rb") as source, (tmp_path / "copy").open("w+b") as target:
        Copier().copy(source.fileno(), target.fileno(), size, digest)
    copied = (tmp_path / "copy").read_bytes()
    assert copied == original.read_bytes()
    assert digest.digest() == hashlib.sha256(copied).digest()
    assert (tmp_path / "copy").stat().st_blocks <= original.stat().st_blocks


@pytest.mark.parametrize("length", [0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 3 * BUFFER_BYTES])
@pytest.mark.parametrize("grown", [-1, 0, 1])
@pytest.mark.parametrize("hole", [False, True])
def test_the_digest_is_of_the_copy(tmp_path, length, grown, hole):
    """Whatever the file became since: shorter, the same, or longer."""
    original, really = tmp_path / "original", max(0, length + grown)
    original.write_bytes(b"" if hole else os.urandom(really))
    os.truncate(original, really)
    digest = hashlib.sha256()
    with original.open("rb") as source, (tmp_path / "copy").open("w+b") as target:
        Copier().copy(source.fileno(), target.fileno(), length, digest)
    copied = (tmp_path / "copy").read_bytes()
    assert digest.digest() == hashlib.sha256(copied).digest()
    assert copied == original.read_bytes() or (hole and grown < 0)


def refusing(asked):
    """A file system that shares no blocks."""

    def clone(source, target):
        asked.append((source, target))
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    return clone


def test_a_file_system_without_clones_is_asked_once(tmp_path):
    asked = []
    copier = Copier(refusing(asked))
    (tmp_path / "a").write_bytes(b"a" * BUFFER_BYTES)
    for name in ("b", "c"):
        with (tmp_path / "a").open("rb") as source, (tmp_path / name).open("w+b") as target:
            copier.copy(source.fileno(), target.fileno(), BUFFER_BYTES, hashlib.sha256())
        assert (tmp_path / name).read_bytes() == (tmp_path / "a").read_bytes()
    assert len(asked) == 1


def test_of_a_clone_the_clone_is_digested(tmp_path):
    """Also when the original is rewritten at once: what was hashed is what is built."""
    original = tmp_path / "original"
    original.write_bytes(b"a" * BUFFER_BYTES)

    def clone(source, target):
        os.sendfile(target, source, 0, BUFFER_BYTES)
        original.write_bytes(b"b" * BUFFER_BYTES)

    digest = hashlib.sha256()
    with original.open("rb") as source, (tmp_path / "copy").open("w+b") as target:
        Copier(clone).copy(source.fileno(), target.fileno(), BUFFER_BYTES, digest)
    assert (tmp_path / "copy").read_bytes() == b"a" * BUFFER_BYTES
    assert digest.digest() == hashlib.sha256(b"a" * BUFFER_BYTES).digest()


def test_a_fault_of_the_disk_is_no_missing_feature():
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        Copier().clone(1 << 20, 1 << 20)  # descriptors that nobody has


def test_a_copy_never_selects_itself(build, read, rules, monkeypatch):
    """TMPDIR may lie in the build context: the copy holds what was there when files were looked up."""
    root = build({"a": "A", "tmp": None})
    monkeypatch.setenv("TMPDIR", str(root / "tmp"))
    selection = look_up(root, [read("/")], rules())
    with stage_context(selection, b"") as first, stage_context(selection, b"") as second:
        for copy in (first, second):
            assert copy.directory.is_relative_to(root / "tmp")
            assert sorted(path.name for path in copy.directory.rglob("*")) == ["a", "tmp"]
    assert look_up(root, [read("/")], rules()).uses == selection.uses


def test_no_rewriter_gets_other_bytes_into_a_copy(root, read, rules, tmp_path):
    """Somebody rewrites a file all the time, in place and by renaming, back and forth: either the copy holds the very
    bytes that were hashed, or there is none."""
    bodies = [bytes([value]) * (BUFFER_BYTES * 2 + 7) for value in (1, 2)]
    digests = {hashlib.sha256(body).hexdigest(): body for body in bodies}
    path, stop = root / "a", threading.Event()
    path.write_bytes(bodies[0])

    def rewrite():
        turn = 0
        while not stop.is_set():
            turn += 1
            body = bodies[turn % 2]
            if turn % 3:
                with path.open("r+b", buffering=0) as file:
                    for at in range(0, len(body), BUFFER_BYTES):
                        file.write(body[at : at + BUFFER_BYTES])
            else:
                (tmp_path / "draft").write_bytes(body)
                (tmp_path / "draft").replace(path)
            stop.wait(0.0005 * (turn % 7))

    writer = threading.Thread(target=rewrite)
    writer.start()
    copied, refusals = 0, set()
    try:
        for _ in range(150):
            try:
                selection = look_up(root, [read("/")], rules())
                hashed = selection.entries[0].digest.hex
                with stage_context(selection, b"", tmp_path) as place:
                    found = (place.directory / "a").read_bytes()
            except DeployError as error:
                refusals.add(error.code)
                continue
            copied += 1
            assert hashlib.sha256(found).hexdigest() == hashed
            assert hashed not in digests or digests[hashed] == found
    finally:
        stop.set()
        writer.join()
    assert copied
    assert refusals <= {"file-changed"}
