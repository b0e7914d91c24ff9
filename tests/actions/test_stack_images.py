"""Which images a stack runs, and what a function of it is to have, as the registry says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeRegistry, function_with

from rajee_deploy.actions.stack_images import FunctionImages, StackImages
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import ImageContent, WantedImage
from rajee_deploy.rollout.function_images import ImageDigests

AMD = Platform.parse("linux/amd64")
FINGERPRINT = Fingerprint("s", Digest("sha256", "a" * 64), ())
IMAGE = WantedImage("app", FINGERPRINT, Repository("team/app"), "App", "ImageTag", (AMD,))
TAG, OURS = IMAGE.tag, ImageContent("linux/amd64", str(FINGERPRINT.digest))
FOREIGN = ImageContent("linux/amd64", "")
HERE, BEFORE = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def registry(before=None):
    more = {} if before is None else {BEFORE: before}
    return FakeRegistry({"team/app": {TAG: HERE}}, {HERE: OURS, **more})


def asked(found, function, parameters=None):
    given = {"ImageTag": TAG} if parameters is None else parameters
    return FunctionImages(found, StackImages([IMAGE], given)).find(function)


def having(digest, address=f"{HOST}/team/app:{TAG}"):
    return function_with("f", address, str(digest) if digest else "")


def test_what_a_stack_runs_by_repository():
    other = WantedImage(
        "other", Fingerprint("s", Digest("sha256", "b" * 64), ()), IMAGE.repository, "App", "Other", (AMD,)
    )
    found = StackImages([IMAGE, other], {"ImageTag": "c-1"}).references
    assert found == {"team/app": (TAG, "c-1", other.tag, other.tag)}


@pytest.mark.parametrize(
    ("before", "has", "digests"),
    [
        (None, HERE, {HERE}),
        (None, None, {HERE}),  # Lambda does not say
        (None, BEFORE, {HERE}),  # the repository does not have that one any more
        (FOREIGN, BEFORE, {HERE}),
        (OURS, BEFORE, {HERE, BEFORE}),  # of an index, or built again: it says itself what it is
    ],
)
def test_under_which_digests_a_function_may_have_its_image(before, has, digests):
    assert asked(registry(before), having(has)) == ImageDigests(frozenset(map(str, digests)), (AMD,))


def test_by_digest_it_is_that_digest():
    function = having(HERE, f"{HOST}/team/app@{HERE}")
    assert asked(registry(), function, {"ImageTag": str(HERE)}).digests == {str(HERE)}


@pytest.mark.parametrize("repositories", [{}, {"team/app": {}}])
def test_where_the_image_is_gone_nothing_is_known(repositories):
    assert asked(FakeRegistry(repositories), having(HERE)).digests == frozenset()


@pytest.mark.parametrize("address", [f"{HOST}/team/app:c-other", f"{HOST}/other:{TAG}", f"{HOST}/team/app"])
def test_other_images_are_nobodys_concern(address):
    assert asked(registry(), having(HERE, address)) is None


def test_functions_that_share_an_image_are_asked_about_once():
    found = registry()
    images = FunctionImages(found, StackImages([IMAGE], {}))
    assert images.find(having(HERE)) == images.find(having(HERE))
    assert found.looks == 1


def test_what_the_registry_does_not_tell_is_no_answer():
    class Silent(FakeRegistry):
        def read_content(self, *_):
            raise DeployError("throttled", "AWS throttled the call")

    silent = Silent({"team/app": {TAG: HERE}}, {HERE: OURS})
    with pytest.raises(DeployError, match="throttled"):
        asked(silent, having(BEFORE))
    assert asked(silent, having(HERE)).digests == {str(HERE)}  # what it has is not asked about itself


def test_of_two_repositories_with_the_same_tag_the_functions_own_counts():
    other = replace(IMAGE, name="other", repository=Repository("team/other"), parameter="Other")
    found = FakeRegistry({"team/other": {TAG: BEFORE}, "team/app": {TAG: HERE}}, {HERE: OURS, BEFORE: FOREIGN})
    images = FunctionImages(found, StackImages([other, IMAGE], {}))
    assert images.find(having(HERE)).digests == {str(HERE)}


def test_a_digest_that_is_none_is_not_the_image():
    assert asked(registry(), having("sha256:x")).digests == {str(HERE)}
