"""Figures → the JSON document of `report`. Pure. Within one version of the schema keys are only added."""

from __future__ import annotations

from os import fsencode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.report.dora import Dora
    from rajee_deploy.report.history import PastRun
    from rajee_deploy.report.metrics import Figures, KindFigures


def of_figures(figures: Figures, unreadable: int) -> dict[str, Any]:
    """`rajee-deploy.report/1`: durations in seconds, null where there is nothing to take one of; `phases` by what they
    took in all, `last` and `failures` newest first."""
    saved = figures.saved
    return {
        "schema": "rajee-deploy.report/1",
        "kinds": _kinds(figures.kinds),
        "runs": figures.runs,
        "builds": figures.builds,
        "failed": figures.failed,
        "refused": figures.refused,
        "accepted": figures.accepted,
        "unreadable_lines": unreadable,
        "since": figures.since.isoformat() if figures.since else None,
        "until": figures.until.isoformat() if figures.until else None,
        "environments": list(figures.environments),
        "saved": {"baseline": [saved.baseline.low, saved.baseline.high], "low": saved.low, "high": saved.high},
        "layers": {"compared": figures.compared, "same": figures.needless},
        "wrong_skips": {
            "found": figures.skips.wrong,
            "checks": figures.skips.checks,
            "by_verify": figures.skips.by_verify,
            "by_synth": figures.skips.by_synth,
        },
        "dora": _dora(figures.dora),
        "phases": [
            {
                "name": _text(phase.name),
                "count": phase.count,
                "p50": phase.p50,
                "p95": phase.p95,
                "max": phase.longest,
                "total": phase.total,
            }
            for phase in figures.phases
        ],
        "period": figures.unit.value,
        "periods": [
            {
                "begins": period.begins.isoformat(),
                "runs": period.runs,
                "builds": period.builds,
                "failed": period.failed,
                "kinds": _kinds(period.kinds),
                "parts": {part.name: round(part.seconds, 3) for part in period.parts},
            }
            for period in figures.periods
        ],
        "last": [_past_run(run) for run in figures.last],
        "failures": [_past_run(run) for run in figures.failures],
    }


def _dora(dora: Dora) -> dict[str, Any]:
    return {
        "deployments": dora.deployments,
        "days": dora.days,
        "deployments_a_week": round(dora.per_week, 3),
        "lead_time": {"count": len(dora.leads), "p50": _rounded(dora.lead)},
        "change_failure_rate": {"failed": dora.failed, "of": dora.attempts, "rate": dora.failure_rate},
        "time_to_restore": {"count": len(dora.restores), "p50": _rounded(dora.restore)},
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _kinds(kinds: Sequence[KindFigures]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind.kind,
            "count": kind.count,
            "p50": kind.p50,
            "p95": kind.p95,
            "max": kind.longest,
            "target": kind.target,
            "verdict": kind.verdict or None,
        }
        for kind in kinds
    ]


def _past_run(run: PastRun) -> dict[str, Any]:
    return {
        "at": run.at,
        "environment": run.environment,
        "kind": run.kind,
        "outcome": run.outcome,
        "error": run.error or None,
        "cause": _text(run.cause) or None,
        "reason": _text(run.reason) or None,
        "revision": run.revision or None,
        "seconds": run.seconds,
        "built": list(run.built),
        "deployed": list(run.deployed),
        "tags": dict(run.tags),
    }


def _text(text: str) -> str:
    """Text that is valid Unicode: bytes of a name that are not UTF-8 become U+FFFD."""
    return fsencode(text).decode("utf-8", "replace")
