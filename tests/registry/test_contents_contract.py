"""The contract of every ContentsStore: on the fake, in a directory, and in the sandbox's registry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import FakeContents

from rajee_deploy.build_record.local import LocalContents
from rajee_deploy.build_record.store import Kept, Record, RegistryContents, record_tag
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import Repository
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.system.ours import MARKER

TAG, OTHER = "c-" + "a" * 40, "c-" + "b" * 40
RECORD = Record(b"\x1f\x8b the document\n", {"one": "1", "two": "é"})


def access_of(aws):
    return Ecr(aws, KnownImages(Path(os.devnull))).push_access


def store_of(aws):
    return RegistryContents(access_of(aws))


@pytest.fixture(params=["fake", "local", "registry"])
def kept(request, tmp_path):
    """A store, and a repository in it."""
    match request.param:
        case "fake":
            return FakeContents(), Repository("team/app")
        case "local":
            return LocalContents(tmp_path / "contents"), Repository("team/app")
    aws = request.getfixturevalue("sandbox_aws")
    name = f"team/{tmp_path.name.replace('_', '-').lower()}"
    aws.client("ecr").create_repository(repositoryName=name)
    return store_of(aws), Repository(name)


def test_what_was_put_is_got(kept):
    store, repository = kept
    assert store.get(repository, TAG) is None
    assert store.put(repository, TAG, RECORD) is Kept.WRITTEN
    assert store.get(repository, TAG) == RECORD
    assert store.get(repository, OTHER) is None


def test_the_first_record_of_a_tag_stays(kept):
    store, repository = kept
    store.put(repository, TAG, RECORD)
    assert store.put(repository, TAG, Record(RECORD.document, {"one": "another build"})) is Kept.SAME
    assert store.put(repository, TAG, Record(b"another document")) is Kept.OTHER
    assert store.get(repository, TAG) == RECORD


def test_tags_have_records_of_their_own(kept):
    store, repository = kept
    store.put(repository, TAG, RECORD)
    store.put(repository, OTHER, Record(b"another"))
    assert store.get(repository, TAG) == RECORD
    assert store.get(repository, OTHER) == Record(b"another")


def test_a_record_lies_beside_the_image_and_is_none(sandbox_aws, repository):
    store, ecr = store_of(sandbox_aws), sandbox_aws.client("ecr")
    for record, answer in ((RECORD, Kept.WRITTEN), (RECORD, Kept.SAME), (Record(b"another"), Kept.OTHER)):
        assert store.put(Repository(repository), TAG, record) is answer
    (image,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert image["imageTags"] == ["m-" + "a" * 40] == [record_tag(TAG)]
    assert image["imageSizeInBytes"] == len(RECORD.document)


def test_what_another_program_left_under_the_prefix_is_said_so_and_stays(sandbox_aws, repository):
    from rajee_deploy.registry.oci import OciRepository

    access = access_of(sandbox_aws)(Repository(repository))
    place = OciRepository(access)
    config = place.put_blob(b"{}")
    body = b'{"schemaVersion":2,"config":{"digest":"%s","size":2},"layers":[]}' % config.encode()
    place.put_manifest(record_tag(TAG), body)
    store = store_of(sandbox_aws)
    assert store.put(Repository(repository), TAG, RECORD) is Kept.OTHER
    with pytest.raises(DeployError) as caught:
        store.get(Repository(repository), TAG)
    assert caught.value.code == "contents-unusable"


def test_no_repository(sandbox_aws):
    store = store_of(sandbox_aws)
    nowhere = Repository("no/such")
    for call in (lambda: store.get(nowhere, TAG), lambda: store.put(nowhere, TAG, RECORD)):
        with pytest.raises(DeployError) as caught:
            call()
        assert caught.value.code == "no-repository"


# -- this machine's own --------------------------------------------------------------------------------------------


def test_only_the_newest_stay(tmp_path):
    store = LocalContents(tmp_path / "contents", most=3)
    tags = [f"c-{number:040x}" for number in range(6)]
    for number, tag in enumerate(tags):
        store.put("team/app", tag, Record(tag.encode()))
        for path in (tmp_path / "contents").iterdir():
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
        assert len([path for path in (tmp_path / "contents").iterdir() if path.name != MARKER]) == min(number + 1, 3)
    assert [store.get("team/app", tag) is not None for tag in tags] == [False] * 3 + [True] * 3


def test_a_file_without_sense_is_no_record_and_is_replaced(tmp_path):
    store = LocalContents(tmp_path)
    store.put("team/app", TAG, RECORD)
    (path,) = (path for path in tmp_path.iterdir() if path.name != MARKER)
    for text in (b"", b"{", b"[]\nx", b'{"one": "1"}'):
        path.write_bytes(text)
        assert store.get("team/app", TAG) is None
        assert store.put("team/app", TAG, RECORD) is Kept.WRITTEN
        assert store.get("team/app", TAG) == RECORD
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_directory_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    store = LocalContents(tmp_path / "file" / "contents")
    for call in (lambda: store.get("team/app", TAG), lambda: store.put("team/app", TAG, RECORD)):
        with pytest.raises(DeployError) as caught:
            call()
        assert caught.value.code == "state-directory"
