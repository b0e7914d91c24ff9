"""Every decision as a table: what is wanted and observed → steps and skips."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, DeployBy, InfraCheck
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan import after_step, planner
from rajee_deploy.plan.parameters import Declared
from rajee_deploy.plan.planner import make_plan
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImagePresent,
    Observed,
    RepositoryAbsent,
    StackAbsent,
    StackContent,
    StackPresent,
    Synthesised,
    Tagged,
    Wanted,
    WantedImage,
)
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, MoveTag, Skip, StackChange, Tier, Via, WaitForStack
from rajee_deploy.plan.template_differences import record_of

LINUX = Platform("linux", "amd64")
APP = Fingerprint("s", Digest("sha256", "a" * 64), ())
INFRA = Fingerprint("s", Digest("sha256", "b" * 64), ())
PRESENT = ImagePresent(Digest("sha256", "c" * 64))
CONTENT = StackContent("sha256:deployed")
GOOD = {"ImageTag": APP.tag, INFRA_PARAMETER: str(INFRA.digest), TEMPLATE_PARAMETER: record_of(CONTENT)}
# What a synth makes where the infrastructure hash differs.
OTHER = Synthesised(StackContent("sha256:other"), tuple(GOOD))


def wanted(check=InfraCheck.HASH, **synthesised: Synthesised) -> Wanted:
    images = (WantedImage("app", APP, Repository("team/app"), "App", "ImageTag", (LINUX,), keeper="App"),)
    return Wanted(images, ("Registry", "App"), INFRA, check, synthesised)


def stack(status: str = "UPDATE_COMPLETE", **parameters: str) -> StackPresent:
    return StackPresent(status, {**GOOD, **parameters}, {}, "because", CONTENT)


def world(image=PRESENT, registry=None, app=None, live=PRESENT.digest) -> Observed:
    references = {(Repository("team/app"), "live-App"): Tagged(live)} if live else {}
    return Observed({"app": image}, {"Registry": registry or stack(), "App": app or stack()}, references)


def steps(observed: Observed) -> list[str]:
    named = {BuildAndPush: "build", DeployStack: "deploy", WaitForStack: "wait", MoveTag: "tag"}
    return [
        f"{named[type(s)]} {s.image if isinstance(s, BuildAndPush | MoveTag) else s.stack}"
        for s in make_plan(wanted(), observed).steps
    ]


@pytest.mark.parametrize(
    ("observed", "expected", "kind"),
    [
        (world(), [], "noop"),
        (world(image=ImageAbsent(), app=stack(ImageTag="c-old")), ["build app", "deploy App"], "code"),
        (world(app=stack(ImageTag="c-old")), ["deploy App"], "code"),
        # The deployed image was expired: it is made again, and shielded.
        (world(image=ImageAbsent()), ["build app", "tag app"], "code"),
        (world(live=None), ["tag app"], "tags"),  # a stack of an older version of the tool, or of cdk deploy
        (world(live=Digest("sha256", "e" * 64)), ["tag app"], "tags"),  # a run broke off, and its edit was taken back
        (
            world(app=stack(RajeeInfraHash="x"), registry=stack(RajeeInfraHash="x")),
            ["deploy Registry", "deploy App"],
            "infra",
        ),
        (world(app=stack(RajeeInfraHash="x", ImageTag="c-old")), ["deploy App"], "code+infra"),
        (
            world(RepositoryAbsent(), StackAbsent(), StackAbsent()),
            ["deploy Registry", "build app", "deploy App"],
            "first",
        ),
        (world(app=stack("REVIEW_IN_PROGRESS")), ["deploy App"], "first"),
        (world(app=stack("ROLLBACK_COMPLETE")), ["deploy App"], "first"),
        (world(app=stack("ROLLBACK_FAILED")), ["deploy App"], "first"),
        (world(app=stack("UPDATE_ROLLBACK_COMPLETE")), ["deploy App"], "retry"),
        (world(app=stack("UPDATE_IN_PROGRESS"), registry=stack(RajeeInfraHash="x")), ["wait App"], "wait"),
    ],
)
def test_steps_and_kind(observed, expected, kind):
    assert steps(observed) == expected
    assert make_plan(wanted(), observed).kind == kind


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_what_was_only_reviewed_is_created_by_a_change_set(status):
    (step,) = [each for each in make_plan(wanted(), world(app=stack(status))).steps if isinstance(each, DeployStack)]
    assert step.by_change_set == (status == "REVIEW_IN_PROGRESS")


def test_a_noop_names_its_proof():
    skipped = make_plan(wanted(), world()).skipped
    assert [skip.subject for skip in skipped] == ["image app", "stack Registry", "stack App"]
    assert APP.tag in skipped[0].reason
    assert str(PRESENT.digest) in skipped[0].reason
    assert "UPDATE_COMPLETE" in skipped[2].reason


def test_parameters_carry_tag_and_infrastructure():
    plan = make_plan(wanted(), world(app=stack(ImageTag="c-old")))
    (step,) = plan.steps
    assert isinstance(step, DeployStack)
    assert dict(step.parameters) == {key: GOOD[key] for key in ("ImageTag", INFRA_PARAMETER)}
    assert (step.changes, step.tier) == ((StackChange.TAG,), Tier.HASH)


# A stack without the parameter itself is another case, below.
NOTHING = [(name, value) for name in GOOD for value in (None, "", "-") if (name, value) != ("ImageTag", None)]


@pytest.mark.parametrize(("missing", "value"), NOTHING)
def test_a_stack_that_records_nothing_is_deployed(missing, value):
    parameters = {**GOOD, missing: value}
    recorded = {key: text for key, text in parameters.items() if text is not None}
    plan = make_plan(wanted(), world(app=StackPresent("CREATE_COMPLETE", recorded, {}, content=CONTENT)))
    assert "record" in plan.steps[0].reason


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_whose_deployed_template_has_no_place_for_the_tag_is_refused(status):
    """The template that is deployed is the one that is wanted, by its hash: no synth is needed to know it."""
    recorded = {key: text for key, text in GOOD.items() if key != "ImageTag"}
    for image in (PRESENT, ImageAbsent()):
        with pytest.raises(ConfigurationError) as caught:
            make_plan(wanted(), world(image, app=StackPresent(status, recorded, {}, content=CONTENT)))
        assert caught.value.code == "no-such-parameter"
        assert "App does not declare the parameter ImageTag" in caught.value.problem


@pytest.mark.parametrize("declared", [{}, {"ImageTag": Declared()}])
def test_a_synth_that_makes_no_place_for_the_tag_is_refused(declared):
    made = replace(OTHER, parameters=(INFRA_PARAMETER,), declared=declared)
    for known in (wanted(App=made), replace(wanted(), remembered={"App": made})):
        for app in (stack(ImageTag="c-old"), StackAbsent()):
            with pytest.raises(ConfigurationError, match="refer to" if declared else "declare") as caught:
                make_plan(known, world(app=app))
            assert caught.value.code == "no-such-parameter"


def test_a_retained_repository_is_adopted_by_its_new_stack():
    first, *_ = make_plan(wanted(), world(image=ImageAbsent(), registry=StackAbsent())).steps
    assert isinstance(first, DeployStack)
    assert first.imports_existing
    fresh, *_ = make_plan(wanted(), world(RepositoryAbsent(), StackAbsent(), StackAbsent())).steps
    assert isinstance(fresh, DeployStack)
    assert not fresh.imports_existing


def test_a_missing_repository_that_no_stack_makes_is_an_error():
    with pytest.raises(DeployError) as caught:
        make_plan(wanted(), world(image=RepositoryAbsent()))
    assert caught.value.code == "no-repository"


def test_a_missing_repository_of_the_bootstrap_is_not_made_by_hand():
    """One that was would stand in the way of the bootstrap."""
    (image,) = wanted().images
    asset = replace(image, parameter="asset:web")
    with pytest.raises(DeployError) as caught:
        make_plan(replace(wanted(), images=(asset,)), world(image=RepositoryAbsent()))
    assert caught.value.code == "no-repository"
    assert "cdk bootstrap" in caught.value.hint
    assert "create-repository" not in caught.value.hint


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("CREATE_FAILED", "stack-needs-rollback"),
        ("UPDATE_FAILED", "stack-needs-rollback"),
        ("UPDATE_ROLLBACK_FAILED", "stack-needs-rollback"),
        ("IMPORT_ROLLBACK_FAILED", "stack-not-deployable"),
        ("DELETE_FAILED", "stack-not-deployable"),
        ("DELETE_IN_PROGRESS", "stack-not-deployable"),
        ("A_STATUS_OF_THE_FUTURE", "stack-not-deployable"),
    ],
)
def test_statuses_that_stop_the_run(status, code):
    with pytest.raises(DeployError) as caught:
        make_plan(wanted(), world(app=stack(status)))
    assert caught.value.code == code
    assert caught.value.cause == "because"


states = st.sampled_from(["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"])


@given(states, states, st.sampled_from([PRESENT, ImageAbsent()]), st.sampled_from(["c-old", APP.tag]), st.booleans())
def test_planning_after_executing_is_empty(registry, app, image, tag, infra):
    recorded = str(INFRA.digest) if infra else "old"
    observed = world(image, stack(registry, RajeeInfraHash=recorded), stack(app, ImageTag=tag, RajeeInfraHash=recorded))
    images, stacks = dict(observed.images), dict(observed.stacks)
    references = dict(observed.references)
    for step in make_plan(wanted(), observed).steps:
        for move in (step,) if isinstance(step, MoveTag) else getattr(step, "before", ()):
            digest = PRESENT.digest if move.target == APP.tag else Digest.parse(move.target)
            references[move.repository, move.tag] = Tagged(digest)
        if isinstance(step, BuildAndPush):
            images[step.image] = PRESENT
        elif isinstance(step, DeployStack):
            parameters = {**dict(step.parameters), TEMPLATE_PARAMETER: record_of(CONTENT)}
            stacks[step.stack] = StackPresent("UPDATE_COMPLETE", parameters, {}, content=CONTENT)
            assert after_step.objection(step, stacks[step.stack]) == ""
    assert make_plan(wanted(), Observed(images, stacks, references)).is_empty


def test_any_difference_makes_a_plan():
    for tag, infra, image in itertools.product((APP.tag, "c-old"), (str(INFRA.digest), "x"), (PRESENT, ImageAbsent())):
        same = tag == APP.tag and infra == str(INFRA.digest) and image is PRESENT
        assert make_plan(wanted(), world(image, app=stack(ImageTag=tag, RajeeInfraHash=infra))).is_empty == same


def test_objections():
    step = DeployStack("App", tuple(GOOD.items()), "", ())
    assert after_step.objection(step, stack()) == ""
    assert "no such stack" in after_step.objection(step, StackAbsent())
    assert "UPDATE_ROLLBACK_COMPLETE: because" in after_step.objection(step, stack("UPDATE_ROLLBACK_COMPLETE"))
    assert "c-old" in after_step.objection(step, stack(ImageTag="c-old"))


def test_a_stack_that_the_app_does_not_make_is_refused_as_soon_as_a_synth_is_known():
    absent = Observed({"app": PRESENT}, {"Registry": StackAbsent(), "App": stack()})
    assert "deploy Registry" in steps(absent)
    known = replace(wanted(), remembered={"App": OTHER})
    with pytest.raises(DeployError) as caught:
        make_plan(known, absent)
    assert (caught.value.code, caught.value.hint) == ("no-such-stack", "it has: App")


@pytest.mark.parametrize(
    ("app", "reasons"),
    [
        (stack(), ()),
        (stack(RajeeInfraHash="x"), ("App",)),
        (StackAbsent(), ()),
        # What happens to these is certain, whatever a synth would say.
        *[(stack(status, RajeeInfraHash="x"), ()) for status in ("UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE")],
        *[(stack(status, RajeeInfraHash="x"), ()) for status in ("REVIEW_IN_PROGRESS", "UPDATE_FAILED")],
        (stack("UPDATE_IN_PROGRESS", RajeeInfraHash="x"), ()),
    ],
)
def test_a_synth_is_asked_for_where_a_stack_has_to_be_compared(app, reasons):
    found = planner.synth_reasons(wanted(InfraCheck.AUTO), world(app=app))
    assert tuple(reason.partition(":")[0] for reason in found) == reasons


def test_no_synth_is_asked_for_while_any_stack_is_busy():
    busy = world(app=stack(RajeeInfraHash="x"), registry=stack("UPDATE_IN_PROGRESS"))
    assert planner.synth_reasons(wanted(InfraCheck.AUTO), busy) == ()


@pytest.mark.parametrize(
    ("image", "registry", "app", "adopted"),
    [
        (PRESENT, StackAbsent(), stack(), ["Registry"]),
        (ImageAbsent(), StackAbsent(), stack(), ["Registry"]),
        (RepositoryAbsent(), StackAbsent(), stack(), []),
        (PRESENT, stack("ROLLBACK_COMPLETE"), stack(), ["Registry"]),
        # A stack that is there has its repository already.
        (PRESENT, stack(RajeeInfraHash="x"), stack(), []),
        (PRESENT, stack("UPDATE_ROLLBACK_COMPLETE"), stack(), []),
        # One that only receives a tag makes no repository.
        (PRESENT, stack(), StackAbsent(), []),
    ],
)
def test_only_a_new_stack_that_may_make_the_repository_adopts_it(image, registry, app, adopted):
    plan = make_plan(wanted(), world(image, registry, app))
    assert [step.stack for step in plan.steps if isinstance(step, DeployStack) and step.imports_existing] == adopted


HAS, HAS_NOT = {"Registry": OTHER, "App": OTHER}, {"App": OTHER}


@pytest.mark.parametrize(
    ("synthesised", "remembered", "refused"),
    [
        ({}, {}, False),
        (HAS, {}, False),
        ({}, HAS, False),
        (HAS_NOT, {}, True),
        ({}, HAS_NOT, True),
        # What was synthesised for this decision goes before what is remembered.
        (HAS, HAS_NOT, False),
        (HAS_NOT, HAS, True),
    ],
)
def test_a_new_stack_must_be_one_that_the_app_makes(synthesised, remembered, refused):
    asked = replace(wanted(), synthesised=synthesised, remembered=remembered)
    observed = Observed({"app": PRESENT}, {"Registry": StackAbsent(), "App": stack()}, world().references)
    if not refused:
        assert "Registry" in [step.stack for step in make_plan(asked, observed).steps]
        return
    with pytest.raises(DeployError) as caught:
        make_plan(asked, observed)
    assert (caught.value.code, caught.value.hint) == ("no-such-stack", "it has: App")


def test_a_repository_is_looked_for_behind_those_that_are_there():
    (image,) = wanted().images
    images = (replace(image, name="there"), replace(image, name="missing"))
    states = {"there": PRESENT, "missing": RepositoryAbsent()}
    with pytest.raises(DeployError) as caught:
        make_plan(replace(wanted(), images=images), replace(world(), images=states))
    assert (caught.value.code, caught.value.where) == ("no-repository", "image missing")


def reasons(observed, **more):
    """The reason of every step, and of everything that is skipped."""
    found = make_plan(replace(wanted(), **more), observed)
    return [each.reason for each in found.steps], [each.reason for each in found.skipped]


ROLLED_BACK = "the last update was rolled back (UPDATE_ROLLBACK_COMPLETE: because)"
PROOF = "infrastructure unchanged by its hash"
TEXTS = {
    "noop": (
        world(),
        [],
        [f"{APP.tag} is in team/app as", f"UPDATE_COMPLETE; {PROOF}", "UPDATE_COMPLETE, and it records ImageTag"],
    ),
    "first": (
        world(ImageAbsent(), StackAbsent(), StackAbsent()),
        ["the stack does not exist", f"team/app has no image {APP.tag}", "the stack does not exist"],
        [],
    ),
    "no repository": (
        world(RepositoryAbsent(), StackAbsent(), StackAbsent()),
        ["the stack does not exist", "the repository team/app does not exist yet", "the stack does not exist"],
        [],
    ),
    "statuses": (
        world(registry=stack("REVIEW_IN_PROGRESS"), app=stack("ROLLBACK_COMPLETE")),
        [
            "the stack has no resources yet (REVIEW_IN_PROGRESS)",
            "the stack was never created (ROLLBACK_COMPLETE): cdk deletes it and creates it again",
        ],
        ["c-"],
    ),
    "rolled back": (
        world(app=stack("UPDATE_ROLLBACK_COMPLETE", ImageTag="c-old")),
        [f"{ROLLED_BACK}; the image changed (ImageTag): c-old → {APP.tag[:14]}"],
        ["c-", f"UPDATE_COMPLETE; {PROOF}"],
    ),
    "another image": (
        world(app=stack(ImageTag="-")),
        [f"the image changed (ImageTag): none recorded → {APP.tag[:14]}"],
        ["c-", f"UPDATE_COMPLETE; {PROOF}"],
    ),
    "busy": (world(app=stack("UPDATE_IN_PROGRESS")), ["another operation is under way on it"], []),
}


@pytest.mark.parametrize("name", TEXTS)
def test_reasons_in_words(name):
    observed, steps_, skips = TEXTS[name]
    found = reasons(observed)
    assert found[0] == steps_
    assert [skip.startswith(begun) for skip, begun in zip(found[1], skips, strict=True)] == [True] * len(skips)


def test_a_skip_says_what_is_there():
    (image, registry, app) = make_plan(wanted(), world()).skipped
    assert image == Skip("image app", f"{APP.tag} is in team/app as {PRESENT.digest}")
    assert registry == Skip("stack Registry", f"UPDATE_COMPLETE; {PROOF}", Tier.HASH)
    shown = f"UPDATE_COMPLETE, and it records ImageTag {APP.tag[:14]}; {PROOF}"
    assert app == Skip("stack App", shown, Tier.HASH)


def test_objections_in_words():
    step = DeployStack("App", (("ImageTag", "c-new"), (INFRA_PARAMETER, "sha256:" + "d" * 64)), "", (StackChange.TAG,))
    assert after_step.objection(step, StackAbsent()) == "there is no such stack"
    assert after_step.objection(step, stack("UPDATE_FAILED")) == "the stack is UPDATE_FAILED: because"
    assert after_step.objection(step, replace(stack("UPDATE_FAILED"), reason="")) == "the stack is UPDATE_FAILED"
    assert after_step.objection(step, stack(ImageTag="")) == (
        f"the image changed (ImageTag): none recorded → c-new; what the infrastructure records differs "
        f"({INFRA_PARAMETER}): sha256:{'b' * 12} → sha256:{'d' * 12}"
    )
    assert after_step.objection(step, stack("UPDATE_ROLLBACK_COMPLETE", ImageTag="c-new")).startswith(
        "the stack is UPDATE"
    )


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        ("UPDATE_FAILED", "stack-needs-rollback", "npx cdk rollback App (in the directory of cdk.json), then"),
        ("DELETE_FAILED", "stack-not-deployable", "look at its events"),
        ("NEVER_HEARD_OF", "stack-not-deployable", "look at its events"),
    ],
)
def test_what_stops_a_run_in_words(status, code, hint):
    with pytest.raises(DeployError) as caught:
        make_plan(wanted(), world(app=stack(status)))
    found = caught.value
    assert (found.code, found.where, found.cause, found.hint[: len(hint)]) == (code, "stack App", "because", hint)


def test_tags_are_shared_only_within_one_repository():
    (image,) = wanted().images
    one = replace(image, tags=("v1", "main"))
    apart = replace(one, name="web", repository=Repository("team/web"), parameter="WebTag")
    other = replace(one, name="web", parameter="WebTag", tags=("v2",))
    has = stack(WebTag=APP.tag)
    for second in (apart, other):
        states = {"app": PRESENT, "web": PRESENT}
        assert make_plan(replace(wanted(), images=(one, second)), replace(world(app=has), images=states)).steps


def test_a_digest_of_this_run_is_told_to_the_step():
    (image,) = wanted().images
    image = replace(image, deploy_by=DeployBy.DIGEST)
    found = make_plan(replace(wanted(), images=(image,)), world(ImageAbsent(), app=stack(ImageTag="c-old")))
    (step,) = [each for each in found.steps if isinstance(each, DeployStack)]
    assert step.digests == (("ImageTag", Repository("team/app"), APP.tag),)
    assert dict(step.parameters) == {"ImageTag": f"the digest of {APP.tag}", INFRA_PARAMETER: str(INFRA.digest)}
    assert (step.stack, step.imports_existing, step.changes, step.tier, step.via) == (
        "App",
        False,
        (StackChange.TAG,),
        Tier.HASH,
        Via.CDK,
    )
    by_cloudformation = replace(wanted(), images=(image,), by_cloudformation=True)
    (step,) = [
        each
        for each in make_plan(by_cloudformation, world(ImageAbsent(), app=stack(ImageTag="c-old"))).steps
        if isinstance(each, DeployStack)
    ]
    assert step.via is Via.CLOUDFORMATION
