"""Observe, decide, and say what was decided: what `plan` does, and `up` before it acts. It changes nothing.

Whether something is needed is decided in `plan` alone; this room knows in which order the world is asked for it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy.actions import locate
from rajee_deploy.actions.adopted import bind_images
from rajee_deploy.actions.desired_state import wanted_state
from rajee_deploy.actions.heading import complete_heading
from rajee_deploy.actions.lists import by_their_lists, what_is_remembered
from rajee_deploy.actions.observe import Early, check_account
from rajee_deploy.actions.planned import Planned
from rajee_deploy.actions.run import chosen_stacks
from rajee_deploy.actions.synthesise import find_kept, local_infrastructure
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import with_given
from rajee_deploy.model.names import INFRA_PARAMETER, NOT_RECORDED, DeployBy, InfraCheck
from rajee_deploy.plan import planner
from rajee_deploy.plan.infrastructure import Agreement, agreement
from rajee_deploy.plan.input_changes import changed_inputs
from rajee_deploy.plan.parameter_changes import UntakenError
from rajee_deploy.plan.state import StackPresent, Wanted
from rajee_deploy.plan.steps import Caution, DeployStack, Plan, StackChange, Via
from rajee_deploy.settings.problems import unknown_image
from rajee_deploy.synth.cli_options import refuse_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.synthesise import Synthesis
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.plan.state import Observed, StackState


def plan_run(run: CurrentRun, synthesis: Synthesis | None = None, *, runs_app: bool = False) -> Planned:
    """Observe and decide; it changes nothing, and needs no engine; node only where a synth has to decide. `synthesis`
    is one that was made for this decision already. What became of names is in the `run` of the answer alone.

    `runs_app`: for who deploys what is planned, and so synthesises anyway, and records which revision it is of. Else
    nothing of the project is run where hashes are to decide, whatever is not known then: it may be a stranger's.
    Warnings are held back for whoever shows the plan.
    """
    with run.console.hold_warnings():
        return _plan_run(run, synthesis, runs_app=runs_app)


def _plan_run(run: CurrentRun, synthesis: Synthesis | None, *, runs_app: bool) -> Planned:
    run = replace(run)
    ports = run.ports
    locate.forget(run)
    if synthesis is not None:
        bind_images(run, synthesis, ports.identity())
        locate.forget(run)
    names = chosen_stacks(run)
    _check_chosen(run, synthesis, runs_app=runs_app)
    if names:
        refuse_options(os.environ)
    # The network is asked while files are hashed; what is asked of it does not depend on them, but for the tags.
    with _threads() as pool, run.console.waiting("plan"):
        identity = pool.submit(ports.identity)
        early = Early(run, names, pool)
        inputs, infrastructure, given = _hash_inputs(run, synthesis, has_stacks=bool(names))
        run.ports = replace(ports, given=given)
        with run.timings.phase("ask AWS"):
            check_account(run.settings, identity.result())
            who = identity.result()
        complete_heading(run, who)
        if infrastructure is not None:
            may_synthesise = runs_app or run.settings.infra_check is not InfraCheck.HASH
            synth = partial(_synthesise, run, infrastructure, who) if may_synthesise else None
            plain = partial(early.plain, who)
            synthesis = locate.locate(run, infrastructure, who, synthesis or synth, plain)
            if synthesis is not None and bind_images(run, synthesis, who):
                return plan_run(run, synthesis, runs_app=runs_app)
        inputs = {image.name: replace(inputs[image.name], settings=image) for image in run.images}
        with run.timings.phase("ask AWS"):
            meanwhile = partial(_with_known_infrastructure, run, who, synthesis)
            wanted, observed = early.observe_all(wanted_state(run, inputs, infrastructure, who), who, meanwhile)
            if synthesis is None:
                wanted = _ask_others(run, wanted, observed, who)
    wanted = with_input_changes(run, wanted, observed.stacks)
    planned = _conclude(run, wanted, observed, inputs, who, synthesis)
    return _with_revision(planned) if runs_app else planned


def _conclude(
    run: CurrentRun,
    wanted: Wanted,
    observed: Observed,
    inputs: dict[str, ImageInputs],
    who: Identity,
    synthesis: Synthesis | None,
) -> Planned:
    """Decide by what was observed, with a synth where nothing less decides."""
    with _hints_of_app(run, wanted):
        decided = planner.decide(wanted, observed)
    if synthesis is None and isinstance(decided, Plan) and _lacks_images(run, decided):
        decided = planner.SynthNeeded(("which images the app's assets make is known from its assembly alone",))
    reasons = decided.reasons if isinstance(decided, planner.SynthNeeded) else ()
    agreed = Agreement()
    if isinstance(decided, planner.SynthNeeded):
        if synthesis is None:
            kept = _kept(run, wanted, who)
            synthesis = kept or _synthesise(run, local_infrastructure(wanted), who, reasons)
            if bind_images(run, synthesis, who) or locate.bind_names(run, synthesis.stacks, who):
                # Other stacks or images than those that were looked at. The revision is added by who called us.
                return plan_run(run, synthesis)
            by_hash, wanted = wanted, _by_synthesis(wanted, synthesis)
            agreed = agreement(by_hash, wanted, observed.stacks) if kept is None else agreed
        decided = _make_plan(run, wanted, observed)
    plan, revision = _guard_revision(run, decided, observed)
    if synthesis is None and any(isinstance(step, DeployStack) and step.via is Via.CDK for step in plan.steps):
        run.ports.deployer.check_account(who.account)
    plan = replace(plan, cautions=(*plan.cautions, *_of_failed_synth(run, plan))) if synthesis is None else plan
    planned = Planned(plan, wanted, inputs, who, observed, run, synthesis, revision, reasons, agreement=agreed)
    return _with_resources(planned)


def _synthesise(run: CurrentRun, planned: Fingerprint, who: Identity, reasons: Sequence[str] = ()) -> Synthesis:
    from rajee_deploy.actions.planned_synth import synthesise_planned

    return synthesise_planned(run, planned, who, reasons)


def _lacks_images(run: CurrentRun, plan: Plan) -> bool:
    """Whether a deployment is planned, or some images are asked for, and it is not known yet which ones the app has."""
    if run.chosen_assets:
        return True
    may = run.settings.cdk.adopts_images and run.settings.infra_check is not InfraCheck.HASH
    return may and any(isinstance(step, DeployStack) and step.via is Via.CDK for step in plan.steps)


def _check_chosen(run: CurrentRun, synthesis: Synthesis | None, *, runs_app: bool) -> None:
    """ConfigurationError `unknown-image`: which images the app has is known from a synth alone, and nothing of the
    project may be run for it."""
    may_synthesise = runs_app or run.settings.infra_check is not InfraCheck.HASH
    if run.chosen_assets and synthesis is None and not may_synthesise:
        known = [image.name for image in run.settings.images]
        error = unknown_image(min(run.chosen_assets), known, run.settings.path)
        error.hint += "; images that the app declares are known to a synth alone: --infra-check=auto"
        raise error


def _kept(run: CurrentRun, wanted: Wanted, who: Identity) -> Synthesis | None:
    """The kept synth of these very inputs, where it takes its assembly, and no other one, to know the app's images."""
    if not run.settings.cdk.adopts_images or not wanted.remembered or wanted.check is InfraCheck.SYNTH:
        return None
    return find_kept(run.ports.synthesiser, wanted, run.lists, who, run.scratch() / "cdk.out")


