"""What stands for a kind of run in charts and legends: a colour and a shape, so that no meaning is in colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterable

# Paths around (0, 0); the place in this list is also the colour, `.c0` and on in the style.
SHAPES = (
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    "M-3.2 -3.2h6.4v6.4h-6.4z",
    "M0 -4.2L4 3H-4z",
    "M0 -4.6L4.6 0L0 4.6L-4.6 0z",
    "M-4 -3H4L0 4.2z",
    "M-4.5 -1.6h9v3.2h-9z",
)
CROSS = "M-3.5 -3.5L3.5 3.5M-3.5 3.5L3.5 -3.5"

_USUAL = ("noop", "code", "infra", "first", "rollback")


def places(kinds: Iterable[str]) -> dict[str, int]:
    """The mark of each kind: the usual ones have the same in every report; those beyond all marks share the last."""
    there = set(kinds)
    ordered = [*_USUAL, *sorted(there - set(_USUAL))]
    return {kind: min(place, len(SHAPES) - 1) for place, kind in enumerate(ordered) if kind in there}


def mark(place: int, x: float, y: float, title: Markup) -> Markup:
    """The mark of a finished run."""
    return element("path", element("title", title), class_=f"m c{place}", d=SHAPES[place], transform=_at(x, y))


def cross(x: float, y: float, title: Markup) -> Markup:
    """The mark of a run that did not finish."""
    return element("path", element("title", title), class_="x", d=CROSS, transform=_at(x, y))


def sample(place: int | None) -> Markup:
    """A mark alone, for a legend; None is the one of runs that did not finish."""
    shape = (
        element("path", class_="x", d=CROSS)
        if place is None
        else element("path", class_=f"m c{place}", d=SHAPES[place])
    )
    return element("svg", shape, class_="sample", viewBox="-6 -6 12 12", aria_hidden="true")


def _at(x: float, y: float) -> str:
    return f"translate({x:.1f} {y:.1f})"
