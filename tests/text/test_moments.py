"""Moments for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from rajee_deploy.text.moments import day_and_time

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 28, 15, 2, tzinfo=UTC), "28 Nov, 16:02"),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "2 Jan, 00:30"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "1 Jan, 00:30"),
        (datetime(2025, 12, 31, 22, 30, tzinfo=UTC), "31 Dec 2025, 23:30"),
    ],
)
def test_a_moment_is_told_by_the_clock_here_with_its_year_where_it_is_another(at, said):
    assert day_and_time(at, NOW) == said