def _of_failed_synth(run: CurrentRun, plan: Plan) -> Iterator[Caution]:
    """Where hashes alone plan a deployment: that it may well fail, for the app did when it was synthesised last."""
    touched = {change for step in plan.steps if isinstance(step, DeployStack) for change in step.changes}
    failed = run.ports.last_failure() if touched - {StackChange.TAG, StackChange.PARAMETER} else ""
    if failed:
        text = f"the last synth here failed, at {failed}: rajee-deploy plan --infra-check=synth shows what the app says"
        yield Caution("last-synth-failed", "cdk", text)


def _hash_inputs(
    run: CurrentRun, synthesis: Synthesis | None, *, has_stacks: bool
) -> tuple[dict[str, ImageInputs], Fingerprint | None, dict[str, str]]:
    """What the images are made of, what synth reads (None without stacks), and the context values that it gets.
    DeployError `file-changed` where the synth that there is got others."""
    with run.timings.phase("hash inputs"):
        from rajee_deploy.image.inputs import read_all_inputs  # while the network is busy

        inputs = read_all_inputs(run.images)
        given = _context_values(run, inputs)
        infrastructure = with_given(run.ports.infrastructure(None), given) if has_stacks else None
    if synthesis is not None and given != run.ports.given:
        raise DeployError(
            "file-changed",
            "what an image is made of changed while the app was synthesised",
            where=", ".join(given),
            hint="nothing was deployed; run again when nothing writes to it",
        )
    return inputs, infrastructure, given


def plan_by(planned: Planned, synthesis: Synthesis) -> Planned:
    """The plan as it is by a synth that was taken or made after it, for who deploys it: what the synth says of names
    and templates goes before hashes.

    So the plan of `up` is made twice. That is the check of what hashes promised: the first plan says that no synth is
    needed to decide, this one is decided by the very templates that are about to be deployed. Where it asks for more
    than the first, it is the one that is shown and carried out (see `up`).
    """
    run = replace(planned.run)
    if bind_images(run, synthesis, planned.identity) or locate.bind_names(run, synthesis.stacks, planned.identity):
        return plan_run(run, synthesis, runs_app=True)
    wanted = _by_synthesis(planned.wanted, synthesis)
    plan, revision = _guard_revision(run, _make_plan(run, wanted, planned.observed), planned.observed)
    revision = planned.revision or revision
    planned = replace(planned, run=run, plan=plan, wanted=wanted, synthesis=synthesis, revision=revision)
    return _with_revision(_with_resources(planned))


