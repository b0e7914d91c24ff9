"""A rollback with its record: timings shown and history kept, whichever way it ends; and its document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.history import keep
from rajee_deploy.actions.json_documents import of_plan, run_in_document
from rajee_deploy.actions.rollback.preview import roll_back
from rajee_deploy.actions.tell_run import tell_run
from rajee_deploy.console import without_secrets
from rajee_deploy.model.names import NOT_RECORDED
from rajee_deploy.model.revision import commit_of, is_dirty
from rajee_deploy.report.history import PastRun, new_id, outcome_of, real_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.rollback import Asked, Return
    from rajee_deploy.actions.rollback.preview import PlannedReturn
    from rajee_deploy.actions.run import CurrentRun

KIND = "rollback"


def recorded_rollback(run: CurrentRun, asked: Asked) -> tuple[PlannedReturn, PastRun]:
    """Roll back, show the timings and append it to the history. A rollback that had nothing to do is kept as `noop`."""
    at = datetime.now(UTC) - timedelta(seconds=run.timings.total)  # of the process
    try:
        planned = roll_back(run, asked)
    except BaseException as error:  # whatever it is: the run was one
        keep(run, _record(run, (), at, *outcome_of(error)), KIND)
        raise
    finally:
        run.close()
    record = _record(run, planned.returns, at, "done")
    tell_run(run, planned, record)
    _close(run, planned.returns)
    keep(run, record, KIND)
    return planned, record


def of_rollback(returns: Sequence[Return], record: PastRun) -> dict[str, Any]:
    """`rajee-deploy.rollback/1`: by image, from what to what, and how that was known."""
    return {
        "schema": "rajee-deploy.rollback/1",
        "outcome": record.outcome,
        "run": run_in_document(record),
        "changes": any(not one.is_there for one in returns),
        "images": _images(returns),
        "phases": [{"name": p.name, "start": round(p.start, 3), "seconds": round(p.seconds, 3)} for p in record.phases],
        "seconds": record.seconds,
    }


def of_preview(planned: PlannedReturn, seconds: float) -> dict[str, Any]:
    """`rajee-deploy.plan/1` of a rollback: with `rollback`, which says of images what `images` of the above says."""
    return {**of_plan(planned, seconds), "rollback": _images(planned.returns)}


def _images(returns: Sequence[Return]) -> dict[str, Any]:
    return {
        one.image: {
            "stack": one.stack,
            "before": one.before,
            "tag": one.target.tag,
            "because": one.target.why,
            "revision": commit_of(one.revision) if one.revision != "-" else None,
            "dirty": is_dirty(one.revision),
            "built": one.is_built,
            "was_there": one.is_there,
        }
        for one in returns
    }


def _close(run: CurrentRun, returns: Sequence[Return]) -> None:
    moved = [one for one in returns if not one.is_there]
    if moved:
        from rajee_deploy.console.rows import Row

        run.console.blank()
        run.console.rows(
            [
                Row("→", text="rajee-deploy up on a newer checkout deploys its image again"),
                Row("→", text="another rajee-deploy rollback returns to what ran until now"),
            ]
        )


def _record(
    run: CurrentRun, returns: Sequence[Return], at: datetime, outcome: str, error: str = "", cause: str = ""
) -> PastRun:
    moved = [one for one in returns if not one.is_there]
    return PastRun(
        at=at.isoformat(timespec="seconds"),
        project=real_project(run.settings.root),
        environment=run.settings.environment,
        kind=KIND if moved or not returns else "noop",
        outcome=outcome,
        seconds=round(run.timings.total, 3),
        built=tuple(one.image for one in moved if one.is_built),
        deployed=tuple(dict.fromkeys(one.stack for one in moved)),
        tags={one.image: one.target.tag for one in returns},
        phases=tuple(run.timings.phases),
        error=error,
        cause=without_secrets(cause),
        id=new_id(),
        project_id=run.ports.project_id(),
        revision=next((one.revision for one in moved if one.revision != NOT_RECORDED), ""),
        reason=moved[0].target.why if moved else "",
        layers=dict(run.layers),
    )
