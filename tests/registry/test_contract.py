"""What every Registry does: the fake that other tests stand on, and ECR's adapter before a running registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeRegistry
from registry_images import ARM, LINUX, OURS, Image, make_image

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import ImageAbsent, ImageContent, RepositoryAbsent, Tagged
from rajee_deploy.registry.ecr import Ecr

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.registry import Registry

NOWHERE = Repository("no/where")
ONE, TWO = make_image(note="1"), make_image(note="2")


class World:
    """A registry with one repository, in which only `live-*` may move, and how to put images into it."""

    def __init__(self, registry: Registry, repository: Repository, put: Callable[[str, Image], None]) -> None:
        self.registry, self.repository, self.put = registry, repository, put


@pytest.fixture
def fake() -> World:
    registry = FakeRegistry({"team/app": {}}, frozen={"c-1", "c-2", "v1"})

    def put(tag: str, image: Image) -> None:
        registry.repositories["team/app"][tag] = image.digest
        registry.contents[image.digest] = ImageContent("linux/amd64", OURS)

    return World(registry, Repository("team/app"), put)


@pytest.fixture
def real(seed: Any, known_images: Any) -> World:
    seed.create("live-*")
    return World(Ecr(seed.aws, known_images), seed.repository, seed.put)


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


def test_a_repository_that_is_not_there(world):
    assert world.registry.find(NOWHERE, ["c-1"]) == RepositoryAbsent()
    with pytest.raises(DeployError) as caught:
        world.registry.push_access(NOWHERE)
    assert caught.value.code == "no-repository"


def test_tags_and_digests_are_found_in_one_look(world):
    world.put("c-1", ONE)
    asked = ["c-1", "c-2", str(ONE.digest), str(TWO.digest)]
    assert dict(world.registry.find(world.repository, asked)) == {
        "c-1": Tagged(ONE.digest),
        "c-2": ImageAbsent(),
        str(ONE.digest): Tagged(ONE.digest),
        str(TWO.digest): ImageAbsent(),
    }
    assert world.registry.confirm_absent(world.repository, "c-2") == ImageAbsent()


def test_what_an_image_says_of_itself(world):
    world.put("c-1", ONE)
    world.registry.find(world.repository, ["c-1"])
    assert world.registry.read_content(world.repository, ONE.digest, LINUX) == ImageContent("linux/amd64", OURS)


def test_a_tag_is_put_and_putting_it_again_is_success(world):
    world.put("c-1", ONE)
    for _ in range(2):
        world.registry.put_tag(world.repository, ONE.digest, "live-App")
    assert world.registry.find(world.repository, ["live-App"]) == {"live-App": Tagged(ONE.digest)}


def test_only_tags_that_are_not_frozen_move(world):
    world.put("c-1", ONE)
    world.put("c-2", TWO)
    for tag in ("live-App", "v1"):
        world.registry.put_tag(world.repository, ONE.digest, tag)
    assert world.registry.find_frozen(world.repository, ["live-App", "v1"]) == {"v1"}
    world.registry.put_tag(world.repository, TWO.digest, "live-App")
    with pytest.raises(DeployError) as caught:
        world.registry.put_tag(world.repository, TWO.digest, "v1")
    assert caught.value.code == "tag-immutable"
    found = world.registry.find(world.repository, ["live-App", "v1", "c-1"])
    assert found == {"live-App": Tagged(TWO.digest), "v1": Tagged(ONE.digest), "c-1": Tagged(ONE.digest)}


def test_a_login_for_a_push(world):
    access = world.registry.push_access(world.repository)
    assert access.uri.endswith(f"/{world.repository.name}")
    assert access.username == "AWS"
    assert access.password


def test_more_references_than_one_call_takes(real):
    real.put("c-1", ONE)
    asked = [f"t-{number}" for number in range(150)] + ["c-1"]
    found = real.registry.find(real.repository, asked)
    assert [name for name in asked if found[name] != ImageAbsent()] == ["c-1"]


def test_an_index_is_read_by_platform(real, seed):
    from registry_images import OCI_INDEX, make_index

    arm, attestation = make_image(architecture="arm64", variant="v8", fingerprint="sha256:" + "e" * 64), make_image("")
    for each in (ONE, arm, attestation):
        seed.put(str(each.digest), each)
    text = make_index((ONE, "amd64"), (arm, "arm64"), (attestation, "unknown"))
    index = Image(b"", text, OCI_INDEX)
    assert seed.call("PUT", "manifests/c-1", text.encode(), OCI_INDEX) == 201
    read = lambda platform: real.registry.read_content(real.repository, index.digest, platform)  # noqa: E731
    assert read(LINUX) == ImageContent("linux/amd64", OURS)
    assert read(ARM) == ImageContent("linux/arm64", "sha256:" + "e" * 64)
    from rajee_deploy.model import Platform

    assert read(Platform("linux", "s390x")) == ImageContent("linux/amd64, linux/arm64", "")


def test_a_verdict_is_remembered_by_digest(real, seed, known_images):
    real.put("c-1", ONE)
    real.registry.read_content(real.repository, ONE.digest, LINUX)
    elsewhere = Ecr(seed.aws, known_images)
    assert elsewhere.read_content(NOWHERE, ONE.digest, LINUX) == ImageContent("linux/amd64", OURS)


def test_a_repository_named_by_its_address(real, seed, known_images):
    real.put("c-1", ONE)
    named = Repository(real.repository.name, "123456789012.dkr.ecr.us-east-1.amazonaws.com")
    registry = Ecr(seed.aws, known_images)
    assert registry.find(named, ["c-1"]) == {"c-1": Tagged(ONE.digest)}
    registry.put_tag(named, ONE.digest, "live-x")
    assert registry.push_access(named).password
    elsewhere = Repository(real.repository.name, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
    assert registry.find(elsewhere, ["c-1"]) == RepositoryAbsent()


def test_an_image_that_went_away_meanwhile(real):
    with pytest.raises(DeployError) as caught:
        real.registry.put_tag(real.repository, Digest("sha256", "0" * 64), "live-x")
    assert caught.value.code == "image-gone"
