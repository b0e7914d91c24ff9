"""What a plan or a run was, as Markdown for the page of a CI job. Values in, text out; it writes nothing and decides
nothing. What files and AWS say goes through `text.markdown`, so that no name of theirs is markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.plan_rows import Behind, step_row
from rajee_deploy.console import printable
from rajee_deploy.plan.amounts import headline
from rajee_deploy.plan.shown_outputs import shown_outputs
from rajee_deploy.report.timings import duration
from rajee_deploy.text import markdown
from rajee_deploy.text.lines import lines_of
from rajee_deploy.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.console.rows import Row
    from rajee_deploy.errors import DeployError
    from rajee_deploy.plan.steps import Plan
    from rajee_deploy.report.history import PastRun

_MOST_LINES = 12
_OUTCOMES = {"done": "done", "accepted": "accepted; CloudFormation goes on by itself"}


def plan_summary(planned: Planned, digests: Mapping[str, str], warned: Sequence[Warned], seconds: float) -> str:
    """What `up` would do, and why."""
    head = _headline("plan", planned, amount_of_work(planned.plan))
    return "\n".join((head, *_of_plan(planned, digests, warned), f"\nPlanned in {duration(seconds)}.\n"))


def run_summary(planned: Planned, run: PastRun, digests: Mapping[str, str], warned: Sequence[Warned]) -> str:
    """What `up` did, how long it took, and where what it deployed is found."""
    what = amount_of_work(planned.plan) if planned.plan.is_empty else _OUTCOMES.get(run.outcome, run.outcome)
    head = _headline("up", planned, f"{what}, in {duration(run.seconds)}")
    spent: dict[str, float] = {}
    for phase in run.phases:  # some happen several times
        spent[phase.name] = spent.get(phase.name, 0.0) + phase.seconds
    phases = [(_text(name), duration(seconds)) for name, seconds in spent.items()]
    times = markdown.folded("Where the time went", markdown.table(("phase", ">time"), phases)) if phases else ""
    return "\n".join((head, *_of_plan(planned, digests, warned), *_outputs(planned), times))


def error_summary(verb: str, error: DeployError) -> str:
    """Why a run ended as it did not want to."""
    rows = [(name, _lines(text)) for name, text in (("why", error.cause), ("where", error.where)) if text]
    rows += [("next", _code(error.hint))] if error.hint else []  # to be copied as it is
    rows += [("code", f"{_code(error.code)} {_code(f'rajee-deploy explain-error {error.code}')}")]
    return f"### ✗ rajee-deploy {verb}: {_text(error.problem)}\n\n{markdown.table(('', ''), rows)}"


def amount_of_work(plan: Plan) -> str:
    """The plan in a few words, within a sentence."""
    return "nothing to do" if plan.is_empty else headline(plan)


def _headline(verb: str, planned: Planned, what: str) -> str:
    environment = planned.run.settings.environment
    name = f"{verb} · {environment}" if environment else verb
    who = planned.identity
    place = f"account {_code(who.account)}, region {_code(who.region)}"
    return f"### rajee-deploy {_text(name)}: {_text(what)}\n\n{place}\n"


def _of_plan(planned: Planned, digests: Mapping[str, str], warned: Sequence[Warned]) -> list[str]:
    steps = [step_row(step, planned, Behind()) for step in planned.plan.steps]
    skipped = [(_code(skip.subject), _text(skip.reason)) for skip in planned.plan.skipped]
    images = [
        (_code(image.name), _code(str(image.repository)), _code(image.tag), _code(digests.get(image.name, "")))
        for image in planned.wanted.images
    ]
    found = dict.fromkeys([*_warnings(planned), *warned])
    warnings = [(_code(one.subject or "run"), _text(one.message), _code(one.code)) for one in found]
    rest = f"{len(skipped)} {'needs' if len(skipped) == 1 else 'need'} nothing"
    rows = [(_code(f"{row.verb} {row.name}"), _text(_why(row))) for row in steps]
    return [
        markdown.table(("step", "why"), rows) if rows else "",
        *_resources(planned),
        markdown.table(("warning", "", "code"), warnings) if warnings else "",
        markdown.table(("image", "repository", "tag", "digest"), images) if images else "",
        markdown.folded(rest, markdown.table(("", "why"), skipped)) if skipped else "",
    ]


def _why(row: Row) -> str:
    """What is said of a step, in one cell."""
    details = (" ".join(filter(None, (one.name, one.text, one.right))) for one in row.details)
    return "; ".join(filter(None, (row.text, *details)))


def _resources(planned: Planned) -> Iterator[str]:
    """The resources that change, stack by stack."""
    for stack, changes in planned.resources.items():
        if changes.resources:
            from rajee_deploy.actions.resource_lines import summary_of, table_of

            rows = [(_code(name), _code(kind), _text(what)) for name, kind, what in table_of(changes)]
            table = markdown.table(("resource", "type", ""), rows)
            yield markdown.folded(printable(f"{stack}: {summary_of(changes)}"), table)


def _warnings(planned: Planned) -> Iterator[Warned]:
    """What a plan warns of by itself, whether it was shown or not."""
    by_image = [(name, notice) for name, notices in planned.image_notices.items() for notice in notices]
    for name, notice in (*by_image, *planned.plan.notices):
        yield Warned(f"image {name}", notice.code, notice.message)
    for caution in planned.plan.cautions:
        yield Warned(caution.subject, caution.code, caution.text)


def _outputs(planned: Planned) -> list[str]:
    rows = [
        (_code(stack), _code(name), _code(value))
        for stack, outputs in planned.run.outputs.items()
        for name, value in shown_outputs(outputs.items())
    ]
    return [markdown.table(("stack", "output", "value"), rows)] if rows else []


def _lines(text: str) -> str:
    """Of a program's words, the last lines are those that say what is wrong."""
    lines = [line for each in lines_of(text) if (line := _text(each))]
    return "<br>".join(lines[-_MOST_LINES:])


def _text(text: str) -> str:
    return markdown.plain(printable(" ".join(text.split())))


def _code(text: str) -> str:
    return markdown.code(printable(" ".join(text.split())))
