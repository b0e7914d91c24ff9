"""Figures → SVG. Pure: one function for each chart, which knows its data and leaves the places to `axes`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rajee_deploy.fingerprint import TAG_PREFIX
from rajee_deploy.report.axes import BOTTOM, LEFT, RIGHT, ends, goal, grid, linear, logarithmic, picture
from rajee_deploy.report.facts import kind_name, short_revision, without_accounts
from rajee_deploy.report.marks import cross, mark, places
from rajee_deploy.report.markup import NOTHING, Markup, element, text
from rajee_deploy.report.parts import KIND
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.report.timings import duration
from rajee_deploy.report.trend import day_of, minute_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rajee_deploy.report.history import PastRun
    from rajee_deploy.report.metrics import Figures, KindFigures, PeriodFigures

_GAP = 0.25  # of a bar's room
_WIDEST = 48.0
_TAG_DIGITS = len(TAG_PREFIX) + 12
_DAY = 86400


def runs_over_time(found: Figures) -> Markup:
    """Each of the recent runs that was carried out as a mark: when it was and how long it took."""
    runs = shown_runs(found)
    if not runs:
        return NOTHING
    moments = [_moment(run) for run in runs]
    first, last = min(moments), max(moments)
    marks, kinds = [], places(run.kind for run in runs)
    targets = {kind: seconds for kind, seconds in TARGETS.items() if kind in kinds}
    scale = logarithmic([*(run.seconds for run in runs), *targets.values()])
    for run, moment in zip(runs, moments, strict=True):
        share = (moment - first) / (last - first) if last > first else 0.5
        x, y = LEFT + 6 + share * (RIGHT - LEFT - 12), scale.place(run.seconds)
        marks.append(mark(kinds[run.kind], x, y, _title(run)) if run.outcome == "done" else cross(x, y, _title(run)))
    lines = [goal(scale.place(seconds), f"goal of {kind_name(kind)}") for kind, seconds in targets.items()]
    days = sorted(map(day_of, runs))
    return picture("how long each run took, over time", grid(scale), *marks, *lines, ends(str(days[0]), str(days[-1])))


def shown_runs(found: Figures) -> list[PastRun]:
    """Those whose durations mean something: a run that was refused did nothing, and the end of one that was accepted
    was not waited for."""
    return [run for run in found.recent if run.outcome not in {"accepted", "refused"}]


def runs_by_period(found: Figures) -> Markup:
    """Bars of runs: those that built an image, those that built none, those that did not finish."""
    periods = found.periods
    if not periods:
        return NOTHING
    scale = linear(max(4, *(period.runs + period.failed for period in periods)), lambda value: f"{value:g}")
    bars = []
    for number, period in enumerate(periods):
        below = 0
        parts = []
        for class_, count in (
            ("built", period.builds),
            ("kept", period.runs - period.builds),
            ("failed", period.failed),
        ):
            if count:
                parts.append(_bar(number, len(periods), scale.place(below), scale.place(below + count), class_))
            below += count
        bars.append(element("g", element("title", text(_counts(period))), *parts))
    return picture(f"runs by the {found.unit}", grid(scale), *bars, _ends(periods))


def parts_by_period(found: Figures) -> Markup:
    """Bars of what a code change took on average, by its parts, and its goal."""
    periods = found.periods
    highest = _highest(found)
    if highest <= 0:
        return NOTHING
    target = TARGETS[KIND]
    shown = max(highest, target) if parts_have_goal(found) else highest
    unit = _unit(shown)
    scale = linear(shown, _in_unit(unit), unit)
    bars = []
    for number, period in enumerate(periods):
        below, drawn = 0.0, []
        for place, part in enumerate(period.parts):
            if part.seconds > 0:
                above = below + part.seconds
                drawn.append(_bar(number, len(periods), scale.place(below), scale.place(above), f"p{place}"))
                below = above
        if drawn:
            words = "; ".join(f"{part.name} {duration(part.seconds)}" for part in period.parts if part.seconds > 0)
            bars.append(element("g", element("title", text(f"{period.begins}: {duration(below)}: {words}")), *drawn))
    line = goal(scale.place(target), "goal") if parts_have_goal(found) else NOTHING
    return picture(f"what a code change takes, by the {found.unit}", grid(scale), *bars, line, _ends(periods))


def parts_have_goal(found: Figures) -> bool:
    """Whether the goal of a code change is a line of that chart."""
    return _fits(TARGETS[KIND], _highest(found))


def _highest(found: Figures) -> float:
    return max((sum(part.seconds for part in period.parts) for period in found.periods), default=0.0)


def kind_by_period(found: Figures, kind: KindFigures) -> Markup:
    """One kind of run: bars up to the median of each period, thin lines up to its 95th percentile, and the goal."""
    periods = found.periods
    of_period = [next((one for one in period.kinds if one.kind == kind.kind), None) for period in periods]
    highest = max((one.p95 for one in of_period if one), default=0.0)
    shown = kind.target if kind.target and _fits(kind.target, highest) else 0.0
    unit = _unit(max(highest, shown))
    scale = linear(max(highest, shown), _in_unit(unit), unit)
    bars = []
    for number, (period, one) in enumerate(zip(periods, of_period, strict=True)):
        if one is None:
            continue
        x = _middle(number, len(periods))
        words = (
            f"{period.begins}: {one.count} of {kind_name(one.kind)}, p50 {duration(one.p50)}, p95 {duration(one.p95)}"
        )
        bars.append(
            element(
                "g",
                element("title", text(words)),
                _bar(number, len(periods), BOTTOM, scale.place(one.p50), "median"),
                element("line", class_="p95", x1=x, x2=x, y1=scale.place(one.p50), y2=scale.place(one.p95)),
                element("line", class_="p95", x1=x - 3, x2=x + 3, y1=scale.place(one.p95), y2=scale.place(one.p95)),
            )
        )
    line = goal(scale.place(shown), "goal") if shown else NOTHING
    return picture(f"{kind_name(kind.kind)}: p50 and p95 by the {found.unit}", grid(scale), line, *bars, _ends(periods))


def goal_is_shown(found: Figures, kind: KindFigures) -> bool:
    highest = max((one.p95 for period in found.periods for one in period.kinds if one.kind == kind.kind), default=0.0)
    return kind.target is not None and _fits(kind.target, highest)


def _fits(target: float, highest: float) -> bool:
    """A goal far above all bars would flatten them."""
    return target <= 4 * highest


def share_bar(share: float) -> Markup:
    """A bar in a row of a table, of a share of the whole row."""
    width = 100 * min(max(share, 0.0), 1.0)
    bar = element("rect", x=0.0, y=0.0, width=width, height=10.0)
    return element("svg", bar, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")


def _title(run: PastRun) -> Markup:
    what = ", ".join(f"{name} {_short(tag)}" for name, tag in run.tags.items())
    end = f"{minute_of(run)}: {kind_name(run.kind)}, {run.outcome} {run.error}".rstrip()
    words = [end, duration(run.seconds), run.environment, short_revision(run), what, without_accounts(run.reason)]
    return text(" · ".join(word for word in words if word))


def _short(tag: str) -> str:
    """The first digits of a tag of ours, which say enough to find it."""
    return tag[:_TAG_DIGITS] if tag.startswith(TAG_PREFIX) else tag


def _counts(period: PeriodFigures) -> str:
    return f"{period.begins}: {period.runs} finished, {period.builds} built an image, {period.failed} did not finish"


def _moment(run: PastRun) -> float:
    """A number that grows with time; without the zone, since no moment near the ends of all years has another one."""
    at = datetime.fromisoformat(run.at)
    return at.toordinal() * _DAY + at.hour * 3600 + at.minute * 60 + at.second


def _ends(periods: Sequence[PeriodFigures]) -> Markup:
    return ends(str(periods[0].begins), str(periods[-1].begins))


def _middle(number: int, of: int) -> float:
    return LEFT + (number + 0.5) * (RIGHT - LEFT) / of


def _bar(number: int, of: int, below: float, above: float, class_: str) -> Markup:
    width = min((RIGHT - LEFT) / of * (1 - _GAP), _WIDEST)
    left, height = _middle(number, of) - width / 2, max(below - above, 0.0)
    return element("rect", class_=class_, x=left, y=below - height, width=width, height=height)


def _unit(seconds: float) -> float:
    """In which steps of a scale are round."""
    return next((unit for unit in (3600.0, 60.0) if seconds >= 2 * unit), 1.0)


def _in_unit(unit: float) -> Callable[[float], str]:
    """Words of a scale's ticks, which have little room: all in its unit, but for what is less than a second."""
    name = {3600.0: "h", 60.0: "m"}.get(unit, "s")

    def words(seconds: float) -> str:
        return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else f"{seconds / unit:g}{name}" if seconds else "0"

    return words
