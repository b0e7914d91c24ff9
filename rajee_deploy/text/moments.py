"""Moments that others wrote, for people. Pure: the clock is the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_and_time(at: datetime, now: datetime) -> str:
    """`28 Nov, 16:02`, in the time zone of `now`; with its year where that is another one."""
    here = at.astimezone(now.tzinfo)
    year = f" {here.year}" if here.year != now.year else ""
    return f"{here.day} {_MONTHS[here.month - 1]}{year}, {here:%H:%M}"
