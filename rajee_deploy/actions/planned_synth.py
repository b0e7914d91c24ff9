"""The synth that a plan needs where hashes do not decide, with its reasons and warnings shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.synthesise import Synthesis, synthesise
from rajee_deploy.errors import DeployError
from rajee_deploy.synth.assembly import warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint


def synthesise_planned(run: CurrentRun, planned: Fingerprint, who: Identity, reasons: Sequence[str] = ()) -> Synthesis:
    run.ports.deployer.check_account(who.account)
    run.synth_reasons += [reason for reason in reasons if reason not in run.synth_reasons]
    failed = run.ports.last_failure()
    if failed:
        run.console.detail(f"the last synth here failed, at {failed}: it is made again")
    try:
        with run.phase("synth"):
            into = run.scratch() / "cdk.out"
            made = synthesise(run.ports.synthesiser, planned, who, into, run.console.working)
    except DeployError:
        for reason in run.console.first(reasons):  # there will be no plan that says it
            run.console.detail(f"a synth was needed: {reason}")
        raise
    for stack, text in warnings_of(made.assembly):
        run.console.warn(stack, text, "cdk-warning")
    obstacle = run.ports.obstacle()
    if obstacle:
        known = "what this synth read is known from hooks in Python and node alone, so hashes decide less often"
        run.console.detail(f"{known}: {obstacle}")
    return made
