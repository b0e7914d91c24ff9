"""The story of a rollback: wait until nobody works on the stack, find the image, build it where it is lost, deploy it.

Deploying itself (shields, CloudFormation, watching, the proof that ECS runs it) is `deploying`'s, as for every run.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from rajee_deploy import plan as plans
from rajee_deploy import retention, stack_status, trust
from rajee_deploy.building import Workshop, build_all
from rajee_deploy.dataclass import dataclass
from rajee_deploy.deploying import Job, deploy
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.facts import (
    ImageOfOtherPlatform,
    ImagePresent,
    Observed,
    RepositoryAbsent,
    StackAbsent,
    StackPresent,
    Tagged,
    WantedImage,
)
from rajee_deploy.fingerprint import SCHEME, TAG_HEX, TAG_PREFIX, Fingerprint
from rajee_deploy.keepers import former_keeper_of, keeper_of
from rajee_deploy.model import Digest
from rajee_deploy.names import NOT_RECORDED, DeployBy
from rajee_deploy.observe import observe
from rajee_deploy.planning import check_account
from rajee_deploy.report.history import History
from rajee_deploy.rollback import Return, Target
from rajee_deploy.rollback.past import inputs_of_tag, recorded_revision
from rajee_deploy.rollback.stacks import locate
from rajee_deploy.rollback.target import check_asked, fingerprint_of, for_other_platforms, previous
from rajee_deploy.rollouts import confirm_standing, look_before
from rajee_deploy.stack.how_to import cdk_command, declaring
from rajee_deploy.steps import BuildAndPush, Change, DeployStack, MoveTag, Via
from rajee_deploy.synthesis import keeping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.aws import Identity
    from rajee_deploy.facts import ImageState, StackState
    from rajee_deploy.model import Notice
    from rajee_deploy.ports import Context
    from rajee_deploy.report.history import Run
    from rajee_deploy.rollback import Asked
    from rajee_deploy.rollback.past import Recorded
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class _Way:
    """What is known of one image: its settings, how it was, what its stack records, and the revision of the target."""

    settings: ImageSettings
    target: Target
    wanted: WantedImage
    state: ImageState
    recorded: Recorded
    before: str
    was_built: bool = False


def roll_back(run: Context, asked: Asked) -> list[Return]:
    """Make the stacks run what they ran before, or the tag that was asked for. Whether anything was to be done is in
    what it returns.

    DeployErrors `not-deployed`, `no-previous`, `unknown-revision`, `revision-differs`, `stack-busy`,
    `stack-not-updatable`, and all of building and deploying.
    """
    check_asked(asked)
    who = run.ports.identity()
    check_account(run.settings, who)
    asked = replace(asked, images=locate(run, who, asked.images))
    deadline = time.monotonic() + asked.wait_seconds
    while True:
        try:
            return _attempt(run, asked, who, deadline)
        except DeployError as error:
            if error.code != "stack-busy" or time.monotonic() > deadline:
                raise
            run.console.warn("", f"{error.problem}: it is waited for, and everything is looked at again", error.code)


def _attempt(run: Context, asked: Asked, who: Identity, deadline: float) -> list[Return]:
    names = dict.fromkeys(image.stack for image in asked.images)
    stacks = {stack: _settled(run, stack, deadline, asked.poll_seconds) for stack in names}
    with run.phase("look for the image"):
        ways = [_way(run, asked, image, stacks[image.stack], who) for image in asked.images]
    for way in ways:
        run.console.item("→", f"image {way.wanted.name}", f"{way.target.tag}: {way.target.why}", "cyan")
        if not way.recorded.revision.strip("-"):
            run.console.warn(f"image {way.wanted.name}", "nothing tells which revision it was built of")
    ways = [way if isinstance(way.state, ImagePresent) else _built(run, way, asked) for way in ways]
    results: list[Return] = []
    for stack in names:
        mine = [way for way in ways if way.settings.stack == stack]
        results += _deploy(run, stack, stacks[stack], mine)
    return results


def _settled(run: Context, stack: str, deadline: float, poll: float) -> StackPresent:
    """The stack, once no operation on it is under way."""
    state: StackState = run.ports.reader.describe(stack)
    if plans.is_busy(state):
        with run.phase(f"wait for {stack}"):
            while plans.is_busy(state):
                if time.monotonic() > deadline:
                    raise DeployError(
                        "stack-busy", f"another operation on stack {stack} did not end in time",
                        where=f"stack {stack}", hint="look who deploys it; run again, or give it longer: --wait 7200",
                    )  # fmt: skip
                time.sleep(poll)
                state = run.ports.reader.describe(stack)
    match state:
        case StackAbsent():
            raise DeployError(
                "not-deployed", f"there is no stack {stack} to roll back", where=f"stack {stack}",
                hint="check the environment, the region and the profile; rajee-deploy up deploys it first",
            )  # fmt: skip
        case StackPresent():
            if not stack_status.is_updatable(state.status):
                raise DeployError(
                    "stack-not-updatable", f"stack {stack} is {state.status}, which takes no update",
                    where=f"stack {stack}", cause=state.reason,
                    hint=f"{cdk_command(run.settings.cdk.app, 'rollback', run.settings.place_of(stack).id)}\n"
                    "or look at its events in the CloudFormation console; then run again",
                )  # fmt: skip
            return state
        case _:
            assert_never(state)


def _way(run: Context, asked: Asked, image: ImageSettings, state: StackPresent, who: Identity) -> _Way:
    if image.context_key:
        raise ConfigurationError(
            "no-parameter", f"the tag of {image.name} lies in the template of {image.stack}, which a rollback keeps",
            where=f"images.{image.name}.context-key",
            hint="check out the former revision, then: rajee-deploy up --allow-rollback; or give the stack a parameter",
        )  # fmt: skip
    before = state.parameters.get(image.parameter, "")
    if not before:
        raise DeployError(
            "no-parameter", f"stack {image.stack} has no parameter {image.parameter} for the image {image.name}",
            where=f"stack {image.stack}",
            hint=f"{declaring(run.settings.cdk.app, [image.parameter])}; then rajee-deploy up deploys it",
        )  # fmt: skip
    # As the stack has it, whatever the settings say by now: its template takes one of the two.
    by = DeployBy.DIGEST if before.startswith("sha256:") else DeployBy.TAG
    wanted = WantedImage(
        image.name, _named(asked.tag or ""), image.repository, image.stack, image.parameter, image.platforms, by,
        keeper_of(run.settings, image, who), former_keeper=former_keeper_of(run.settings, image, who),
    )  # fmt: skip
    if asked.tag is not None:
        target = Target(asked.tag, "it was asked for")
    else:
        deployed = retention.deployed_reference(wanted, state)
        target = previous(run.ports.registry, wanted, deployed, _past_runs(run), run.settings)
    there = _fingerprint_there(run, wanted, target.tag)
    wanted = replace(wanted, fingerprint=there or _named(target.tag))
    found = observe(run.ports.registry, [wanted], {image.stack: state}).images[image.name]
    if there is not None and isinstance(found, ImageOfOtherPlatform):
        raise for_other_platforms(wanted, found.platforms)
    problem = trust.refused(wanted, found)
    if problem is not None:
        raise problem
    recorded = recorded_revision(run.ports.contents(), image, target.tag)
    return _Way(image, target, wanted, found, recorded, before)


def _past_runs(run: Context) -> tuple[Run, ...]:
    """The runs of this machine's history; none, with a word, where it cannot be read."""
    try:
        return History().runs()[0]
    except DeployError as error:
        run.console.say(f"{error.problem} ({error.where}: {error.cause}), so nothing is known from it", "yellow")
        return ()


