"""Modes and bytes: what an entry's digest is made of."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from rajee_deploy.context import ContextRules, look_up
from rajee_deploy.context.digest import (
    CHUNK_BYTES,
    Modes,
    _counts,
    attributes,
    header,
    read_attributes,
    read_file,
    read_other,
    read_record,
)
from rajee_deploy.context.tree import open_tree
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

PERMISSIONS = [0o400, 0o600, 0o644, 0o666, 0o700, 0o744, 0o755, 0o100, 0o610, 0o601, 0o611, 0o654, 0o645, 0o4755]


def expected(mode):
    """As git counts: executable when its owner may execute it. Group and others alone count for nothing."""
    return 0o755 if f"{mode:04o}"[1] in "1357" else 0o644


@pytest.mark.parametrize("mode", PERMISSIONS)
def test_a_file_is_executable_when_its_owner_may_execute_it(mode):
    assert Modes.GIT.apply(Kind.FILE, stat.S_IFREG | mode) == expected(mode)
    assert Modes.EXACT.apply(Kind.FILE, stat.S_IFREG | mode) == mode


@pytest.mark.parametrize(
    ("kind", "mode"), [(Kind.SYMLINK, 0o777), (Kind.DIRECTORY, 0o755), (Kind.FIFO, 0o644), (Kind.SOCKET, 0o644)]
)
def test_other_kinds_have_one_mode(kind, mode):
    assert Modes.GIT.apply(kind, 0o600) == mode
    assert Modes.EXACT.apply(kind, 0o600) == 0o600


@pytest.fixture
def directory(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def digest(mode, data):
    return hashlib.sha256(header(Kind.FILE, mode, len(data)) + data).hexdigest()


@pytest.mark.parametrize("mode", PERMISSIONS)
@pytest.mark.parametrize("modes", Modes)
def test_both_readers_of_files_count_the_same(tmp_path, directory, mode, modes):
    if not mode & stat.S_IRUSR and os.geteuid():
        pytest.skip("only root reads what its owner may not read")
    (tmp_path / "f").write_bytes(b"data")
    (tmp_path / "f").chmod(mode)
    wanted = digest(mode if modes is Modes.EXACT else expected(mode), b"data")
    assert read_record(directory, "f", "f", modes)[1].hex() == wanted
    entry, raw = read_file(directory, "f", "f", modes, withheld=False)
    assert (entry.record, raw) == (f"sha256:{wanted}", stat.S_IFREG | mode)
    assert entry.digest.hex == hashlib.sha256(b"data").hexdigest()
    assert (entry.entry.size, entry.entry.mode) == (4, modes.apply(Kind.FILE, mode))


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1]


@pytest.mark.parametrize("size", SIZES)
def test_files_of_every_size_are_read_to_their_end(tmp_path, directory, size):
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    (tmp_path / "f").chmod(0o644)
    wanted = digest(0o644, data)
    assert read_record(directory, "f", "f", Modes.GIT)[1].hex() == wanted
    entry, _ = read_file(directory, "f", "f", Modes.GIT, withheld=False)
    assert (entry.record, entry.digest.hex) == (f"sha256:{wanted}", hashlib.sha256(data).hexdigest())


def test_a_withheld_file_counts_by_its_header_alone(tmp_path, directory):
    (tmp_path / "f").write_bytes(b"secret")
    (tmp_path / "f").chmod(0o600)
    entry, _ = read_file(directory, "f", "dir/f", Modes.EXACT, withheld=True)
    assert entry.record == f"sha256:{hashlib.sha256(header(Kind.FILE, 0o600, 6)).hexdigest()}"
    assert (entry.digest.hex, entry.entry.size, entry.withheld) == (hashlib.sha256().hexdigest(), 0, True)
    assert entry.entry.path == "dir/f"


@pytest.mark.parametrize("reader", [read_record, read_file])
def test_what_is_no_file_any_more_has_changed(tmp_path, directory, reader):
    os.mkfifo(tmp_path / "f")
    more = {} if reader is read_record else {"withheld": False}
    with pytest.raises(DeployError) as caught:
        reader(directory, "f", "dir/f", Modes.GIT, **more)
    assert (caught.value.code, "dir/f" in caught.value.problem) == ("file-changed", True)


@pytest.mark.parametrize("reader", [read_record, read_file])
def test_a_link_is_never_followed(tmp_path, directory, reader):
    (tmp_path / "target").write_text("x")
    (tmp_path / "f").symlink_to("target")
    with pytest.raises(OSError):  # noqa: PT011 -- whatever the system calls it
        reader(directory, "f", "f", Modes.GIT, **({} if reader is read_record else {"withheld": False}))


@pytest.mark.parametrize(("one", "other", "same"), [(0o644, 0o655, True), (0o644, 0o744, False), (0o755, 0o700, True)])
def test_execution_by_group_or_others_alone_moves_no_tag(root, read, one, other, same):
    def found(mode):
        (root / "f").write_text("x")
        (root / "f").chmod(mode)
        return look_up(root, [read("/f")], ContextRules(), Modes.GIT).uses[0].digest

    assert (found(one) == found(other)) is same


def test_a_header_names_everything_that_counts():
    plain = header(Kind.FILE, 0o644, 3)
    assert plain == b"namemode420uid0gid0size3typeflag0linknameunamegnamedevmajor0devminor0"
    device = os.makedev(7, 9)
    link = header(Kind.SYMLINK, 0o777, link=b"to")
    assert link == b"namemode511uid0gid0size0typeflag2linknametounamegnamedevmajor0devminor0"
    made = header(Kind.BLOCK_DEVICE, 0o644, device=device, extra=b"user.ax")
    assert made == b"namemode420uid0gid0size0typeflag4linknameunamegnamedevmajor7devminor9user.ax"


# Sorted as text, the second name (a byte that is no UTF-8) would come before the third; as bytes it comes last.
ATTRIBUTES = {b"user.b": b"2", b"user.\xff": b"", "user.\ue000".encode(): b"3", b"user.a": b"1\0"}
HASHED = b"user.a1\0user.b2" + b"user.\xee\x80\x803" + b"user.\xff"


@pytest.fixture
def marked(tmp_path):
    """A file, a directory and a link to both that carry extended attributes, where the file system has any."""
    (tmp_path / "f").write_bytes(b"data")
    (tmp_path / "f").chmod(0o640)
    (tmp_path / "d").mkdir()
    (tmp_path / "d").chmod(0o750)
    (tmp_path / "d/l").symlink_to("../f")
    os.mkfifo(tmp_path / "d/p")
    (tmp_path / "d/p").chmod(0o600)
    try:
        for name, value in ATTRIBUTES.items():
            os.setxattr(tmp_path / "f", name, value)
            os.setxattr(tmp_path / "d", name, value)
    except OSError:
        pytest.skip("the file system has no extended attributes")
    return tmp_path


def hashed(*parts):
    return f"sha256:{hashlib.sha256(b''.join(parts)).hexdigest()}"


def test_attributes_are_hashed_in_the_order_of_their_bytes(marked):
    for where in (str(marked / "f"), str(marked / "d")):
        assert attributes(where) == HASHED
    descriptor = os.open(marked / "f", os.O_RDONLY)
    assert (attributes(descriptor), dict(read_attributes(descriptor))["user.b"]) == (HASHED, b"2")
    os.close(descriptor)
    assert read_attributes(str(marked / "d/l")) == []  # its own, not those of the file that it leads to


@pytest.mark.usefixtures("marked")
def test_attributes_of_a_file_count_unless_modes_are_gits(directory):
    exact = hashed(header(Kind.FILE, 0o640, 4, extra=HASHED), b"data")
    plain = hashed(header(Kind.FILE, 0o644, 4), b"data")
    for modes, wanted in ((Modes.EXACT, exact), (Modes.GIT, plain)):
        assert read_file(directory, "f", "f", modes, withheld=False)[0].record == wanted
        assert f"sha256:{read_record(directory, 'f', 'f', modes)[1].hex()}" == wanted
    withheld, _ = read_file(directory, "f", "f", Modes.EXACT, withheld=True)
    assert withheld.record == hashed(header(Kind.FILE, 0o640, 4, extra=HASHED))


@pytest.mark.parametrize(
    ("path", "kind", "modes", "wanted", "raw"),
    [
        ("d", Kind.DIRECTORY, Modes.EXACT, header(Kind.DIRECTORY, 0o750, extra=HASHED), stat.S_IFDIR | 0o750),
        ("d", Kind.DIRECTORY, Modes.GIT, header(Kind.DIRECTORY, 0o755), 0),
        ("d/l", Kind.SYMLINK, Modes.EXACT, header(Kind.SYMLINK, 0o777, link=b"../f"), stat.S_IFLNK | 0o777),
        ("d/l", Kind.SYMLINK, Modes.GIT, header(Kind.SYMLINK, 0o777, link=b"../f"), 0),
        ("d/p", Kind.FIFO, Modes.EXACT, header(Kind.FIFO, 0o600), stat.S_IFIFO | 0o600),
        ("d/p", Kind.FIFO, Modes.GIT, header(Kind.FIFO, 0o644), stat.S_IFIFO | 0o600),
    ],
)
def test_what_is_hashed_of_other_kinds(marked, path, kind, modes, wanted, raw):
    with open_tree(marked) as tree:
        found, mode = read_other(tree, path, kind, modes)
    assert (found.record, found.digest, found.withheld, mode) == (hashed(wanted), None, False, raw)
    link = "../f" if kind is Kind.SYMLINK else ""
    assert found.entry == (path, kind, modes.apply(kind, raw), 0, link)


@pytest.mark.parametrize(("kind", "type_"), [(Kind.CHARACTER_DEVICE, stat.S_IFCHR), (Kind.BLOCK_DEVICE, stat.S_IFBLK)])
def test_a_device_counts_by_its_number(tmp_path, kind, type_):
    try:
        os.mknod(tmp_path / "x", type_ | 0o644, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    with open_tree(tmp_path) as tree:
        assert read_other(tree, "x", kind, Modes.GIT)[0].record == hashed(header(kind, 0o644, device=os.makedev(1, 3)))


@pytest.mark.parametrize("kind", [Kind.DIRECTORY, Kind.SOCKET, Kind.SYMLINK])
def test_another_kind_than_was_listed_has_changed(marked, kind):
    with open_tree(marked) as tree, pytest.raises(DeployError) as caught:
        read_other(tree, "d/p", kind, Modes.EXACT)
    assert caught.value.code in ("file-changed", "unreadable")
    assert "d/p" in caught.value.problem


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("user.a", True),
        ("trusted.a", True),
        ("security.capability", True),
        ("security.selinux", False),
        ("security.capability2", False),
        ("system.posix_acl_access", False),
        ("system.a", False),
        ("systems.a", True),
        ("com.apple.quarantine", False),
        ("com.applet", True),
        ("SECURITY.a", True),
        ("user.security.a", True),
    ],
)
def test_which_attributes_count(name, counts):
    assert _counts(name) is counts
