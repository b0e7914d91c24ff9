"""Runs by the day, the week or the month. Pure: a run counts where its own clock put it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.report.history import PastRun

MOST = 40  # periods: of a longer history the last ones
_MOST_DAYS = 21
_MOST_WEEKS = 26


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def day_of(run: PastRun) -> date:
    return datetime.fromisoformat(run.at).date()


def minute_of(run: PastRun) -> str:
    """When a run began, for people: `2026-11-28 16:02`."""
    return datetime.fromisoformat(run.at).replace(tzinfo=None).isoformat(" ", "minutes")


def by_period(runs: Sequence[PastRun]) -> tuple[Unit, list[tuple[date, list[PastRun]]]]:
    """Each period with the day it begins and its runs, oldest first; also periods without any, in between."""
    if not runs:
        return Unit.DAY, []
    days = [day_of(run) for run in runs]
    unit = _unit((max(days) - min(days)).days)
    last, first = _number(max(days), unit), _number(min(days), unit)
    periods: dict[int, list[PastRun]] = {number: [] for number in range(max(first, last - MOST + 1), last + 1)}
    for day, run in zip(days, runs, strict=True):
        periods.get(_number(day, unit), []).append(run)
    return unit, [(_begin(number, unit), those) for number, those in periods.items()]


def _unit(days: int) -> Unit:
    if days < _MOST_DAYS:
        return Unit.DAY
    return Unit.WEEK if days < _MOST_WEEKS * 7 else Unit.MONTH


def _number(day: date, unit: Unit) -> int:
    """Periods are counted: neighbours differ by one."""
    match unit:
        case Unit.DAY:
            return day.toordinal()
        case Unit.WEEK:
            return (day.toordinal() - 1) // 7  # day 1 of year 1 is a Monday
        case Unit.MONTH:
            return day.year * 12 + day.month - 1


def _begin(number: int, unit: Unit) -> date:
    match unit:
        case Unit.DAY:
            return date.fromordinal(number)
        case Unit.WEEK:
            return date.fromordinal(number * 7 + 1)
        case Unit.MONTH:
            return date(number // 12, number % 12 + 1, 1)
