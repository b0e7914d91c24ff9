"""What the shielding tags of an image are named after, by the settings and by who deploys. Pure: see `retention`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model.repository import registry_host
from rajee_deploy.plan import retention

if TYPE_CHECKING:
    from rajee_deploy.aws import Identity
    from rajee_deploy.settings import ImageSettings, Settings


def keeper_of(settings: Settings, image: ImageSettings, who: Identity | None) -> str:
    """What the shielding tags of an image are named after; `who` deploys it."""
    stack, place = settings.place_of(image.stack).name if image.stack else "", _place(settings, image, who)
    return retention.keeper(stack, image.parameter, place, is_shared=_is_shared(settings, image))


def former_keeper_of(settings: Settings, image: ImageSettings, who: Identity | None) -> str:
    """What they were named after by an older version; "" where that is the same, or another stack's name today."""
    stack, place = settings.place_of(image.stack).name if image.stack else "", _place(settings, image, who)
    former = retention.former_keeper(stack, image.parameter, place, is_shared=_is_shared(settings, image))
    others = {keeper_of(settings, each, who) for each in settings.images if each.repository == image.repository}
    return former if former not in others else ""


def _place(settings: Settings, image: ImageSettings, who: Identity | None) -> str:
    """Account and region of the image's stack, where its repository serves several."""
    if who is None or not image.repository.host:
        return ""
    place = settings.place_of(image.stack)
    account, region = place.account or who.account, place.region or who.region
    is_elsewhere = (account, region) != (who.account, who.region)
    if is_elsewhere and image.repository.host == registry_host(account, region):
        return ""  # the registry beside the stack, as for whoever deploys it from there
    return f"{place.account or who.account}-{place.region or who.region}"


def _is_shared(settings: Settings, image: ImageSettings) -> bool:
    """Whether the image's stack runs several images of one repository."""
    key = (image.stack, image.repository)
    return sum((other.stack, other.repository) == key for other in settings.images) > 1
