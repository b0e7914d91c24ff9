"""What of an exported entry counts, and how much may be read."""

from __future__ import annotations

import io
import tarfile

import pytest

from rajee_deploy.actions.verify.entries import Entries, ImageTooLargeError, differing
from rajee_deploy.context import Modes


def exported(*members, modes=Modes.GIT, limit=100_000):
    """Entries of a tar: each member is the fields of an entry, and its bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for given in members:
            fields = dict(given)
            data = fields.pop("data", b"")
            member = tarfile.TarInfo(fields.pop("name", "x"))
            member.size = len(data)
            for name, value in fields.items():
                setattr(member, name, value)
            archive.addfile(member, io.BytesIO(data))
    made.seek(0)
    entries = Entries(modes, limit)
    entries.read(made)
    return entries


PLAIN = {"mode": 0o644, "data": b"1"}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"mtime": 9}, False),
        ({"mode": 0o664}, False),
        ({"mode": 0o755}, True),
        ({"uid": 5}, True),
        ({"gid": 5}, True),
        ({"data": b"2"}, True),
        ({"uname": "who"}, False),
        ({"type": tarfile.SYMTYPE, "linkname": "y", "data": b""}, True),
        ({"name": "./x"}, False),
        ({"name": "y"}, True),
    ],
)
def test_what_counts(change, counts):
    assert bool(list(differing(exported(PLAIN), exported({**PLAIN, **change})))) == counts


def test_exact_modes_count():
    sides = [exported({**PLAIN, "mode": mode}, modes=Modes.EXACT) for mode in (0o644, 0o664)]
    assert list(differing(*sides)) == [("x", "differs")]


def test_devices_differ_by_their_numbers():
    sides = [exported({"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": minor}) for minor in (3, 5)]
    assert list(differing(*sides)) == [("x", "differs")]


@pytest.mark.parametrize("members", [[{"data": b"1" * 5000}], [{"name": str(number)} for number in range(20)]])
def test_the_limit_holds_for_bytes_and_for_entries(members):
    assert exported(*members, limit=20_000).found
    with pytest.raises(ImageTooLargeError):
        exported(*members, limit=5_000)
