"""Somebody agrees to what broadens permissions, before anything is deployed.

The plan has said it already, as far as it knows (see `plan.broader`). Here the CDK CLI is asked besides: each sees what
the other does not, and what either of them finds is a question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.steps import StackChange, Via
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.deploy import Job
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console import Console
    from rajee_deploy.plan.resource_changes import StackChanges


def approve(run: CurrentRun, jobs: Sequence[Job], planned: Mapping[str, StackChanges]) -> None:
    """Have somebody agree to what broadens permissions, where the settings or a terminal ask for it. `planned` is what
    the plan says of the stacks' resources.

    DeployErrors `not-approved`, and `approval-needed` where nobody can be asked.
    """
    if not run.must_ask:
        return
    for job in jobs:
        stack = job.step.stack
        changes = _broader(run, job) or _of_plan(planned.get(stack))
        if not changes and not job.step.parameter_changes:
            continue
        if changes:
            run.console.tell(f"{stack} would get broader permissions:", "bold red")
            _show(run.console, changes)
        if job.step.parameter_changes:
            run.console.tell(f"{stack} would get other parameters, which can mean broader permissions:", "bold")
            for _, line in job.step.parameter_changes:
                run.console.tell(line)
        if not run.console.can_ask():
            raise DeployError(
                "approval-needed",
                f"the deployment of {stack} {'broadens' if changes else 'may broaden'} permissions",
                where=f"stack {stack}",
                hint='look at the lines above, then: rajee-deploy up --yes, or cdk.approval = "never" in the settings',
            )
        if not run.console.ask(f"Deploy {stack} with these permissions?"):
            raise DeployError(
                "not-approved",
                f"the deployment of {stack} was not approved; nothing was changed",
                where=f"stack {stack}",
                hint="run again, and answer y where it is meant",
            )


def _broader(run: CurrentRun, job: Job) -> list[str]:
    """What the template allows that the deployed one does not, as the CDK CLI tells it; nothing where it stays as it
    is."""
    if job.step.via is Via.CLOUDFORMATION or {*job.step.changes} <= {StackChange.TAG, StackChange.PARAMETER}:
        return []
    with run.phase(f"compare the permissions of {job.step.stack}"):
        return lines_of(run.ports.deployer.security_changes(job.step.stack, job.assembly))


def _show(console: Console, changes: Sequence[str]) -> None:
    if any(line.startswith("┌") for line in changes):
        from rajee_deploy.actions.permission_rows import rows_of

        console.rows(rows_of(changes))
        return
    for line in changes:
        console.tell(line)


def _of_plan(changes: StackChanges | None) -> list[str]:
    """What the plan says of it."""
    found = changes.resources if changes is not None else ()
    return [f"{each.name}: {line}" for each in found for line in each.broader]
