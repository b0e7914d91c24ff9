"""Runs of a history: plain ones, and any that `History` could read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from rajee_deploy.report.history import PastRun
from rajee_deploy.report.timings import Phase

# What a name can be that ends markup, a row of a table, a code span, a style or a link.
SPITEFUL = (
    "</style><script src=http://evil.example/x.js></script>",
    '"><img src="//evil.example/i.png" onerror=alert(1)>',
    "a|b `c` ``d`` \\| \\",
    "]]>&amp;<!-- ${x} -->",
    "@somebody closes #1\n\n# head",
    "\x00\x1b[31m\u202e\ufffe",
    "url(http://evil.example/)",
)


def run_at(day: int = 0, kind: str = "code", seconds: float = 90.0, outcome: str = "done", **more: object) -> PastRun:
    """A run so many days after the first of January."""
    at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    built = ("envoy",) if kind == "code" else ()
    phases = (Phase("start", 0.0, 0.1), Phase("deploy RajeeEnvoyStack", 0.1, seconds / 2))
    fields = {
        "project": "/p",
        "environment": "prod",
        "built": built,
        "deployed": ("RajeeEnvoyStack",) if built else (),
        "tags": {"envoy": "c-1"},
        "phases": phases,
    }
    return PastRun(at=at.isoformat(), kind=kind, outcome=outcome, seconds=seconds, **fields | more)


_names = st.one_of(st.sampled_from(SPITEFUL), st.text(max_size=12), st.just("half \udcff"))
_durations = st.floats(-1e9, 1e9, exclude_min=True, exclude_max=True) | st.sampled_from([0.0, 0.3, 130.0, 10**6])
_moments = st.builds(
    lambda moment, hours: moment.replace(tzinfo=UTC).isoformat().replace("+00:00", f"{hours:+03d}:00"),
    st.datetimes(),
    st.integers(-12, 14),
)
_runs = st.builds(
    PastRun,
    at=_moments,
    project=st.just("/p"),
    environment=_names,
    kind=st.sampled_from(["noop", "code", "infra", "rollback"]) | _names,
    outcome=st.sampled_from(["done", "failed", "interrupted", "refused", "accepted"]) | _names,
    seconds=_durations,
    built=st.lists(_names, max_size=2).map(tuple),
    deployed=st.lists(_names, max_size=2).map(tuple),
    tags=st.dictionaries(_names, _names, max_size=2),
    phases=st.lists(st.builds(Phase, _names, _durations, _durations), max_size=3).map(tuple),
    error=_names,
)
any_runs = st.lists(_runs, max_size=8)
