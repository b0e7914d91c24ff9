"""What the names in the settings mean, once the app's stacks are known: images and values by stacks, each checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.repository import registry_host
from rajee_deploy.plan.stack_names import StackPlace, is_wild, meaning
from rajee_deploy.settings.parameters import check_names
from rajee_deploy.settings.problems import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.aws import Identity
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.parameters import Given
    from rajee_deploy.settings import ImageSettings, Settings


def check_place(settings: Settings, place: StackPlace) -> None:
    """Settings that say which account an environment is are believed: the app alone leads nobody into another one.
    Where they say none, and for regions, the app decides where its stacks live."""
    if settings.account is None or place.account in ("", settings.account, *settings.stack_accounts):
        return
    at = f"environments.{settings.environment}"
    raise ConfigurationError(
        "wrong-account",
        f"the app puts {place} into account {place.account}, and {at} is {settings.account}",
        where=f"{at}.account",
        hint=f'where that is meant: stack-accounts = ["{place.account}"] in {at}; if not, correct env of the stack',
    )


def check_apart(keys: Sequence[str], places: Mapping[str, StackPlace]) -> None:
    """CloudFormation knows one stack of a name in a place."""
    taken: dict[tuple[str, str, str], StackPlace] = {}
    for place in (places[key] for key in keys):
        other = taken.setdefault((place.name, place.account, place.region), place)
        if other is not place:
            raise ConfigurationError(
                "ambiguous-stack",
                f"{other.id} and {place.id} would be the same stack: both are called {place.name}",
                where="cdk.stacks of the settings",
                hint=f"name one of them: {other.id} or {place.id}",
            )


def image_of_stack(
    image: ImageSettings, keys: Sequence[str], places: Mapping[str, StackPlace], who: Identity
) -> ImageSettings:
    if not image.stack:
        return image
    found = meaning(image.stack, places)
    where = f"images.{image.name}.stack"
    if len(found) > 1:
        raise ConfigurationError(
            "ambiguous-stack",
            f"{image.stack} means several stacks, but an image belongs to one",
            where=where,
            hint="name one of " + ", ".join(places[key].id for key in found),
        )
    if found[0] not in keys:
        raise ConfigurationError(
            "bad-settings",
            f"{image.stack} is not among the stacks of cdk.stacks",
            where=where,
            hint="they are " + ", ".join(str(places[key]) for key in keys),
        )
    return replace(image, stack=found[0], repository=near(image.repository, places[found[0]], who))


def values_of_stacks(
    given: Mapping[str, Mapping[str, Given]], keys: Sequence[str], places: Mapping[str, StackPlace]
) -> dict[str, dict[str, Given]]:
    """The values of parameters by the stacks that their tables' names mean. Flags go before tables, and in either what
    was written for one stack goes before what was written with a wildcard."""
    found: dict[str, dict[str, Given]] = {}
    for name, values in sorted(given.items(), key=lambda one: not is_wild(one[0])):
        mine = [key for key in meaning(name, places) if key in keys] if values else []
        if values and not mine:
            raise ConfigurationError(
                "bad-settings",
                f"cdk.parameters.{name}: it means none of the stacks of cdk.stacks",
                where="cdk.parameters of the settings, --parameters",
                hint="they are " + ", ".join(str(places[key]) for key in keys),
            )
        for key in mine:
            own = found.setdefault(key, {})
            own |= {each: value for each, value in values.items() if each not in own or value.rank >= own[each].rank}
    return found


def check_values(values: Mapping[str, Mapping[str, Given]], images: Sequence[ImageSettings]) -> None:
    try:
        check_names(values, images)
    except SettingError as error:
        raise ConfigurationError(
            "bad-settings",
            f"cdk.parameters.{error}",
            where="cdk.parameters of the settings",
            hint="take it out there: docs/settings.md says what may stand there",
        ) from error


def near(repository: Repository, place: StackPlace, who: Identity) -> Repository:
    """A repository without a registry is one of the place where its image's stack lives."""
    account, region = place.account or who.account, place.region or who.region
    if repository.host or (account, region) == (who.account, who.region):
        return repository
    return replace(repository, host=registry_host(account, region))


def check_parameters(images: Sequence[ImageSettings]) -> None:
    """Two names may be one stack's: then it cannot have one parameter for two images."""
    taken: dict[tuple[str, str], str] = {}
    for image in images:
        other = taken.setdefault((image.stack, image.parameter), image.name) if image.stack else image.name
        if other != image.name:
            raise ConfigurationError(
                "bad-settings",
                f"the images {other} and {image.name} would share the parameter {image.parameter}",
                where=f"images.{image.name}.parameter",
                hint="their names mean the same stack: give each image a parameter of its own",
            )
