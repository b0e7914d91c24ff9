"""What a plan may not do by itself: put an older revision in the place of a newer one. Pure.

A different revision alone is never a change; this is asked only of stacks that are about to be deployed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import NOT_RECORDED, REVISION_PARAMETER
from rajee_deploy.model.revision import commit_of, short_commit
from rajee_deploy.plan.state import Ancestry, StackPresent
from rajee_deploy.plan.steps import Caution, DeployStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.plan.state import Observed
    from rajee_deploy.plan.steps import Plan


@dataclass(frozen=True, slots=True)
class Rules:
    """`allow_rollback`: an older revision may be deployed. `require_ancestry`: which of two is older must be known."""

    allow_rollback: bool = False
    require_ancestry: bool = False


def deployed_revisions(plan: Plan, observed: Observed) -> dict[str, str]:
    """The commits that the stacks record which are about to be deployed; stacks that record none are left out."""
    found = {}
    for step in plan.steps:
        if isinstance(step, DeployStack):
            state = observed.stacks[step.stack]
            recorded = state.parameters.get(REVISION_PARAMETER, "") if isinstance(state, StackPresent) else ""
            if recorded not in ("", NOT_RECORDED):
                found[step.stack] = commit_of(recorded)
    return found


def guard(plan: Plan, revisions: Mapping[str, str], ancestries: Mapping[str, Ancestry], rules: Rules) -> Plan:
    """The plan with what to know about the order of revisions. `ancestries` say of a deployed commit how this checkout
    stands to it.

    DeployErrors `older-revision` and `unknown-ancestry`, as the rules say.
    """
    cautions = []
    for stack, revision in revisions.items():
        ancestry = ancestries[revision]
        match ancestry:
            case Ancestry.SAME | Ancestry.NEWER:
                continue
            case Ancestry.OLDER:
                text = f"it runs {short_commit(revision)}, which is newer than this checkout"
                if not rules.allow_rollback:
                    raise DeployError(
                        "older-revision",
                        f"stack {stack}: {text}",
                        where=f"stack {stack}",
                        hint="git pull first; where going back is meant: rajee-deploy rollback, or "
                        "rajee-deploy up --allow-rollback",
                    )
                cautions.append(Caution("older-revision", f"stack {stack}", text))
            case Ancestry.DIVERGED | Ancestry.UNKNOWN:
                why = "is on another branch" if ancestry is Ancestry.DIVERGED else "is not known here"
                text = f"it runs {short_commit(revision)}, which {why}: it cannot be told which one is newer"
                if rules.require_ancestry and not rules.allow_rollback:
                    raise DeployError(
                        "unknown-ancestry",
                        f"stack {stack}: {text}",
                        where="require-ancestry in the settings",
                        hint="git fetch --unshallow (or merge that commit); where it is meant: "
                        "rajee-deploy up --allow-rollback",
                    )
                cautions.append(Caution("unknown-ancestry", f"stack {stack}", text))
            case _:
                assert_never(ancestry)
    return replace(plan, cautions=(*plan.cautions, *cautions))
