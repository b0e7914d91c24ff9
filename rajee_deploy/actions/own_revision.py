"""Which revision this checkout is of, and that it takes no newer one's place: what a plan asks git, and no more than it
needs. It must never decide which of two revisions is older, nor what follows: `ancestry` does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import NOT_RECORDED
from rajee_deploy.model.revision import is_dirty, with_state
from rajee_deploy.plan.ancestry import deployed_revisions, guard
from rajee_deploy.plan.steps import Caution

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import P
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import Observed
    from rajee_deploy.plan.steps import Plan


def guard_revision(run: CurrentRun, plan: Plan, observed: Observed) -> tuple[Plan, str]:
    """The plan, when no older revision takes a newer one's place, and the checkout's revision. git is asked only where
    something is deployed over a revision that is recorded."""
    revisions = deployed_revisions(plan, observed)
    if not revisions:
        return plan, ""
    own, cautions = own_commit(run)
    ancestries = {each: run.ports.ancestry(own, each) for each in set(revisions.values())}
    plan = replace(plan, cautions=(*plan.cautions, *cautions))
    try:
        return guard(plan, revisions, ancestries, run.rules), own
    except DeployError as error:
        error.why = "\n".join(filter(None, (error.why, *(caution.text for caution in cautions))))
        raise


def with_revision(planned: P) -> P:
    """A plan that deploys, with the revision that this is of, `-dirty` behind it where files differ: it is found out
    before anybody is asked, or anything built."""
    if is_dirty(planned.revision):
        return planned
    run = planned.run
    commit, cautions = (planned.revision, ()) if planned.revision else own_commit(run)
    for caution in cautions:
        run.console.warn(caution.subject, caution.text, caution.code)
    is_changed = commit != NOT_RECORDED and run.ports.is_changed()
    return replace(planned, revision=with_state(commit, is_dirty=is_changed))


def own_commit(run: CurrentRun) -> tuple[str, tuple[Caution, ...]]:
    """The commit that is checked out, without a look at its files; "-" where there is none. A caution where git says
    nothing of a checkout that is there: then nobody can tell what is older."""
    try:
        return run.ports.commit(), ()
    except DeployError as error:
        told = ": ".join(filter(None, (error.problem, " ".join(error.cause.split()), error.hint)))
        return NOT_RECORDED, (Caution(error.code, f"checkout {error.where}", told),)
