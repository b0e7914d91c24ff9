"""The record outside of a stack: what is believed of it, and that nothing false comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import INFRA_PARAMETER, REVISION_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.state import StackAbsent, StackContent, StackPresent
from rajee_deploy.stack.deployment_record import RecordedStacks, SsmRecords, StackRecord, decode, encode

RECORD = StackRecord({"app": "c-1"}, "sha256:infra", "sha256:template", "1" * 40)
STATE = StackPresent("UPDATE_COMPLETE", {"Own": "x"}, {}, content=StackContent("one"))


@dataclass
class Texts:
    """Records in a dictionary."""

    texts: dict[str, str] = field(default_factory=dict)

    def read(self, stack: str) -> str | None:
        return self.texts.get(stack)

    def write(self, stack: str, text: str) -> None:
        self.texts[stack] = text


@dataclass
class Stacks:
    """Each stack in one state."""

    state: StackPresent | StackAbsent

    def describe(self, _stack: str) -> StackPresent | StackAbsent:
        return self.state

    observe = describe


class Answers:
    """An Aws that gives one answer, or hands one error to whoever expects it."""

    def __init__(self, answer=None, error: str = "") -> None:
        self.answer, self.error, self.asked = answer, error, []

    def ask(self, service, operation, arguments, expected=None):
        self.asked.append((service, operation, arguments))
        if not self.error:
            return self.answer
        known = expected(self.error, "") if expected else None
        if known is None:
            raise DeployError("aws-error", self.error)
        return known


def shown(text: str | None, state=STATE):
    store = Texts({} if text is None else {"App": text})
    return RecordedStacks(Stacks(state), store, {"App": {"app": "context:imageTag"}}.get).observe("App")


def test_a_record_stands_where_the_parameters_would():
    assert shown(encode(RECORD)).parameters == {
        "Own": "x",
        "context:imageTag": "c-1",
        INFRA_PARAMETER: "sha256:infra",
        TEMPLATE_PARAMETER: "sha256:template",
        REVISION_PARAMETER: "1" * 40,
    }


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "{}",
        encode(RECORD).replace("record/1", "record/2"),
        encode(RECORD).replace('"c-1"', "1"),
        encode(RECORD).replace('{"app":"c-1"}', '"c-1"'),
        encode(RECORD).replace('"sha256:infra"', "null"),
        encode(RECORD).replace('"template"', '"other"'),
        encode(RECORD)[:-1],
    ],
)
def test_what_is_not_wholly_a_record_is_none(text):
    assert shown(text) == STATE


def test_what_a_stack_says_of_itself_comes_first():
    own = replace(STATE, parameters={INFRA_PARAMETER: "-"})
    assert shown(encode(RECORD), own).parameters[INFRA_PARAMETER] == "-"


def test_other_stacks_and_absent_ones_are_not_asked_about():
    class Never(Texts):
        def read(self, stack: str) -> str | None:
            raise AssertionError(stack)

    assert RecordedStacks(Stacks(STATE), Never(), {"Other": {"app": "p"}, "App": {}}.get).observe("App") == STATE
    absent = RecordedStacks(Stacks(StackAbsent()), Never(), {"App": {"app": "p"}}.get)
    assert absent.describe("App") == StackAbsent()


def test_a_record_reads_back():
    assert decode(encode(RECORD)) == RECORD


def test_only_an_explicit_answer_is_an_absence():
    assert SsmRecords(Answers(error="ParameterNotFound")).read("App") is None
    for aws in (Answers({}), Answers({"Parameter": {"Name": "/rajee-deploy/B", "Value": "x"}}), Answers(error="Other")):
        with pytest.raises(DeployError):
            SsmRecords(aws).read("App")
    full = Answers({"Parameter": {"Name": "/rajee-deploy/App", "Value": "x"}})
    assert SsmRecords(full).read("App") == "x"


def test_a_record_that_is_too_long_is_not_sent():
    aws = Answers({})
    with pytest.raises(DeployError, match="4096"):
        SsmRecords(aws).write("App", "é" * 2049)
    SsmRecords(aws).write("App", "é" * 2048)
    assert [operation for _, operation, _ in aws.asked] == ["put_parameter"]
