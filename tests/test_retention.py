"""Which tags move and when: a table over what was observed, without a world."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy import retention
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import (
    ImageAbsent,
    ImageForeign,
    ImageInaccessible,
    ImageOfOtherPlatform,
    ImagePresent,
    Observed,
    StackAbsent,
    StackContent,
    StackPresent,
    Tagged,
    Wanted,
    WantedImage,
)
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, Platform, Repository
from rajee_deploy.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, DeployBy
from rajee_deploy.plan import is_undone, make_plan
from rajee_deploy.steps import BuildAndPush, DeployStack, MoveTag
from rajee_deploy.template import record_of

CONTENT = StackContent("sha256:deployed")
REPOSITORY = Repository("team/app")
APP = Fingerprint("s", Digest("sha256", "a" * 64), ())
INFRA = Fingerprint("s", Digest("sha256", "b" * 64), ())
NEW, OLD, OLDER = (Digest("sha256", letter * 64) for letter in "123")
IMAGE = WantedImage("app", APP, REPOSITORY, "App", "ImageTag", (Platform("linux", "amd64"),), keeper="App")


def plan(image=IMAGE, state=None, tags=None, status="UPDATE_COMPLETE", frozen=(), deployed="c-old"):
    """The plan over a stack that runs `deployed`, and a repository with these tags."""
    recorded = {INFRA_PARAMETER: str(INFRA.digest), TEMPLATE_PARAMETER: record_of(CONTENT)}
    stack = StackPresent(status, {"ImageTag": deployed, **recorded}, {}, "", CONTENT)
    references = {(REPOSITORY, tag): Tagged(digest) for tag, digest in (tags or {}).items()}
    observed = Observed(
        {"app": state or ImagePresent(NEW)},
        {"App": StackAbsent() if deployed is None else stack},
        references,
        frozenset((REPOSITORY, tag) for tag in frozen),
    )
    return make_plan(Wanted((image,), ("App",), INFRA), observed)


def moves(found) -> tuple[dict[str, str], dict[str, str]]:
    """What the deploy moves before it, and what it puts back when it fails."""
    (step,) = [each for each in found.steps if isinstance(each, DeployStack)]
    assert isinstance(step, DeployStack)
    return {each.tag: each.target for each in step.before}, {each.tag: each.target for each in step.undo}


BOTH = {"prev-App": str(OLD), "live-App": APP.tag}
BACK = {"live-App": str(OLD)}


@pytest.mark.parametrize(
    ("tags", "before", "undo"),
    [
        ({"c-old": OLD}, BOTH, BACK),
        ({"c-old": OLD, "live-App": OLD, "prev-App": OLDER}, BOTH, BACK),
        # A run that broke off has moved both already.
        ({"c-old": OLD, "live-App": NEW, "prev-App": OLD}, {}, {"live-App": str(OLD)}),
        # `live-` lies: what the stack records counts.
        ({"c-old": OLD, "live-App": OLDER, "prev-App": OLDER}, BOTH, BACK),
        # Two tags of one image: nothing is replaced.
        ({"c-old": NEW, "live-App": NEW}, {}, {}),
        # What runs is gone: there is nothing to shield for a rollback.
        ({"live-App": OLD}, {"live-App": APP.tag}, {}),
    ],
)  # fmt: skip
def test_before_a_deploy_that_replaces_the_image(tags, before, undo):
    assert moves(plan(tags=tags)) == (before, undo)


def test_a_first_deploy_shields_what_it_starts():
    assert moves(plan(state=ImageAbsent(), deployed=None)) == ({"live-App": APP.tag}, {})


def test_after_a_rollback_prev_stays_where_the_failed_deploy_put_it():
    tags = {"c-failed": OLDER, "live-App": OLD, "prev-App": OLD}
    found = plan(tags=tags, deployed="c-failed", status="UPDATE_ROLLBACK_COMPLETE")
    assert moves(found)[0] == {"live-App": APP.tag}


def test_an_infrastructure_deploy_of_the_same_image_moves_nothing():
    tags = {"live-App": NEW, "prev-App": OLD}
    image = replace(IMAGE)
    found = make_plan(
        Wanted((image,), ("App",), INFRA),
        Observed(
            {"app": ImagePresent(NEW)},
            {"App": StackPresent("UPDATE_COMPLETE", {"ImageTag": APP.tag, INFRA_PARAMETER: "x"}, {})},
            {(REPOSITORY, tag): Tagged(digest) for tag, digest in tags.items()},
        ),
    )
    assert moves(found) == ({}, {})


def test_tags_that_the_repository_freezes_are_left_with_a_warning():
    tags = {"c-old": OLD, "live-App": OLDER, "prev-App": OLDER}
    found = plan(tags=tags, frozen=("live-App", "prev-App"))
    assert moves(found) == ({}, {})
    assert {notice.code for _, notice in found.notices} == {"tag-immutable"}
    still = plan(tags={"live-App": OLDER}, frozen=("live-App",), deployed=APP.tag)
    assert (still.is_empty, [notice.code for _, notice in still.notices]) == (True, ["tag-immutable"])


def test_a_running_image_that_is_gone_is_said():
    assert [notice.code for _, notice in plan(tags={"live-App": OLD}).notices] == ["deployed-image-gone"]


def test_the_running_image_expired_and_is_built_again_under_its_tag():
    found = plan(state=ImageAbsent(), deployed=APP.tag)
    assert [type(step) for step in found.steps] == [BuildAndPush, MoveTag]
    ((_, notice),) = found.notices
    assert (notice.code, "--force-new-deployment" in notice.message) == ("deployed-image-expired", True)


def test_by_digest_an_expired_image_is_deployed_again():
    image = replace(IMAGE, deploy_by=DeployBy.DIGEST)
    found = plan(image, ImageAbsent(), deployed=str(OLD))
    step = found.steps[-1]
    assert isinstance(step, DeployStack)
    assert step.digests == (("ImageTag", REPOSITORY, APP.tag),)
    assert "the digest of" in dict(step.parameters)["ImageTag"]


def test_by_digest_the_verified_digest_is_the_parameter():
    image = replace(IMAGE, deploy_by=DeployBy.DIGEST)
    assert plan(image, tags={"live-App": NEW}, deployed=str(NEW)).is_empty
    (step,) = plan(image, tags={str(OLD): OLD}, deployed=str(OLD)).steps
    assert isinstance(step, DeployStack)
    assert (dict(step.parameters)["ImageTag"], step.digests) == (str(NEW), ())
    assert moves(plan(image, tags={str(OLD): OLD}, deployed=str(OLD)))[1] == {"live-App": str(OLD)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ["v1", "main"]),
        ({"v1": NEW}, ["main"]),
        ({"v1": OLD, "main": NEW}, ["v1"]),
        ({"v1": NEW, "main": NEW}, []),
    ],
)
def test_additional_tags_are_put_where_they_are_not_yet(tags, expected):
    image = replace(IMAGE, tags=("v1", "main"))
    found = plan(image, tags={"live-App": NEW, **tags}, deployed=APP.tag)
    assert [step.tag for step in found.steps if isinstance(step, MoveTag)] == expected
    assert found.kind == ("tags" if expected else "noop")


def test_additional_tags_follow_the_build():
    found = plan(replace(IMAGE, tags=("v1",)), ImageAbsent(), {"c-old": OLD})
    assert [type(step) for step in found.steps] == [BuildAndPush, MoveTag, DeployStack]


def test_an_additional_tag_of_another_image_that_cannot_move_is_an_error():
    with pytest.raises(DeployError) as caught:
        plan(replace(IMAGE, tags=("v1",)), tags={"v1": OLD}, frozen=("v1",))
    assert caught.value.code == "tag-taken"


def test_two_images_cannot_share_an_additional_tag():
    one = replace(IMAGE, tags=("v1",))
    other = replace(one, name="other", parameter="OtherTag")
    observed = Observed({"app": ImagePresent(NEW), "other": ImagePresent(OLD)}, {"App": StackAbsent()})
    with pytest.raises(DeployError) as caught:
        make_plan(Wanted((one, other), ("App",), INFRA), observed)
    assert (caught.value.code, "{image}" in caught.value.hint) == ("tag-shared", True)


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (ImageForeign(OLD, ""), "image-not-ours", "records no fingerprint"),
        (ImageForeign(OLD, "sha256:other"), "image-not-ours", "built for sha256:other"),
        (ImageOfOtherPlatform(OLD, "linux/arm64"), "image-wrong-platform", "linux/arm64"),
        (ImageInaccessible("archived"), "image-archived", ""),
    ],
)
def test_an_image_that_is_not_what_its_tag_says_stops_the_run(state, code, words):
    for deployed in (APP.tag, "c-old", None):
        with pytest.raises(DeployError) as caught:
            plan(state=state, deployed=deployed)
        assert caught.value.code == code
        assert words in caught.value.cause
        assert caught.value.hint


@pytest.mark.parametrize(
    ("status", "recorded", "undone"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "c-old", True),
        ("UPDATE_ROLLBACK_COMPLETE", "c-new", True),  # what DescribeStacks shows after a rollback is not documented
        ("UPDATE_COMPLETE", "c-old", True),  # it was never begun
        ("UPDATE_COMPLETE", "c-new", False),  # it ended well, and only we did not hear of it
        ("UPDATE_IN_PROGRESS", "c-old", False),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "c-old", False),
        ("UPDATE_ROLLBACK_FAILED", "c-old", False),
        ("ROLLBACK_COMPLETE", "c-new", False),
    ],
)
def test_when_a_failed_deploy_is_undone(status, recorded, undone):
    step = DeployStack("App", (("ImageTag", "c-new"),), "", ())
    assert is_undone(step, StackPresent(status, {"ImageTag": recorded}, {})) is undone
    assert not is_undone(step, StackAbsent())


PLACE = "123456789012-eu-west-1"


def test_keepers_tell_stacks_parameters_and_places_apart_and_fit_into_a_tag():
    assert retention.keeper("App", "ApiTag", "", is_shared=False) == "App"
    assert retention.keeper("App", "ApiTag", "", is_shared=True) == "App_ApiTag"
    assert retention.keeper("App", "context:web.tag", "", is_shared=True) == "App_context.web.tag"
    assert retention.keeper("App", "T", PLACE, is_shared=False) == f"App.{PLACE}"
    assert retention.keeper("App", "T", PLACE, is_shared=True) == f"App.{PLACE}_T"
    long = {retention.keeper("S" * 128, f"T{number}", "", is_shared=True) for number in range(2)}
    assert len(long) == 2
    assert {len(f"live-{name}") for name in long} == {128}


stacks = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True) | st.sampled_from(
    ["Api", "Api-Web", f"Api-{PLACE}"]
)
parameters = st.from_regex(r"[A-Za-z0-9]{1,40}|context:[A-Za-z0-9._-]{1,40}", fullmatch=True) | st.just("Web")
kept = st.tuples(stacks, parameters, st.sampled_from(["", PLACE]), st.booleans())


@given(kept, kept)
def test_two_keepers_are_never_alike(one, other):
    named = [retention.keeper(*each[:3], is_shared=each[3]) for each in (one, other)]
    meant = [(each[0], each[1] if each[3] else "", each[2]) for each in (one, other)]
    assert (named[0] == named[1]) == (meant[0] == meant[1])
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,123}", name) for name in named)


def test_a_stack_with_a_parameter_is_no_stack_of_both_names():
    assert retention.keeper("Api", "Web", "", is_shared=True) != retention.keeper("Api-Web", "T", "", is_shared=False)
    assert retention.former_keeper("Api", "Web", "", is_shared=True) == "Api-Web"
    assert retention.former_keeper("Api", "Web", PLACE, is_shared=False) == f"Api-{PLACE}"
    assert retention.former_keeper("Api", "Web", "", is_shared=False) == ""
    long = "S" * 128
    assert retention.former_keeper(long, "T", "", is_shared=False) == ""
    assert retention.keeper(long, "T", "", is_shared=False).startswith("S" * 114 + "-")  # as it always was


# -- tags of an older version --------------------------------------------------------------------------------------

MOVED = replace(IMAGE, keeper="App_ImageTag", former_keeper="App-ImageTag")


def codes(found):
    return [notice.code for _, notice in found.notices]


def test_what_an_older_version_put_goes_on_shielding():
    found = plan(MOVED, tags={"live-App-ImageTag": NEW, "prev-App-ImageTag": OLD}, deployed=APP.tag)
    assert (found.is_empty, codes(found)) == (True, [])
    assert {"live-App-ImageTag", "prev-App-ImageTag"} <= set(retention.references(MOVED, None))


def test_the_next_deployment_puts_those_of_today_and_touches_no_others():
    found = plan(MOVED, tags={"c-old": OLD, "live-App-ImageTag": OLD, "prev-App-ImageTag": OLDER})
    assert moves(found) == (
        {"prev-App_ImageTag": str(OLD), "live-App_ImageTag": APP.tag},
        {"live-App_ImageTag": str(OLD)},
    )
    after = {"live-App_ImageTag": NEW, "prev-App_ImageTag": OLD, "live-App-ImageTag": OLD, "prev-App-ImageTag": OLDER}
    found = plan(MOVED, tags=after, deployed=APP.tag)
    assert (found.is_empty, codes(found)) == (True, ["former-tags"])
    ((_, said),) = found.notices
    assert "imageTag=live-App-ImageTag imageTag=prev-App-ImageTag" in said.message
    cleaned = plan(MOVED, tags={"live-App_ImageTag": NEW, "prev-App_ImageTag": OLD}, deployed=APP.tag)
    assert (cleaned.is_empty, codes(cleaned)) == (True, [])


def test_an_older_version_s_tag_that_names_something_else_shields_nothing():
    found = plan(MOVED, tags={"live-App-ImageTag": OLD}, deployed=APP.tag)
    assert [step.tag for step in found.steps] == ["live-App_ImageTag"]


def test_after_a_rollback_an_older_version_s_prev_is_left_alone_too():
    tags = {"c-failed": OLDER, "live-App-ImageTag": OLD, "prev-App-ImageTag": OLD}
    found = plan(MOVED, tags=tags, deployed="c-failed", status="UPDATE_ROLLBACK_COMPLETE")
    assert moves(found)[0] == {"live-App_ImageTag": APP.tag}
