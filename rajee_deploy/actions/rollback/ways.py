"""Where one image goes back to, with all that has to be known for it. Asks the registry and the records, and changes
nothing."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.actions.rollback import Target
from rajee_deploy.actions.rollback.assets import (
    check_retaggable,
    gone_asset,
    lost_asset,
    previous_of_asset,
    with_its_platforms,
)
from rajee_deploy.actions.rollback.past import check_recorded, recorded_revision
from rajee_deploy.actions.rollback.target import fingerprint_of, for_other_platforms, previous
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import SCHEME, TAG_HEX, TAG_PREFIX, Fingerprint
from rajee_deploy.image.protected_tags import former_keeper_of, keeper_of
from rajee_deploy.model import Digest
from rajee_deploy.model.names import DeployBy
from rajee_deploy.plan import image_check, retention, stack_step
from rajee_deploy.plan.rollback import Way
from rajee_deploy.plan.state import ImageOfOtherPlatform, ImagePresent, RepositoryAbsent, Tagged, WantedImage
from rajee_deploy.plan.tags import short_digest
from rajee_deploy.report.history import History
from rajee_deploy.synth.how_to import declaring

if TYPE_CHECKING:
    from rajee_deploy.actions.rollback import Asked
    from rajee_deploy.actions.rollback.past import Recorded
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.state import ImageState, Observed, StackPresent
    from rajee_deploy.report.history import PastRun
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class FoundWay:
    """A way with what is needed where the image has to be built; whether the image says itself that it is it."""

    way: Way
    settings: ImageSettings
    recorded: Recorded
    is_labelled: bool


def find_way(
    run: CurrentRun, asked: Asked, image: ImageSettings, state: StackPresent, who: Identity, known: Way | None
) -> FoundWay:
    """The way of one image; `known` is the one that was found before somebody came in between. ConfigurationError and
    DeployErrors `no-parameter`, `no-previous`."""
    before = _deployed_tag(run, image, state)
    image = with_its_platforms(run, image, before) if image.is_asset else image
    # As the stack has it, whatever the settings say by now: its template takes one of the two.
    by = DeployBy.DIGEST if before.startswith("sha256:") else DeployBy.TAG
    wanted = WantedImage(
        image.name,
        _partial_fingerprint(asked.tag or ""),
        image.repository,
        image.stack,
        image.parameter,
        image.platforms,
        by,
        keeper_of(run.settings, image, who),
        former_keeper=former_keeper_of(run.settings, image, who),
    )
    if known is not None:
        target = known.target
    elif asked.tag is not None:
        target = Target(asked.tag, "it was asked for")
    elif image.is_asset:
        target = previous_of_asset(wanted, state)
    else:
        deployed = retention.deployed_reference(wanted, state)
        target = previous(run.ports.registry, wanted, deployed, _past_runs(run), run.settings)
    there = _fingerprint_there(run, wanted, target.tag)
    wanted = replace(wanted, fingerprint=there or _partial_fingerprint(target.tag))
    recorded = recorded_revision(run.ports.build_records(), image, target.tag)
    if image.is_asset and target.tag != before:
        check_retaggable(image, state, recorded)
    way = Way(wanted, target, known.before if known else before, recorded.revision)
    return FoundWay(way, image, recorded, is_labelled=there is not None)


def _deployed_tag(run: CurrentRun, image: ImageSettings, state: StackPresent) -> str:
    """What the stack says that it runs. ConfigurationError and DeployError `no-parameter` where it cannot be told
    another."""
    if image.context_key:
        raise ConfigurationError(
            "no-parameter",
            f"the tag of {image.name} lies in the template of {image.stack}, which a rollback keeps",
            where=f"images.{image.name}.context-key",
            hint="check out the former revision, then: rajee-deploy up --allow-rollback; or give the stack a parameter",
        )
    before = state.parameters.get(image.parameter, "")
    if not before and image.is_asset:
        raise gone_asset(image)
    if not before:
        raise DeployError(
            "no-parameter",
            f"stack {image.stack} has no parameter {image.parameter} for the image {image.name}",
            where=f"stack {image.stack}",
            hint=f"{declaring(run.settings.cdk.app, [image.parameter])}; then rajee-deploy up deploys it",
        )
    return before


def check_image(found: FoundWay, state: ImageState) -> None:
    """What is there must be what its tag says; what is not there must be known to be of a revision."""
    if found.is_labelled and isinstance(state, ImageOfOtherPlatform):
        raise for_other_platforms(found.way.wanted, state.platforms)
    problem = image_check.find_refusal(found.way.wanted, state)
    if problem is not None:
        raise problem
    if found.settings.is_asset and not isinstance(state, ImagePresent):
        raise lost_asset(found.way.wanted, found.recorded)
    if not isinstance(state, ImagePresent | RepositoryAbsent):
        check_recorded(found.settings, found.way.target.tag, found.recorded)


def check_same(way: Way, state: StackPresent, observed: Observed) -> None:
    """That nobody deployed a third image since the one before was asked for: it may be the very repair. DeployError
    `stack-changed`."""
    image, now = way.wanted, state.parameters.get(way.wanted.parameter, "")
    if now not in (way.before, stack_step.parameter_of(image, observed)):
        raise DeployError(
            "stack-changed",
            f"somebody else deployed {short_digest(now)} just now, in the place of the image that was "
            f"to go back ({short_digest(way.before)})",
            where=f"stack {image.stack}",
            hint="rajee-deploy status shows what it runs; to go back to it all the same: "
            f"rajee-deploy rollback {way.target.tag} --image {quote(image.name)}",
        )


def _past_runs(run: CurrentRun) -> tuple[PastRun, ...]:
    """The runs of this machine's history; none, with a word, where it cannot be read."""
    try:
        return History().runs()[0]
    except DeployError as error:
        run.console.warn("", f"{error.problem} ({error.where}: {error.cause}), so nothing is known from it", error.code)
        return ()


def _partial_fingerprint(tag: str) -> Fingerprint:
    """As much of a fingerprint as a tag tells: no image's label equals it."""
    return Fingerprint(SCHEME, Digest("sha256", tag.removeprefix(TAG_PREFIX)[:TAG_HEX]), ())


def _fingerprint_there(run: CurrentRun, image: WantedImage, tag: str) -> Fingerprint | None:
    """The fingerprint in the label of the image that has the tag, where that is a fingerprint of this tag."""
    found = run.ports.registry.find(image.repository, [tag])
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    if not isinstance(state, Tagged):
        return None
    content = run.ports.registry.read_content(image.repository, state.digest, image.platforms[0])
    fingerprint = fingerprint_of(content.fingerprint)
    return fingerprint if fingerprint is not None and fingerprint.tag == tag else None
