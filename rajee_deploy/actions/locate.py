"""The border at which names in the settings become stacks: what they mean, and why a synth has to say it.

What a synth of these very inputs made is remembered under their fingerprint, so what is known of names is never stale.
Where nothing is known, a plain name is the stack that CloudFormation has under it where the caller is, as long as there
is one. Which name means what is decided in `stack_names`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.actions.meanings import (
    check_apart,
    check_parameters,
    check_place,
    check_values,
    image_of_stack,
    values_of_stacks,
)
from rajee_deploy.actions.synthesise import Synthesis, find_remembered
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import with_given
from rajee_deploy.plan.needs_synth import names_needing_synth
from rajee_deploy.plan.stack_names import StackPlace, is_plain, is_wild, meaning, places_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.plan.state import StackState, Synthesised


def forget(run: CurrentRun) -> None:
    """Everything goes by the names of the settings again."""
    run.settings, run.images = run.named
    run.ports.bind_names({}, "")


def bind_names(run: CurrentRun, stacks: Mapping[str, Synthesised], who: Identity, *, is_deploying: bool = True) -> bool:
    """From now on everything goes by the stacks that a synth says the app has. Whether the names of the settings mean
    other stacks than they were taken for until now. Who deploys nothing may go on with a plain name that the app does
    not have (any more): a stack of that name may still be there.

    ConfigurationErrors `no-such-stack`, `ambiguous-stack`, `bad-settings`, `wrong-account`.
    """
    before = run.settings.cdk.stacks, [image.stack for image in run.images]
    places = places_of(stacks)
    settings, chosen = run.named
    if not is_deploying:
        known = {word for place in places.values() for word in (place.id, place.name)}
        places |= {name: StackPlace(name, name) for name in names_of(run) if is_plain(name) and name not in known}
    keys = resolve(settings.cdk.stacks, places)
    for key in keys:
        check_place(settings, places[key])
    check_apart(keys, places)
    images = {image.name: image_of_stack(image, keys, places, who) for image in settings.images}
    check_parameters(tuple(images.values()))
    check_values(values := values_of_stacks(settings.cdk.parameters, keys, places), tuple(images.values()))
    cdk = replace(settings.cdk, stacks=keys, parameters=values)
    run.settings = replace(settings, images=tuple(images.values()), cdk=cdk, places=places)
    run.images = [images[image.name] for image in chosen]
    run.ports.bind_names(places, who.account)
    return before != (keys, [image.stack for image in run.images])


def locate(
    run: CurrentRun,
    infrastructure: Fingerprint,
    who: Identity,
    synthesis: Synthesis | Callable[[Sequence[str]], Synthesis] | None,
    early: Callable[[], Mapping[str, StackState]],
    names: Sequence[str] = (),
) -> Synthesis | None:
    """Let the names of the settings become stacks: by a synth that was made, else by what is known, else where it takes
    one by the synth that is made then, which is returned; for None none is made, as in `look_up`. `early` is what
    CloudFormation says of plain names. `names` are those that matter to who deploys nothing new."""
    if isinstance(synthesis, Synthesis):
        bind_names(run, synthesis.stacks, who)
        return synthesis
    known = what_is_known(run, infrastructure, who)
    if known:
        bind_names(run, known, who, is_deploying=not names)
        return None
    if synthesis is None:
        look_up(run, infrastructure, who, names)
        return None
    run.ports.bind_names({}, "")
    asked = names or names_of(run)
    reasons = names_needing_synth(asked, early() if all(map(is_plain, asked)) else {})
    if not reasons:
        return None
    made = synthesis(reasons)
    bind_names(run, made.stacks, who, is_deploying=not names)
    return made


def look_up(run: CurrentRun, infrastructure: Fingerprint, who: Identity, names: Sequence[str] = ()) -> bool:
    """The same for whoever only looks: no synth is made. Whether it is known which stacks the app has.

    DeployError `names-unknown` for a name that only a synth can tell the meaning of.
    """
    known = what_is_known(run, infrastructure, who)
    if known:
        bind_names(run, known, who, is_deploying=False)
        return True
    asked = names or names_of(run)
    account, latest = run.ports.store.latest()
    if not all(map(is_plain, asked)) and latest and account in ("", who.account):
        bind_names(run, latest, who, is_deploying=False)  # as of the last synth here: for a look that is enough
        return False
    for reason in names_needing_synth(asked, {}):
        raise DeployError(
            "names-unknown",
            f"it is not known here which stacks the settings mean by {reason.partition(':')[0]}",
            where="cdk.stacks of the settings",
            hint="rajee-deploy plan --infra-check=auto runs the app to find out, and remembers it",
        )
    return False


def find_key(run: CurrentRun, name: str) -> str:
    """What the stack of an image goes by, for whoever asks about that one alone, and synthesises nothing. DeployError
    `names-unknown`."""
    try:
        infrastructure = infrastructure_of(run)
    except DeployError:
        if not is_plain(name):
            raise
        return name  # as CloudFormation knows it, then
    is_known = look_up(run, infrastructure, run.ports.identity(), [name])
    return meaning(name, run.settings.places)[0] if is_known else name


def infrastructure_of(run: CurrentRun) -> Fingerprint:
    """What synth reads, with the tags that it takes as context values."""
    from rajee_deploy.image.inputs import read_all_inputs

    taken = read_all_inputs([image for image in run.settings.images if image.context_key])
    given = {each.settings.context_key: each.fingerprint.tag for each in taken.values()}
    run.ports = replace(run.ports, given=given)
    return with_given(run.ports.infrastructure(None), given)


def tables_of(run: CurrentRun, stacks: Sequence[str]) -> dict[str, str]:
    """By stack, the name under which the settings take values for its parameters: the one that cdk.stacks has for it
    alone, else its id."""
    plain = [name for name in run.named[0].cdk.stacks if not is_wild(name)]
    found = {}
    for stack in stacks:
        place = run.settings.place_of(stack)
        found[stack] = next((name for name in plain if name in (place.id, place.name)), place.id)
    return found


def what_is_known(run: CurrentRun, infrastructure: Fingerprint, who: Identity) -> Mapping[str, Synthesised]:
    """The stacks of the app by a synth of these very inputs; empty where none is known, or where no fingerprint stands
    for a synth, since the app does what cannot be followed."""
    if any(item.name.startswith("impure:") for item in infrastructure.inputs):
        return {}
    return find_remembered(run.ports.synthesiser, infrastructure, who)


def names_of(run: CurrentRun) -> tuple[str, ...]:
    """All that the settings say of stacks, as it was written."""
    settings, _ = run.named
    return tuple(dict.fromkeys((*settings.cdk.stacks, *(image.stack for image in settings.images if image.stack))))
