"""The verdict on a stack's infrastructure, tier by tier, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.fingerprint import RECORD, Fingerprint, Input
from rajee_deploy.model import Digest
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, InfraCheck
from rajee_deploy.plan.infrastructure import Agreement, agreement, judge
from rajee_deploy.plan.input_changes import InputChange
from rajee_deploy.plan.state import StackAbsent, StackContent, StackPresent, Synthesised, Wanted
from rajee_deploy.plan.steps import Tier
from rajee_deploy.plan.template_differences import record_of

UNKNOWN = "which of them is not known on this machine"
INFRA = Fingerprint("s", Digest("sha256", "b" * 64), ())
CONTENT = StackContent("sha256:t")
SAME = Synthesised(CONTENT)
OTHER = Synthesised(StackContent("sha256:u"))
RECORDED = {INFRA_PARAMETER: str(INFRA.digest), TEMPLATE_PARAMETER: record_of(CONTENT)}
IMPURE = replace(INFRA, inputs=(Input("impure:0", "app.py:1 forks"),))


def state(content=CONTENT, **parameters) -> StackPresent:
    return StackPresent("UPDATE_COMPLETE", {**RECORDED, **parameters}, {}, content=content)


def wanted(check=InfraCheck.AUTO, infrastructure=INFRA, **more) -> Wanted:
    return Wanted((), ("App",), infrastructure, check, **more)


DOUBTS = {
    "inputs": (state(RajeeInfraHash="x"), INFRA, "inputs changed"),
    "no infra hash": (state(RajeeInfraHash="-"), INFRA, "no infra hash"),
    "no template hash": (state(RajeeTemplateHash="-"), INFRA, "does not record"),
    "somebody else": (state(replace(CONTENT, tags={"a": "b"})), INFRA, "somebody else"),
    "impure": (state(), IMPURE, "app.py:1 forks"),
}


def test_equal_hashes_prove_that_nothing_changed():
    verdict = judge("App", state(), wanted())
    assert (verdict.tier, verdict.differences, verdict.synth_reasons) == (Tier.HASH, (), ())


@pytest.mark.parametrize("name", DOUBTS)
def test_whatever_hashes_do_not_prove_a_synth_decides_or_else_it_is_deployed(name):
    found, infrastructure, words = DOUBTS[name]
    (reason,) = judge("App", found, wanted(infrastructure=infrastructure)).synth_reasons
    assert words in reason
    (reason,) = judge("App", found, wanted(InfraCheck.HASH, infrastructure)).differences
    assert words in reason


@pytest.mark.parametrize(
    ("found", "made", "told"),
    [
        (state(), SAME, Agreement(("App",), ())),
        (state(), OTHER, Agreement((), ("App",))),
        *((found, OTHER, Agreement()) for found, _, words in DOUBTS.values() if words != "app.py:1 forks"),
        (replace(state(), content=None), OTHER, Agreement()),
        (replace(state(), volatile=("Ami",)), OTHER, Agreement()),
        (StackAbsent(), OTHER, Agreement()),
    ],
)
def test_a_synth_agrees_with_the_hash_or_does_not_where_the_hash_had_no_doubt(found, made, told):
    # What the synth was seen to read makes another hash; that the one before it said "unchanged" is what counts.
    after = wanted(infrastructure=IMPURE, synthesised={"App": made})
    assert agreement(wanted(InfraCheck.SYNTH), after, {"App": found}) == told


@pytest.mark.parametrize("check", InfraCheck)
@pytest.mark.parametrize("name", DOUBTS)
def test_a_synth_decides_whatever_is_recorded(name, check):
    found, infrastructure, _ = DOUBTS[name]
    other_tags = name == "somebody else"
    same = judge("App", found, wanted(check, infrastructure, synthesised={"App": SAME}))
    other = judge("App", found, wanted(check, infrastructure, synthesised={"App": OTHER}))
    assert (same.tier, bool(same.differences)) == (Tier.SYNTH, other_tags)
    assert other.differences


def test_what_is_remembered_of_equal_inputs_decides_like_a_synth_but_not_in_production():
    changed = state(RajeeInfraHash="x")
    assert judge("App", changed, wanted(remembered={"App": SAME})).differences == ()
    assert judge("App", changed, wanted(remembered={"App": OTHER})).differences != ()
    assert judge("App", changed, wanted(InfraCheck.SYNTH, remembered={"App": SAME})).synth_reasons != ()
    assert judge("App", changed, wanted(infrastructure=IMPURE, remembered={"App": SAME})).synth_reasons != ()


@pytest.mark.parametrize("check", InfraCheck)
def test_what_no_comparison_can_decide_is_deployed(check):
    looked_up = replace(state(), volatile=("Ami",))
    for found in (looked_up, state(content=None)):
        verdict = judge("App", found, wanted(check))
        assert verdict.differences
        assert verdict.tier is Tier.DEPLOY


hashes = st.sampled_from([str(INFRA.digest), "x", "", "-"])
contents = st.sampled_from([CONTENT, replace(CONTENT, template="sha256:u"), replace(CONTENT, tags={"a": "b"})])


@given(hashes, contents, contents, st.sampled_from(InfraCheck))
def test_no_change_is_missed(infra_hash, recorded, deployed, check):
    """Unchanged is said only when both hashes are those of the deployment, or a synth makes what is deployed."""
    found = state(deployed, RajeeInfraHash=infra_hash, RajeeTemplateHash=record_of(recorded))
    verdict = judge("App", found, wanted(check))
    if not verdict.differences and not verdict.synth_reasons:
        assert infra_hash == str(INFRA.digest)
        assert recorded == deployed
    by_synth = judge("App", found, wanted(check, synthesised={"App": SAME}))
    assert bool(by_synth.differences) == (deployed != CONTENT)


OWN = replace(INFRA, digest=Digest("sha256", "e" * 64))


def test_a_stack_is_judged_by_its_own_fingerprint_where_it_has_one():
    own = state(RajeeInfraHash=str(OWN.digest))
    by_its_own = wanted(infrastructures={"App": OWN})
    assert judge("App", own, by_its_own).proof == "infrastructure unchanged by its hash"
    assert judge("App", own, wanted(infrastructures={"Other": OWN})).synth_reasons
    assert judge("App", state(), by_its_own).synth_reasons == (f"the infrastructure's inputs changed; {UNKNOWN}",)
    impure = replace(OWN, inputs=IMPURE.inputs)
    assert judge("App", own, wanted(infrastructures={"App": impure})).synth_reasons == (
        "file hashes cannot prove that nothing changed: app.py:1 forks",
    )
    assert judge("App", own, wanted(infrastructure=IMPURE, infrastructures={"App": OWN})).synth_reasons == ()
    known = wanted(infrastructure=IMPURE, infrastructures={"App": OWN}, remembered={"App": SAME})
    assert judge("App", state(), known).tier is Tier.HASH


def test_what_a_synth_elsewhere_proved_decides_but_not_in_production_nor_for_an_app_that_no_hash_follows():
    proven = frozenset({"App"})
    verdict = judge("App", state(RajeeInfraHash="x"), wanted(proven=proven))
    assert (verdict.tier, verdict.differences, verdict.synth_reasons) == (Tier.HASH, (), ())
    assert verdict.proof == "infrastructure unchanged: a synth elsewhere proved that these inputs make it"
    assert judge("App", state(RajeeInfraHash="x"), wanted(proven=frozenset({"Other"}))).synth_reasons
    assert judge("App", state(), wanted(InfraCheck.SYNTH, proven=proven)).synth_reasons
    assert judge("App", state(), wanted(infrastructure=IMPURE, proven=proven)).synth_reasons
    assert judge("App", state(RajeeInfraHash="x"), wanted(proven=proven, remembered={"App": OTHER})).differences
    assert judge("App", replace(state(), volatile=("Ami",)), wanted(proven=proven)).differences


def test_impurities_of_all_stacks_are_told():
    impure = replace(OWN, inputs=(Input("impure:0", "app.py:2 asks"),))
    both = Wanted((), ("A", "B", "C"), IMPURE, infrastructures={"B": impure})
    assert both.impurities == ("app.py:1 forks", "app.py:2 asks")
    with pytest.raises(AssertionError, match="judged with the fingerprint"):
        Wanted((), ("A",)).infrastructure_of("A")


NEVER = {
    "unreadable": (state(None), "what is deployed cannot be read"),
    "volatile": (
        replace(state(), volatile=("Ami", "Key")),
        "its parameter Ami, Key is looked up in SSM at each deployment",
    ),
}


@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize("check", InfraCheck)
def test_what_nothing_can_prove_is_deployed(name, check):
    found, reason = NEVER[name]
    verdict = judge("App", found, wanted(check, synthesised={"App": SAME}))
    assert (verdict.tier, verdict.differences, verdict.synth_reasons, verdict.proof) == (Tier.DEPLOY, (reason,), (), "")


def test_what_each_verdict_stands_on():
    by_synth = judge("App", state(), wanted(synthesised={"App": SAME}))
    by_hash = judge("App", state(), wanted())
    known = judge("App", state(RajeeInfraHash="x"), wanted(remembered={"App": SAME}))
    asked = judge("App", state(), wanted(InfraCheck.SYNTH))
    deployed = judge("App", state(RajeeInfraHash="x"), wanted(InfraCheck.HASH))
    undecided = judge("App", state(RajeeInfraHash="x"), wanted())
    assert [each.tier for each in (by_synth, by_hash, known, asked, deployed, undecided)] == [
        Tier.SYNTH,
        Tier.HASH,
        Tier.HASH,
        Tier.SYNTH,
        Tier.HASH,
        Tier.SYNTH,
    ]
    assert by_synth.proof == "infrastructure unchanged by a synth: it makes what is deployed"
    assert by_hash.proof == "infrastructure unchanged by its hash"
    assert known.proof == "infrastructure unchanged: an earlier synth from the same inputs made what is deployed"
    assert asked.synth_reasons == ("a synth is asked for (infra-check)",)
    assert (asked.differences, deployed.synth_reasons, undecided.differences) == ((), (), ())


@pytest.mark.parametrize("known", ["synthesised", "remembered"])
def test_a_text_that_stays_as_it_is_is_told(known):
    made = Synthesised(StackContent("sha256:u", effective="sha256:e"))
    found = state(replace(CONTENT, effective="sha256:e"), RajeeInfraHash="x")
    verdict = judge("App", found, wanted(**{known: {"App": made}}))
    assert verdict.differences == ()
    assert verdict.proof.endswith(
        "Description or Metadata, which CloudFormation changes only along with something else"
    )


def test_the_synth_of_another_stack_decides_nothing():
    assert judge("App", state(), wanted(synthesised={"Other": OTHER})).tier is Tier.HASH
    assert judge("App", state(RajeeInfraHash="x"), wanted(remembered={"Other": SAME})).synth_reasons


@pytest.mark.parametrize("recorded", ["", "-", None])
def test_what_was_never_recorded_is_told(recorded):
    parameters = {key: value for key, value in RECORDED.items() if key != INFRA_PARAMETER}
    if recorded is not None:
        parameters[INFRA_PARAMETER] = recorded
    found = StackPresent("UPDATE_COMPLETE", parameters, {}, content=CONTENT)
    assert judge("App", found, wanted()).synth_reasons == (
        "the infrastructure changed, or never was recorded: the stack records no infra hash",
    )
    moved = wanted(input_changes={"App": (InputChange("svc/file", "changed"),)})
    assert (
        judge("App", found, moved)
        .synth_reasons[0]
        .endswith("no infra hash; changed since the last synth here: svc/file")
    )
    bare = StackPresent("UPDATE_COMPLETE", {INFRA_PARAMETER: str(INFRA.digest)}, {}, content=CONTENT)
    for each in (bare, replace(bare, parameters={**bare.parameters, TEMPLATE_PARAMETER: recorded or ""})):
        assert judge("App", each, wanted()).synth_reasons == ("the stack does not record what was deployed",)


def test_a_change_of_inputs_that_have_no_name_shows_both_hashes_short():
    nameless = wanted(input_changes={"App": ()})
    (reason,) = judge("App", state(RajeeInfraHash="sha256:" + "0123" * 16), nameless).synth_reasons
    assert reason == f"the infrastructure's inputs changed: sha256:012301230123 → sha256:{INFRA.digest.hex[:12]}"


def test_the_inputs_that_changed_are_named_where_they_are_known_and_else_how_to_find_out():
    moved = tuple(InputChange(f"infra/{name}.py", "changed") for name in "abcd")
    known = wanted(input_changes={"App": moved})
    (reason,) = judge("App", state(RajeeInfraHash="x"), known).synth_reasons
    assert reason.endswith("inputs changed: infra/a.py, infra/b.py, infra/c.py … and 1 more input")
    by_synth = replace(known, synthesised={"App": OTHER})
    said = judge("App", state(RajeeInfraHash="x"), by_synth).differences[-1]
    assert said == "because infra/a.py changed, and 3 more"
    (elsewhere,) = judge("App", state(RajeeInfraHash="x", RajeeRevision="ab" * 20 + "-dirty"), wanted()).synth_reasons
    assert elsewhere.endswith(f"{UNKNOWN}: git diff --stat abababababab shows it")


def test_every_doubt_is_told_the_plainest_first():
    found = judge("App", state(RajeeInfraHash="x", RajeeTemplateHash="y"), wanted(infrastructure=IMPURE)).synth_reasons
    assert [reason.split()[0] for reason in found] == ["the", "what", "file"]


def test_in_production_a_hash_decides_under_a_whole_record_alone():
    whole = replace(INFRA, inputs=(*INFRA.inputs, Input(RECORD, "whole")))
    production = {"check": InfraCheck.SYNTH, "is_record_enough": True}
    assert judge("App", state(), wanted(infrastructure=whole, **production)).tier is Tier.HASH
    (reason,) = judge("App", state(), wanted(**production)).synth_reasons
    assert "whole record" in reason
    by_its_own = wanted(**production, infrastructures={"App": whole})
    assert judge("App", state(), by_its_own).tier is Tier.HASH
    assert judge("App", state(), wanted(InfraCheck.SYNTH, whole)).synth_reasons == (
        "a synth is asked for (infra-check)",
    )
    (changed,) = judge("App", state(RajeeInfraHash="x"), wanted(infrastructure=whole, **production)).synth_reasons
    assert "inputs changed" in changed
