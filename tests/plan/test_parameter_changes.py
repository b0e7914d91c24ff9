"""The app's own parameters as a table: what is wanted and what is deployed, in every state that decides otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, InfraCheck
from rajee_deploy.plan.parameter_changes import not_taken, unaffected_lines, unknown_parameter
from rajee_deploy.plan.parameters import Declared, ParameterValue, WantedParameter
from rajee_deploy.plan.planner import make_plan, synth_reasons
from rajee_deploy.plan.state import Observed, StackAbsent, StackContent, StackPresent, Synthesised, Wanted
from rajee_deploy.plan.steps import StackChange, Via
from rajee_deploy.plan.template_differences import record_of

INFRA = Fingerprint("s", Digest("sha256", "b" * 64), ())
CONTENT = StackContent("sha256:t")
RECORDED = {INFRA_PARAMETER: str(INFRA.digest), TEMPLATE_PARAMETER: record_of(CONTENT)}
SLOTS = {
    "Size": Declared(),
    "Zones": Declared("CommaDelimitedList"),
    "Old": Declared(is_used=False),
    "Key": Declared(is_secret=True),
}
VALUES = {"Size": "small", "Zones": "a,b", "Old": "1", "Key": "****"}
SAME = Synthesised(CONTENT, declared=SLOTS)


def deployed(**values: str) -> StackPresent:
    return StackPresent(
        "UPDATE_COMPLETE",
        {**RECORDED, **VALUES, **values},
        {},
        content=CONTENT,
        since="1",
        identifier="arn",
        declared=SLOTS,
    )


def wanted(*parameters: WantedParameter, **more) -> Wanted:
    return Wanted((), ("App",), INFRA, parameters={"App": parameters}, **more)


def value(name: str, text: str | None, variable: str = "", *, everywhere: bool = False) -> WantedParameter:
    return WantedParameter(name, text, variable, everywhere)


def plan(want: Wanted, state=None, **secrets: bool):
    observed = Observed({}, {"App": state or deployed()}, secrets={("App", key): is_ for key, is_ in secrets.items()})
    return make_plan(want, observed)


NOTHING = {
    "none is given": (),
    "the same": (value("Size", "small"),),
    "the same members": (value("Zones", " a, b"),),
    "the same from a variable": (value("Size", "small", "SIZE"),),
    "a variable that is not set": (value("Size", None, "SIZE"),),
    "a secret's variable that is not set": (value("Key", None, "KEY"),),
    "one that nothing uses": (value("Old", "2"),),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_is_to_be_done(name):
    assert plan(wanted(*NOTHING[name])).is_empty


CHANGES = {
    "another": (value("Size", "large"), "Size: small → large"),
    "an empty one": (value("Size", ""), 'Size: small → ""'),
    "another from a variable": (value("Size", "large", "SIZE"), "Size: SIZE has another value"),
    "other members": (value("Zones", "a"), "Zones: a,b → a"),
    "a secret of which nothing is known": (value("Key", "k", "KEY"), "Key: only CloudFormation knows"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_its_own(name):
    one, reason = CHANGES[name]
    (step,) = plan(wanted(one)).steps
    assert (step.changes, step.via) == ((StackChange.PARAMETER,), Via.CDK)
    assert step.reason.startswith(reason)
    assert [each.value for each in step.values] == [one.value]
    assert plan(wanted(one, by_cloudformation=True)).steps[0].via is Via.CLOUDFORMATION
    assert plan(wanted(one)).kind == "parameters"


def test_a_secret_is_known_where_it_was_deployed():
    key = value("Key", "k", "KEY")
    assert plan(wanted(key), Key=True).is_empty
    (step,) = plan(wanted(key), Key=False).steps
    assert step.reason == "Key: KEY has another value"
    assert "k" not in str([each.shown for each in step.values])


def test_a_secret_that_was_none_when_it_was_deployed_is_given_again():
    slots = {**SLOTS, "Size": Declared(is_secret=True)}
    made = {"App": Synthesised(CONTENT, declared=slots)}
    (step,) = plan(wanted(value("Size", "small", "SIZE"), synthesised=made)).steps
    assert "only CloudFormation knows" in step.reason
    assert "or by one with --no-wait (without SIZE it keeps" in step.reason


@pytest.mark.parametrize("variable", ["", "SIZE"])
def test_asterisks_are_a_value_where_the_template_says_that_it_is_no_secret(variable):
    state, one = deployed(Size="****"), value("Size", "****", variable)
    assert plan(wanted(one), state).is_empty
    (step,) = plan(wanted(value("Size", "large", variable)), state).steps
    assert step.reason == ("Size: SIZE has another value" if variable else "Size: **** → large")
    (step,) = plan(wanted(one), deployed()).steps
    assert unaffected_lines(step, deployed(Size="****")) == []
    assert unaffected_lines(step, deployed())
    other = replace(step, values=(ParameterValue("Size", "large", variable),))
    assert unaffected_lines(other, state) == [], "a macro may hide what the template shows"


@pytest.mark.parametrize(("variable", "is_same"), [("", True), ("SIZE", False)])
def test_where_no_template_tells_asterisks_may_hide_what_comes_from_a_variable(variable, is_same):
    state = replace(deployed(Size="****"), declared={})
    found = plan(wanted(value("Size", "****", variable), synthesised={"App": SAME}), state)
    assert found.is_empty is is_same


def test_a_secret_that_is_none_any_more_is_given_again():
    """Also where its new value is what CloudFormation shows of a secret."""
    plain = {"App": Synthesised(CONTENT, declared={**SLOTS, "Key": Declared()})}
    for text in ("****", "k"):
        (step,) = plan(wanted(value("Key", text), synthesised=plain)).steps
        assert step.reason == f"Key: *** → {text}"
    (step,) = plan(wanted(value("Key", "****", "KEY"), synthesised=plain)).steps
    assert "only CloudFormation knows" in step.reason


def test_what_is_kept_or_unused_is_told():
    cautions = plan(wanted(value("Size", None, "SIZE"), value("Old", "2"))).cautions
    assert [each.code for each in cautions] == ["parameter-kept", "parameter-unused"]


@pytest.mark.parametrize("state", [StackAbsent(), replace(deployed(), status="ROLLBACK_COMPLETE"), deployed()])
def test_a_default_that_is_taken_for_want_of_a_variable_is_told(state):
    """The stack is made, or is there and gets a parameter that it did not have."""
    slots = {name: slot._replace(has_default=True) for name, slot in {**SLOTS, "New": Declared(is_secret=True)}.items()}
    made = {"App": Synthesised(StackContent("sha256:u"), declared=slots)}
    (caution,) = plan(wanted(value("New", None, "NEW"), synthesised=made), state).cautions
    assert (caution.code, caution.subject) == ("parameter-default", "stack App")
    assert caution.text == "New takes its default, since NEW is not set"
    assert plan(wanted(value("New", "n", "NEW"), synthesised=made), state).cautions == ()


ERRORS = {
    "unknown": (value("Nope", "1"), "no-such-parameter"),
    "unknown, for all": (value("Nope", "1", everywhere=True), "no-such-parameter"),
    "secret in the open": (value("Key", "k"), "secret-parameter"),
    "secret in the open, for all": (value("Key", "k", everywhere=True), "secret-parameter"),
}


@pytest.mark.parametrize("how", ["hash", "synth", "remembered"])
@pytest.mark.parametrize("name", ERRORS)
def test_what_is_refused(name, how):
    one, code = ERRORS[name]
    more = {} if how == "hash" else {"synthesised" if how == "synth" else "remembered": {"App": SAME}}
    with pytest.raises(ConfigurationError) as caught:
        plan(wanted(one, **more))
    assert caught.value.code == code
    assert "k" not in {caught.value.problem, caught.value.cause}


IMPOSSIBLE = {"nul": ("canary\0", "a NUL"), "bytes": ("canary\udcff", "not UTF-8"), "long": ("ü" * 2049, "4098 bytes")}


@pytest.mark.parametrize("state", [StackAbsent(), deployed()])
@pytest.mark.parametrize(("variable", "where"), [("", "cdk.parameters"), ("SIZE", "the variable SIZE")])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_no_parameter_can_have_is_refused(name, variable, where, state):
    text, cause = IMPOSSIBLE[name]
    with pytest.raises(ConfigurationError, match="parameter Size of App") as caught:
        plan(wanted(value("Size", text, variable)), state)
    assert (caught.value.code, cause in caught.value.cause) == ("parameter-refused", True)
    assert where in caught.value.where
    assert "canary" not in str(caught.value)


def test_the_longest_that_a_parameter_takes_is_given():
    assert plan(wanted(value("Size", "ü" * 2048))).steps


def test_one_for_all_stacks_is_given_to_those_that_have_it():
    want = replace(wanted(value("Size", "large", everywhere=True)), stacks=("App", "Web"))
    want = replace(want, parameters={**want.parameters, "Web": want.parameters["App"]})
    web = StackPresent("UPDATE_COMPLETE", dict(RECORDED), {}, content=CONTENT)
    found = make_plan(want, Observed({}, {"App": deployed(), "Web": web}))
    assert [(step.stack, len(step.values)) for step in found.steps] == [("App", 1)]


@pytest.mark.parametrize("stacks", [("App",), ("App", "Web")])
def test_one_for_all_stacks_that_none_has_is_refused_with_those_that_there_are(stacks):
    want = replace(wanted(value("Nope", "1", everywhere=True), unchosen={("App", "Old"): "worker"}), stacks=stacks)
    want = replace(want, parameters=dict.fromkeys(stacks, want.parameters["App"]))
    web = StackPresent("UPDATE_COMPLETE", {**RECORDED, "Width": "1"}, {}, content=CONTENT)
    with pytest.raises(ConfigurationError) as caught:
        make_plan(want, Observed({}, {"App": deployed(), "Web": web}))
    several = len(stacks) > 1
    subject = "none of the stacks App, Web has a" if several else "the stack App has no"
    assert caught.value.problem == f"{subject} parameter Nope"
    assert caught.value.hint == "there is: Key, Size, " + ("Width, Zones" if several else "Zones")
    assert "BootstrapVersion" not in unknown_parameter("", ["BootstrapVersion"]).hint  # nobody sets it
    with pytest.raises(ConfigurationError, match="the template of App has no parameter Nope") as caught:
        plan(wanted(value("Nope", "1")))
    assert caught.value.hint == "there is: Key, Old, Size, Zones"


def test_what_a_template_may_have_by_now_is_left_to_a_synth():
    """Its inputs changed: the deployed template says nothing of the parameters that it will have."""
    changed = deployed(**{INFRA_PARAMETER: "x"})
    new = value("New", "1")
    assert synth_reasons(wanted(new), Observed({}, {"App": changed}))
    (step,) = plan(wanted(new, check=InfraCheck.HASH), changed).steps
    assert {*step.changes} == {StackChange.INFRASTRUCTURE, StackChange.PARAMETER}
    made = {"App": replace(SAME, declared={**SLOTS, "New": Declared()})}
    assert plan(wanted(new, synthesised=made), changed).steps[0].reason == "New: not there yet"
    with pytest.raises(ConfigurationError, match="New"):
        plan(wanted(new, synthesised={"App": SAME}), changed)


@pytest.mark.parametrize("status", ["", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_is_made_needs_every_value(status):
    """Also in the place of one whose creation failed: what that was given is gone with it."""
    state = replace(deployed(), status=status) if status else StackAbsent()
    assert plan(wanted(value("Size", "small")), state).kind == "first", "no synth has told of its parameters"
    with pytest.raises(ConfigurationError) as caught:
        plan(wanted(value("Size", "small"), value("Zones", None, "ZONES"), synthesised={"App": SAME}), state)
    assert caught.value.code == "missing-parameter"
    assert caught.value.hint.splitlines() == [
        "export ZONES=…",
        "write in the settings:",
        "[cdk.parameters.App]",
        'Old = "…"',
        'Key = { env = "KEY" }',
    ]
    given = (value("Size", "s"), value("Zones", "z", "ZONES"), value("Old", "1"), value("Key", "k", "KEY"))
    (step,) = plan(wanted(*given, synthesised={"App": SAME}), state).steps
    assert (len(step.values), step.parameter_changes) == (4, ())


def test_what_takes_the_tag_of_an_image_that_is_left_out_is_asked_of_that_image():
    """The settings would refuse a value for it."""
    slots = {"WorkerTag": Declared(), "WebTag": Declared(), "Size": Declared()}
    left_out = {("App", "WorkerTag"): "worker", ("Web", "Size"): "other"}
    made = {"App": replace(SAME, declared=slots)}
    with pytest.raises(ConfigurationError, match="WorkerTag, Size") as caught:
        plan(wanted(value("WebTag", "c-1"), synthesised=made, unchosen=left_out), StackAbsent())
    assert caught.value.hint.splitlines() == [
        "add --image worker, or leave --image out",
        "write in the settings:",
        "[cdk.parameters.App]",
        'Size = "…"',
    ]
    with pytest.raises(ConfigurationError, match="parameter WorkerTag") as caught:
        plan(wanted(value("WebTag", "c"), value("Size", "s"), synthesised=made, unchosen=left_out), StackAbsent())
    assert caught.value.hint == "add --image worker, or leave --image out"


def test_a_new_parameter_of_a_stack_that_is_there_needs_a_value():
    made = {"App": replace(SAME, content=StackContent("sha256:u"), declared={**SLOTS, "New": Declared()})}
    with pytest.raises(ConfigurationError, match="New"):
        plan(wanted(synthesised=made))
    default = {"App": replace(made["App"], declared={**SLOTS, "New": Declared(has_default=True)})}
    assert plan(wanted(synthesised=default)).kind == "infra"


def test_what_was_rolled_back_is_deployed_with_its_values():
    (step,) = plan(wanted(value("Size", "small")), replace(deployed(), status="UPDATE_ROLLBACK_COMPLETE")).steps
    assert (step.changes, len(step.values)) == ((StackChange.ROLLED_BACK,), 1)


def test_a_deployment_is_believed_when_the_values_are_there():
    (step,) = plan(wanted(value("Size", "large"), value("Zones", "a, c"), value("Key", "k", "KEY"))).steps
    done = replace(deployed(Size="large", Zones="a,c"), since="2")
    assert (not_taken(step, deployed(), done), unaffected_lines(step, done)) == ("", [])
    other = replace(done, parameters={**done.parameters, "Size": "small"})
    assert "Size" in not_taken(step, deployed(), other), "it was updated, and has another value"
    assert not_taken(step, StackAbsent(), other)
    assert not_taken(step, replace(other, since="2"), other) == "", "CloudFormation found nothing to update"
    assert unaffected_lines(step, other)