def _named(tag: str) -> Fingerprint:
    """As much of a fingerprint as a tag tells: no image's label equals it."""
    return Fingerprint(SCHEME, Digest("sha256", tag.removeprefix(TAG_PREFIX)[:TAG_HEX]), ())


def _fingerprint_there(run: Context, image: WantedImage, tag: str) -> Fingerprint | None:
    """The fingerprint in the label of the image that has the tag, where that is a fingerprint of this tag."""
    found = run.ports.registry.find(image.repository, [tag])
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    if not isinstance(state, Tagged):
        return None
    content = run.ports.registry.read_content(image.repository, state.digest, image.platforms[0])
    fingerprint = fingerprint_of(content.fingerprint)
    return fingerprint if fingerprint is not None and fingerprint.tag == tag else None


def _built(run: Context, way: _Way, asked: Asked) -> _Way:
    """Build the image from the revision that it was built of, and push it under its tag."""
    image, tag = way.settings, way.target.tag
    run.console.item(
        "+", f"build {image.name}", f"{tag}: {image.repository} lost it; from {way.recorded.revision}", "cyan"
    )
    with run.phase("find the engine"):
        run.console.detail(run.ports.engine.check())
    with inputs_of_tag(image, tag, way.recorded, asked.origin) as (inputs, labels):
        wanted, its = replace(way.wanted, fingerprint=inputs.fingerprint), inputs.settings.platforms
        if not {*wanted.platforms} <= {*its}:
            raise for_other_platforms(wanted, ", ".join(map(str, its)))
        here = replace(inputs, settings=replace(inputs.settings, repository=image.repository))
        # What it is made of is recorded already: from there its revision is known.
        shop = Workshop(
            run.settings, run.ports.engine, run.ports.registry, run.console, run.phase, {image.name: wanted}, tuple,
            labels,
        )  # fmt: skip
        build_all(shop, [BuildAndPush(image.name, tag, "a rollback needs it")], {image.name: here})
    return replace(way, wanted=wanted, was_built=True)


