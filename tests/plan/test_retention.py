"""Which tags move and when: a table over what was observed, without a world."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, DeployBy
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan import retention
from rajee_deploy.plan.after_step import is_undone
from rajee_deploy.plan.expiry import LifecycleRule, RuleLimit, RuleTags
from rajee_deploy.plan.planner import make_plan
from rajee_deploy.plan.state import (
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
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, MoveTag
from rajee_deploy.plan.template_differences import record_of

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
)
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
    assert all(re.fullmatch(r"S{113}\.\.[0-9a-f]{8}", name) for name in long)
    assert {len(f"live-{name}") for name in long} == {128}


def codes(found) -> list[str]:
    return [notice.code for _, notice in found.notices]


def test_an_image_that_is_lost_and_not_replaced_can_be_rolled_back_to():
    """What runs is what is wanted: it is built again under its tag, so nothing is gone for good."""
    recorded = {"ImageTag": APP.tag, INFRA_PARAMETER: "sha256:other"}
    observed = Observed({"app": ImageAbsent()}, {"App": StackPresent("UPDATE_COMPLETE", recorded, {}, "", CONTENT)})
    found = make_plan(Wanted((IMAGE,), ("App",), INFRA), observed)
    assert [type(step) for step in found.steps] == [BuildAndPush, DeployStack]
    assert codes(found) == ["deployed-image-expired"]


@pytest.mark.parametrize(
    ("image", "state", "deployed", "expected"),
    [
        (IMAGE, ImageAbsent(), APP.tag, ["deployed-image-expired"]),
        (IMAGE, ImagePresent(NEW), APP.tag, []),
        (IMAGE, ImageAbsent(), "c-old", ["deployed-image-gone"]),  # another one runs
        (IMAGE, ImageAbsent(), "-", []),
        (IMAGE, ImageAbsent(), None, []),
        (replace(IMAGE, deploy_by=DeployBy.DIGEST), ImageAbsent(), APP.tag, []),
    ],
)
def test_who_is_told_that_what_runs_is_built_again(image, state, deployed, expected):
    assert codes(plan(image, state, {"live-App": NEW}, deployed=deployed)) == expected


KEEP_TEN = LifecycleRule(2, RuleTags.TAGGED, ("c-*",), RuleLimit.IMAGES, 10)
KEEP_VERSIONS = LifecycleRule(1, RuleTags.TAGGED, ("v*.*.*",), RuleLimit.IMAGES, 9999)


@pytest.mark.parametrize(
    ("given", "rules", "expected"),
    [
        (("v1.2.3",), (KEEP_TEN,), ["version-may-expire"]),
        (("v1.2.3", "v1.2.4"), (KEEP_TEN,), ["version-may-expire"] * 2),
        (("v1.2.3",), (KEEP_VERSIONS, KEEP_TEN), []),
        (("v1.2.3",), (), []),
        (("branch-main",), (KEEP_TEN,), []),  # tags of each day come and go
        ((), (KEEP_TEN,), []),
    ],
)
def test_a_version_that_a_rule_takes_is_told_before_it_is_given(given, rules, expected):
    observed = Observed({"app": ImagePresent(NEW)}, {}, lifecycle={REPOSITORY: rules})
    found = make_plan(Wanted((replace(IMAGE, stack="", tags=given),), (), INFRA), observed)
    assert codes(found) == expected
    for (_, notice), version in zip(found.notices, given, strict=bool(expected)):
        assert f"team/app will lose {version} some day, since rule 2 (c-*) deletes all but" in notice.message


UNBOUND = replace(IMAGE, stack="", tags=("v1",))


@pytest.mark.parametrize(
    ("image", "tags", "moving"),
    [
        (IMAGE, {}, ()),
        (IMAGE, {"live-App": NEW}, ()),  # it names the image already
        (IMAGE, {"live-App": NEW, "prev-App": OLD}, ()),
        (IMAGE, {"prev-App": OLD}, ()),  # nothing takes its place
        (IMAGE, {"live-App": OLD}, ("live-App",)),
        (IMAGE, {"live-App": OLD, "prev-App": OLDER}, ("live-App", "prev-App")),
        (replace(IMAGE, tags=("v1",)), {"live-App": OLD, "v1": OLDER}, ("live-App", "v1")),
        (replace(IMAGE, tags=("v1",)), {"live-App": NEW, "v1": OLD, "prev-App": NEW}, ("v1", "prev-App")),
        # Without a stack nothing is shielded, whatever tags are there.
        (UNBOUND, {"live-App": OLD, "prev-App": OLD}, ()),
        (UNBOUND, {"v1": OLD, "live-App": OLD, "prev-App": OLD}, ("v1",)),
    ],
)
def test_the_tags_whose_moving_has_to_be_asked_about(image, tags, moving):
    references = {(REPOSITORY, tag): Tagged(digest) for tag, digest in tags.items()}
    references[REPOSITORY, "never-asked"] = ImageAbsent()
    observed = Observed({"app": ImagePresent(NEW)}, {}, references)
    assert retention.misplaced_tags(image, observed) == moving


def test_before_a_build_every_tag_that_is_there_is_misplaced():
    observed = Observed({"app": ImageAbsent()}, {}, {(REPOSITORY, "live-App"): Tagged(NEW)})
    assert retention.misplaced_tags(IMAGE, observed) == ("live-App",)


@pytest.mark.parametrize(
    ("image", "recorded", "expected"),
    [
        (IMAGE, "c-old", (APP.tag, "live-App", "prev-App", "c-old")),
        (IMAGE, APP.tag, (APP.tag, "live-App", "prev-App")),
        (IMAGE, "-", (APP.tag, "live-App", "prev-App")),
        (replace(IMAGE, tags=("v1",)), "", (APP.tag, "live-App", "prev-App", "v1")),
        (UNBOUND, None, (APP.tag, "v1")),
    ],
)
def test_what_has_to_be_known_of_a_repository(image, recorded, expected):
    state = None if recorded is None else StackPresent("UPDATE_COMPLETE", {"ImageTag": recorded}, {})
    assert retention.references(image, state) == expected


def test_a_keeper_is_cut_only_where_it_must_be():
    exact = retention.keeper("S" * 123, "T", "", is_shared=False)
    assert exact == "S" * 123
    cut = retention.keeper("S" * 124, "T", "", is_shared=False)
    assert (len(cut), cut[:115]) == (123, "S" * 114 + "-")
    assert retention.keeper("App", "image:api", "", is_shared=True) == "App_image.api"


def test_a_shield_is_put_back_only_where_it_can_be_moved():
    tags = {"c-old": OLD, "live-App": OLD}
    assert moves(plan(tags=tags, frozen=("prev-App",)))[1] == BACK
    assert moves(plan(tags=tags, frozen=("live-App",)))[1] == {}


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


TWO = (IMAGE, replace(IMAGE, name="web", repository=Repository("team/web"), parameter="WebTag", keeper="App_WebTag"))


def test_every_image_of_a_stack_is_shielded_and_put_back():
    recorded = {"ImageTag": "c-old", "WebTag": "c-web", INFRA_PARAMETER: str(INFRA.digest)}
    stack = StackPresent("UPDATE_COMPLETE", {**recorded, TEMPLATE_PARAMETER: record_of(CONTENT)}, {}, "", CONTENT)
    known = {(TWO[0].repository, "c-old"): Tagged(OLD), (TWO[1].repository, "c-web"): Tagged(OLDER)}
    observed = Observed({"app": ImagePresent(NEW), "web": ImageAbsent()}, {"App": stack}, known)
    build, step = make_plan(Wanted(TWO, ("App",), INFRA), observed).steps
    assert build == BuildAndPush("web", APP.tag, f"team/web has no image {APP.tag}")
    later, now = "it shields what App runs now, for a rollback", "it shields what App is to run"
    assert step.before == (
        MoveTag("app", TWO[0].repository, "prev-App", str(OLD), later),
        MoveTag("app", TWO[0].repository, "live-App", APP.tag, now),
        MoveTag("web", TWO[1].repository, "prev-App_WebTag", str(OLDER), later),
        MoveTag("web", TWO[1].repository, "live-App_WebTag", APP.tag, now),
    )
    back = "the deploy failed: App runs on with it"
    assert step.undo == (
        MoveTag("app", TWO[0].repository, "live-App", str(OLD), back),
        MoveTag("web", TWO[1].repository, "live-App_WebTag", str(OLDER), back),
    )


def test_additional_tags_say_where_they_stand():
    found = plan(replace(IMAGE, tags=("v1", "main")), tags={"live-App": NEW, "main": OLD}, deployed=APP.tag)
    assert found.steps == (
        MoveTag("app", REPOSITORY, "v1", APP.tag, "team/app has no tag v1"),
        MoveTag("app", REPOSITORY, "main", APP.tag, f"it names {OLD}"),
    )


def test_a_missing_shield_is_put_where_nothing_is_deployed():
    found = plan(tags={}, deployed=APP.tag)
    assert found.steps == (MoveTag("app", REPOSITORY, "live-App", APP.tag, "it shields what App is to run"),)


FORMER = replace(IMAGE, former_keeper="Old")


@pytest.mark.parametrize(
    ("tags", "deployed", "moving", "codes_told"),
    [
        ({"live-Old": NEW}, APP.tag, [], []),
        ({"live-Old": NEW, "prev-Old": OLD}, APP.tag, [], []),
        ({"live-Old": OLD}, APP.tag, ["live-App"], []),
        ({"prev-Old": NEW}, APP.tag, ["live-App"], []),
        ({"live-App": OLD, "live-Old": NEW}, APP.tag, ["live-App"], ["former-tags"]),
        ({"live-App": NEW, "live-Old": NEW}, APP.tag, [], ["former-tags"]),
        ({"live-App": NEW, "prev-Old": NEW}, APP.tag, [], ["former-tags"]),
        ({"live-App": NEW}, APP.tag, [], []),
        ({"c-old": OLD, "live-Old": NEW}, "c-old", ["prev-App", "live-App"], []),
        ({"c-old": OLD, "prev-Old": OLD}, "c-old", ["prev-App", "live-App"], []),
    ],
)
def test_what_an_older_version_shielded_stays_shielded(tags, deployed, moving, codes_told):
    found = plan(FORMER, tags=tags, deployed=deployed)
    steps = [move for step in found.steps for move in getattr(step, "before", (step,))]
    assert [step.tag for step in steps] == moving
    assert codes(found) == codes_told


def test_after_a_rollback_a_former_prev_stays_too():
    found = plan(FORMER, tags={"c-old": OLDER, "prev-Old": OLD}, deployed="c-old", status="UPDATE_ROLLBACK_COMPLETE")
    assert moves(found)[0] == {"live-App": APP.tag}
    found = plan(FORMER, tags={"c-old": OLDER}, deployed="c-old", status="UPDATE_ROLLBACK_COMPLETE")
    assert moves(found)[0] == {"prev-App": str(OLDER), "live-App": APP.tag}


def test_the_words_of_notices():
    (left,) = retention.leftover(
        FORMER,
        Observed({}, {}, {(REPOSITORY, tag): Tagged(NEW) for tag in ("live-App", "live-Old", "prev-Old")}),
    )
    assert left[0] == "app"
    assert (left[1].code, left[1].line) == ("former-tags", 0)
    assert left[1].message == (
        "live-Old and prev-Old of team/app are from an older version, and keep images for ever; when no other stack "
        "has them: aws ecr batch-delete-image --repository-name team/app --image-ids imageTag=live-Old "
        "imageTag=prev-Old"
    )
    gone = dict(plan(tags={"live-App": NEW}).notices)
    assert gone["app"].message == "App runs c-old, which team/app does not have any more: it cannot roll back"
    frozen = plan(tags={"c-old": OLD, "live-App": OLD}, frozen=("live-App",)).notices
    assert [(image, notice.message.partition(";")[0]) for image, notice in frozen] == [
        ("app", "team/app does not let live-App be moved: its lifecycle rules may expire what runs")
    ]
