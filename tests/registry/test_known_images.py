"""The file of known images is a shortcut: whatever is in it or happens to it, nothing is ever believed wrongly."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from registry_images import ARM, LINUX, OURS

from rajee_deploy.model import Digest
from rajee_deploy.plan.state import ImageContent
from rajee_deploy.registry.known_images import KEPT, KnownImages
from rajee_deploy.system.ours import MARKER

if TYPE_CHECKING:
    from pathlib import Path

A = Digest("sha256", "a" * 64)
CONTENT = ImageContent("linux/amd64", OURS)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "state" / "verdicts.json"


def test_what_was_remembered_is_found_by_digest_and_platform(path):
    KnownImages(path).remember(A, LINUX, CONTENT)
    assert KnownImages(path).find(A, LINUX) == CONTENT
    assert KnownImages(path).find(A, ARM) is None
    assert KnownImages(path).find(Digest("sha256", "b" * 64), LINUX) is None


def test_the_newest_are_kept(path):
    known = KnownImages(path)
    digests = [Digest("sha256", f"{number:064x}") for number in range(KEPT + 10)]
    for digest in digests:
        known.remember(digest, LINUX, CONTENT)
    assert [known.find(digest, LINUX) is None for digest in digests] == [True] * 10 + [False] * KEPT
    assert path.stat().st_size < 200_000


def test_a_file_cut_or_flipped_anywhere_gives_what_it_had_or_nothing(path):
    known = KnownImages(path)
    known.remember(A, LINUX, CONTENT)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert known.find(A, LINUX) is None
    for document in (
        [],
        3,
        {"schema": "other/1", "images": {}},
        {"schema": "rajee-deploy.verdicts/1", "images": [1]},
        {"schema": "rajee-deploy.verdicts/1", "images": {f"{A} linux/amd64": [1, 2]}},
    ):
        path.write_text(json.dumps(document))
        assert known.find(A, LINUX) is None
    path.write_bytes(b"\xff\xfe")
    known.remember(A, LINUX, CONTENT)
    assert known.find(A, LINUX) == CONTENT


def test_a_file_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    known = KnownImages(tmp_path / "file" / "verdicts.json")
    known.remember(A, LINUX, CONTENT)
    assert known.find(A, LINUX) is None


def test_a_full_disk_keeps_what_there_was(path, no_room):
    """No room for a byte more than there is."""
    known, other = KnownImages(path), Digest("sha256", "b" * 64)
    known.remember(A, LINUX, CONTENT)
    with no_room(path.stat().st_size):
        known.remember(other, LINUX, CONTENT)
    assert known.find(A, LINUX) == CONTENT
    assert known.find(other, LINUX) is None
    assert {each.name for each in path.parent.iterdir()} - {MARKER} == {path.name}


def test_many_at_once_leave_a_whole_file(path):
    digests = [Digest("sha256", f"{number:064x}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda digest: KnownImages(path).remember(digest, LINUX, CONTENT), digests))
    assert json.loads(path.read_text())["images"]


def test_what_an_older_release_remembered_lacks_the_layers_alone(path):
    path.parent.mkdir()
    images = {f"{A} linux/amd64": ["linux/amd64", OURS]}
    path.write_text(json.dumps({"schema": "rajee-deploy.verdicts/1", "images": images}))
    assert KnownImages(path).find(A, LINUX) == CONTENT
    whole = ImageContent("linux/amd64", OURS, "f" * 32)
    KnownImages(path).remember(A, LINUX, whole)
    assert KnownImages(path).find(A, LINUX) == whole