def _deploy(run: Context, stack: str, state: StackPresent, ways: Sequence[_Way]) -> list[Return]:
    images = [way.wanted for way in ways]
    observed = observe(run.ports.registry, images, {stack: state})
    step = _step(stack, state, ways, observed)
    # A stack that was rolled back shows what it runs only once CloudFormation itself has compared.
    is_there = step.changes != (Change.TAG,) and not stack_status.is_undone(state.status)
    if is_there:
        for way in ways:
            text = f"{state.status}, and it records {way.target.tag} already"
            run.console.item("=", f"stack {stack}", text, "green")
        confirm_standing(run, stack, images)
    else:
        seen = run.ports.reader.observe(stack)
        try:
            deploy(run, Job(step, Path(), images, services=look_before(run, stack, seen)), is_last=True)
        except DeployError as error:
            raise _taught(error, stack, ways) from error
    return [
        Return(
            way.wanted.name, stack, way.before, way.target, way.recorded.revision, way.was_built, is_there
        )
        for way in ways
    ]  # fmt: skip


def _step(stack: str, state: StackPresent, ways: Sequence[_Way], observed: Observed) -> DeployStack:
    """The update of the images' parameters alone, with the shields moved as for every deploy."""
    notices: list[tuple[str, Notice]] = []
    before: list[MoveTag] = []
    undo: list[MoveTag] = []
    parameters = []
    for way in ways:
        image = way.wanted
        digest = retention.wanted_digest(image, observed)
        if digest is None:
            raise DeployError(
                "image-gone", f"{image.repository} does not have {image.tag} any more", where=f"image {image.name}",
                hint="somebody or a lifecycle rule removed it just now; run again",
            )  # fmt: skip
        parameters.append((image.parameter, str(digest) if image.deploy_by is DeployBy.DIGEST else image.tag))
        before += retention.prev(image, observed, notices)
        before += retention.live(image, observed, notices)
        if retention.deployed_digest(image, observed) != digest:
            undo += retention.put_back(image, observed)
    is_same = all(state.parameters.get(key) == value for key, value in parameters)
    changes = (Change.ROLLED_BACK,) if is_same else (Change.TAG,)
    step = DeployStack(
        stack, tuple(parameters), "a rollback", changes, before=tuple(before), undo=tuple(undo), via=Via.CLOUDFORMATION
    )
    return step if is_same else keeping(step, state, _revision(ways))


def _revision(ways: Sequence[_Way]) -> str:
    """What the stack is to record: the one revision that all of its images were built of, else none."""
    found = {way.recorded.revision for way in ways}
    return found.pop() if len(found) == 1 else NOT_RECORDED


def _taught(error: DeployError, stack: str, ways: Sequence[_Way]) -> DeployError:
    """Where CloudFormation alone is refused, the CDK CLI may not be."""
    if error.code not in ("deploy-failed", "access-denied"):
        return error
    revision = _revision(ways).removesuffix("-dirty")
    commit = revision if revision != NOT_RECORDED else "the commit of that image"
    needs = "it takes cloudformation:UpdateStack; " if error.code == "access-denied" else ""
    hint = f"{needs}the CDK CLI can do it instead: git checkout {commit}, then rajee-deploy up --allow-rollback"
    return DeployError(
        error.code, error.problem, where=error.where or f"stack {stack}", cause=error.cause, hint=hint
    )  # fmt: skip
