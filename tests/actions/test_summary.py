"""Whatever files and AWS say: a summary has the tables that it has, with that text in their cells."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from text_pieces import TEXTS

from rajee_deploy.actions.summary import amount_of_work, error_summary, run_summary
from rajee_deploy.aws import Identity
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.property_changes import PropertyChange
from rajee_deploy.plan.resource_changes import Action, ResourceChange, StackChanges
from rajee_deploy.plan.steps import BuildAndPush, Caution, DeployStack, Plan, Skip, StackChange, WaitForStack
from rajee_deploy.report.history import PastRun
from rajee_deploy.report.timings import Phase
from rajee_deploy.warned import Warned

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary", "br"}


def planned(texts, plan: Plan):
    name, place, output = texts[:3]
    image = SimpleNamespace(name=name, repository=place, tag=output)
    settings = SimpleNamespace(environment=name)
    return SimpleNamespace(
        plan=plan,
        run=SimpleNamespace(settings=settings, outputs={place: {name: output}}),
        identity=Identity("123456789012", "us-east-1"),
        wanted=SimpleNamespace(images=(image,)),
        observed=SimpleNamespace(images={}, stacks={}),
        inputs={},
        image_notices={},
        resources={place: StackChanges((change_of(texts),))},
    )


def change_of(texts) -> ResourceChange:
    one, two, three = texts[:3]
    return ResourceChange(Action.REPLACE, one, two, three, (PropertyChange(one, two, three),), (one,), broader=(two,))


def plan_of(texts) -> Plan:
    one, two, three = texts[:3]
    steps = (
        BuildAndPush(one, two, three),
        DeployStack(
            two, (), three, (StackChange.TAG,), why=((StackChange.ROLLED_BACK, one), (StackChange.INFRASTRUCTURE, two))
        ),
        WaitForStack(three, one),
    )
    return Plan(steps, (Skip(one, two),), cautions=(Caution("a-code", two, three),))


def run_of(texts) -> PastRun:
    one = texts[0]
    return PastRun("", one, one, "code", "done", 1.0, (one,), (one,), {}, (Phase(one, 0.0, 1.0),))


@given(st.lists(TEXTS, min_size=3, max_size=3))
def test_no_text_of_a_plan_or_of_a_history_breaks_a_table(texts):
    found = planned(texts, plan_of(texts))
    summary = run_summary(found, run_of(texts), {texts[0]: texts[1]}, [Warned(*texts)])
    rendered = PARSER.render(summary)
    assert set(re.findall(r"</?(\w+)", rendered)) <= OURS
    widths = [
        {len(re.findall(r"<t[hd][ >]", row)) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)}
        for table in re.findall(r"<table>(.*?)</table>", rendered, re.DOTALL)
    ]
    # Steps, resources, warnings, images, what needs nothing, outputs, times.
    assert widths == [{2}, {3}, {3}, {4}, {2}, {3}, {2}]
    assert rendered.count("<tr>") == (1 + 3) + (1 + 1) + (1 + 2) + (1 + 1) + (1 + 1) + (1 + 1) + (1 + 1)


@given(st.lists(TEXTS, min_size=4, max_size=4))
def test_no_text_of_an_error_breaks_its_table(texts):
    rendered = PARSER.render(
        error_summary("up", DeployError("a-code", texts[0], **dict(zip(WORDS, texts[1:], strict=True))))
    )
    assert set(re.findall(r"</?(\w+)", rendered)) <= OURS
    assert rendered.count("<td>") == 2 * (1 + sum(bool(text) for text in texts[1:]))  # its code besides
    assert html.unescape(rendered).count("<h3>") >= 1


WORDS = ("where", "cause", "hint")


def test_a_program_is_quoted_line_by_line_and_its_last_words_are_kept():
    said = "\n".join(["x" * 200] * 20 + ["ERROR: no such package"])
    summary = error_summary("up", DeployError("build-failed", "no", cause=said))
    assert summary.count("<br>") == 11
    assert "<br>ERROR&#58; no such package |" in summary


def test_what_people_look_for_is_in_the_summary_once():
    found = planned(["a", "b", "c"], plan_of(["a", "b", "c"]))
    found.run.outputs = {"App": {"RajeeState": "hash", "ServiceUrl": "http://x"}}
    phases = (Phase("ask AWS", 0.0, 1.0), Phase("synth", 1.0, 2.0), Phase("ask AWS", 3.0, 1.0))
    summary = run_summary(found, replace(run_of(["a", "b", "c"]), phases=phases), {}, [])
    assert "ServiceUrl" in summary
    assert "RajeeState" not in summary
    assert summary.count("ask AWS") == 1
    assert "| ask AWS | 2.00s |" in summary
    assert "1 needs nothing" in summary


def test_the_amount_of_work():
    texts = ["a", "b", "c"]
    assert amount_of_work(plan_of(texts)) == "1 image to build, 1 stack to update, 1 stack to wait for, 1 unchanged"
    assert amount_of_work(Plan((), ())) == "nothing to do"