def _by_synthesis(wanted: Wanted, synthesis: Synthesis) -> Wanted:
    return replace(wanted, infrastructure=synthesis.fingerprint, infrastructures={}, synthesised=synthesis.stacks)


def _with_known_infrastructure(
    run: CurrentRun, who: Identity, synthesis: Synthesis | None, wanted: Wanted, states: Mapping[str, StackState]
) -> Wanted:
    """With what is known of the infrastructure: by a synth that was made, else by this machine's list and by those that
    the stacks carry."""
    if synthesis is not None:
        return _by_synthesis(wanted, synthesis)
    local = wanted.infrastructure
    if local is None:
        return wanted
    may = wanted.is_record_enough or wanted.check is not InfraCheck.SYNTH
    own = by_their_lists(states, local, run.infrastructure_by, run.ports.publishable) if may else {}
    own, known = what_is_remembered(run.ports.synthesiser, local, own, states, who)
    return replace(wanted, infrastructures=own, remembered=known)


def with_input_changes(run: CurrentRun, wanted: Wanted, states: Mapping[str, StackState]) -> Wanted:
    """With which inputs moved since what the stacks record, as far as this machine knows what that was made of. What
    is recorded and is also what is here is kept, so that it is known after the next edit. Of a stack that records none
    it is what moved since the last synth here."""
    if wanted.infrastructure is None:
        return wanted
    found = {}
    for stack, state in states.items():
        recorded = state.parameters.get(INFRA_PARAMETER, "") if isinstance(state, StackPresent) else ""
        now = wanted.infrastructure_of(stack)
        if recorded == str(now.digest):
            run.ports.inputs.keep(now)
        elif recorded not in ("", NOT_RECORDED) and (former := run.ports.inputs.find(recorded)) is not None:
            found[stack] = changed_inputs(former, now)
        elif recorded in ("", NOT_RECORDED) and (former := run.ports.inputs.latest()) is not None:
            found[stack] = changed_inputs(former, now)  # nothing says what it was made of: the last synth is near
    return replace(wanted, input_changes=found)


def _ask_others(run: CurrentRun, wanted: Wanted, observed: Observed, who: Identity) -> Wanted:
    """With what other machines know, where hashes do not decide."""
    if not planner.undecided_stacks(wanted, observed):
        return wanted
    from rajee_deploy.actions.share import ask

    return ask(run, wanted, observed, who)


def _make_plan(run: CurrentRun, wanted: Wanted, observed: Observed) -> Plan:
    with _hints_of_app(run, wanted):
        return planner.make_plan(wanted, observed)


@contextmanager
def _hints_of_app(run: CurrentRun, wanted: Wanted) -> Iterator[None]:
    """The errors of a decision know the language of the app, where that matters."""
    try:
        yield
    except UntakenError as error:
        from rajee_deploy.synth.how_to import instead_of

        by_digest = {image.parameter for image in wanted.images if image.deploy_by is DeployBy.DIGEST}
        error.hint = instead_of(run.settings.cdk.app, error.parameter, is_digest=error.parameter in by_digest)
        raise


def _guard_revision(run: CurrentRun, plan: Plan, observed: Observed) -> tuple[Plan, str]:
    """The plan, when no older revision takes a newer one's place, and the checkout's revision."""
    if not _deploys(plan):
        return plan, ""
    from rajee_deploy.actions.own_revision import guard_revision

    return guard_revision(run, plan, observed)


def _with_revision(planned: Planned) -> Planned:
    """With the revision that what is deployed is of."""
    if not _deploys(planned.plan):
        return planned
    from rajee_deploy.actions.own_revision import with_revision

    return with_revision(planned)


def _with_resources(planned: Planned) -> Planned:
    """With what becomes of the stacks' resources."""
    if not _deploys(planned.plan):
        return planned
    from rajee_deploy.actions.changed_resources import with_changed_resources

    return with_changed_resources(planned)


def _deploys(plan: Plan) -> bool:
    """Whether the plan deploys anything: else nothing is to be known of revisions."""
    return any(isinstance(step, DeployStack) for step in plan.steps)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """A pool that nobody waits for when something failed: a hanging call must not delay the error or the Ctrl-C."""
    pool = ThreadPoolExecutor(max_workers=4)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _context_values(run: CurrentRun, inputs: Mapping[str, ImageInputs]) -> dict[str, str]:
    """The tags that synth takes as context values. ConfigurationError when one is left out by --image: all stacks of
    the app may read it."""
    if not run.settings.cdk.stacks:
        return {}
    for image in run.settings.images:
        if image.context_key and image.name not in inputs:
            raise ConfigurationError(
                "image-needed",
                f"without the image {image.name} synth lacks the context value {image.context_key}",
                where=f"images.{image.name}.context-key",
                hint="run without --image, or give the stack a parameter",
            )
    return {each.settings.context_key: each.fingerprint.tag for each in inputs.values() if each.settings.context_key}
