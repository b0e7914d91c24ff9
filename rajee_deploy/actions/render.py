"""A plan on the screen: the result, what will happen in order with every reason, then what to know. It decides nothing,
and asks nobody but for `insight`; the words of a row are those of `plan_rows`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.actions.heading import complete_heading
from rajee_deploy.actions.insight import look_behind
from rajee_deploy.actions.plan_rows import Behind, rows_of
from rajee_deploy.plan.amounts import headline
from rajee_deploy.plan.steps import DeployStack, StackChange, Tier
from rajee_deploy.report.timings import duration
from rajee_deploy.settings import LOCK_NAME
from rajee_deploy.system.requests_sent import requests_sent
from rajee_deploy.text.short import short
from rajee_deploy.warned import Concern, Warned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.actions.insight import Insight
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun

_SHOWN = 5  # names in a line


def show_plan(run: CurrentRun, planned: Planned, insight: Insight | None = None, *, is_whole: bool = False) -> None:
    """Say what the plan is. `is_whole`: with everything that is behind each reason."""
    decided = _decided(run, planned)
    insight = insight or look_behind(run, planned)
    console, is_whole = run.console, is_whole or run.console.verbose
    complete_heading(run, planned.identity)
    console.blank()
    style = "bold green" if planned.plan.is_empty else "bold"
    usual = f"usually {duration(insight.usual)}" if insight.usual is not None else ""
    console.headline(headline(planned.plan), usual, indent=2, style=style)
    console.blank()
    rows = rows_of(planned, _behind(run, planned, insight, is_whole=is_whole))
    if rows:
        console.rows(rows)
        console.blank()
    console.warnings(_concerns(planned), is_whole=is_whole)
    if not console.quiet:
        for line in (*_facts(run, planned, is_whole=is_whole), decided):
            console.headline(line, indent=2, style="dim")


def _behind(run: CurrentRun, planned: Planned, insight: Insight, *, is_whole: bool) -> Behind:
    images, top = {}, run.settings.root
    for name, new in insight.new_tags.items():
        from rajee_deploy.actions.new_tag_lines import details

        images[name] = details(new, planned.inputs[name], top, is_whole=is_whole)
    stacks = {}
    for stack, changes in planned.resources.items():
        from rajee_deploy.actions import resource_lines

        stacks[stack] = tuple(resource_lines.details(changes, verbose=is_whole))
    return Behind(images, stacks, is_whole)


def _concerns(planned: Planned) -> Iterator[Concern]:
    """What the plan warns of."""
    by_image = [(name, notice) for name, notices in planned.image_notices.items() for notice in notices]
    for name, notice in (*by_image, *planned.plan.notices):
        yield Concern(Warned(f"image {name}", notice.code, notice.message), notice.line, is_alike=True)
    for caution in planned.plan.cautions:
        yield Concern(Warned(caution.subject, caution.code, caution.text))


# -- what it was decided on ----------------------------------------------------------------------------------------


def _decided(run: CurrentRun, planned: Planned) -> str:
    """The evidence, how long it took until now, and what was asked for it."""
    sent = requests_sent()
    asked = f", {sent} request{'s' if sent != 1 else ''}" if sent else ""
    return f"decided {_by(planned)}in {duration(run.timings.total)}{asked}"


def _by(planned: Planned) -> str:
    match planned.plan.tier if planned.wanted.infrastructure is not None else None:
        case Tier.HASH:
            return "by hash "
        case Tier.SYNTH:
            return "by a synth "
        case _:
            return ""


def _facts(run: CurrentRun, planned: Planned, *, is_whole: bool) -> Iterator[str]:
    """What else to know of how it was decided, in a line each."""
    yield from _of_synth(run, is_whole=is_whole)
    if _is_left_to_cloudformation(planned):
        yield "what changes is left to CloudFormation, which compares when it deploys"
    for what, names in (
        ("not installed here, taken as recorded", planned.wanted.taken),
        ("left out by cdk.ignore, though synth reads it", planned.wanted.ignored),
    ):
        if names:
            shown = names if is_whole else names[:_SHOWN]
            more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
            yield f"{what}: {', '.join(shown)}{more}"
    for image in planned.wanted.images:
        if image.context_key:
            yield f"the context value {image.context_key} is the tag: each new tag takes a synth, so it is slower"
    lock = run.settings.root / LOCK_NAME
    if os.path.lexists(lock):  # without one, what knows of locks is not even imported
        from rajee_deploy.actions.bases import age

        yield from age(lock)


def _of_synth(run: CurrentRun, *, is_whole: bool) -> Iterator[str]:
    reasons = run.synth_reasons
    shown = reasons if is_whole else reasons[:1]
    for number, reason in enumerate(shown):
        more = len(reasons) - len(shown)
        others = f" … and {more} more: --explain" if more and number == len(shown) - 1 else ""
        yield f"a synth was needed: {reason if is_whole else short(reason)}{others}"


def _is_left_to_cloudformation(planned: Planned) -> bool:
    """Whether a stack is updated of which nobody here compared the template."""
    return any(
        isinstance(step, DeployStack) and step.tier is Tier.DEPLOY and StackChange.INFRASTRUCTURE in step.changes
        for step in planned.plan.steps
    )
