"""How much a plan is, in numbers and in a few words: the headline of every screen and page that shows one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.plan.step_words import words_of

if TYPE_CHECKING:
    from rajee_deploy.plan.steps import Plan

NOTHING = "Nothing to do."
_UNCHANGED = "unchanged"
# By what happens to it, what is counted and what is said of it; in the order in which it is said.
_WORDS = {
    "build": ("image", "to build"),
    "create": ("stack", "to create"),
    "update": ("stack", "to update"),
    "tag": ("tag", "to move"),
    "repair": ("service", "to repair"),
    "confirm": ("rollout", "to confirm"),
    "wait": ("stack", "to wait for"),
}


def amounts(plan: Plan) -> dict[str, int]:
    """How many of each kind: by the verb of steps, and `unchanged` for what needs nothing."""
    verbs = [words_of(step).verb for step in plan.steps]
    return {**{verb: verbs.count(verb) for verb in _WORDS}, _UNCHANGED: len(plan.skipped)}


def headline(plan: Plan) -> str:
    """`1 image to build, 1 stack to update, 1 unchanged`, or that nothing is to be done."""
    if plan.is_empty:
        return NOTHING
    found = amounts(plan)
    told = [
        f"{found[verb]} {what}{'s' if found[verb] > 1 else ''} {to}"
        for verb, (what, to) in _WORDS.items()
        if found[verb]
    ]
    return ", ".join([*told, *([f"{found[_UNCHANGED]} {_UNCHANGED}"] if found[_UNCHANGED] else [])])
