"""Where stacks live: from what a stack goes by inside the tool to its names, and to who asks AWS about it there.

What is not known (yet) is a stack of this very name where the caller is. In the caller's account our own credentials
ask, in whichever region. In another one those roles do that the app names for it, as the CDK CLI would: its role for
look-ups where we read, the one for deployments where we write. Must never decide what a name means: `locate` does.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.plan.stack_names import StackPlace, meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.aws import Aws
    from rajee_deploy.aws.elsewhere import Asks


class Whereabouts:
    """The places of one run's stacks, known once its settings' names are resolved."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._account = ""
        self._places: Mapping[str, StackPlace] = {}
        self._made: dict[tuple[str, str, str], Asks] = {}
        self._lock = threading.Lock()

    def bind_names(self, places: Mapping[str, StackPlace], account: str) -> None:
        """From now on these are the stacks, and this is the caller's account."""
        self._places, self._account = places, account

    def place(self, stack: str) -> StackPlace:
        """Which stack it is."""
        return self._places.get(stack) or StackPlace(stack, stack)

    def is_called(self, stack: str, name: str) -> bool:
        """Whether a name in the settings means this stack."""
        if not self._places:
            return stack == name
        with suppress(ConfigurationError):  # it means none of these
            return stack in meaning(name, self._places)
        return False

    def reading(self, stack: str) -> Asks:
        """Who asks about a stack."""
        return self._reading(self.place(stack))

    def writing(self, stack: str) -> Asks:
        """Who changes a stack."""
        place = self.place(stack)
        return self._by(place, place.role, place.external_id)

    def at(self, arn: str) -> Asks:
        """Who asks about what has an ARN: whoever asks about the stacks that live there."""
        _, _, _, region, account, *_ = [*arn.split(":"), *[""] * 5]
        if self._is_ours(account):
            return self._by(StackPlace("", "", "", region), "", "")
        return self._reading(
            next(
                (each for each in self._places.values() if (each.account, each.region or region) == (account, region)),
                StackPlace(arn, arn, account, region),
            )
        )

    def _is_ours(self, account: str) -> bool:
        return account in ("", self._account) or not self._account

    def _reading(self, place: StackPlace) -> Asks:
        if place.reading_role:
            return self._by(place, place.reading_role, place.reading_external_id)
        return self._by(place, place.role, place.external_id)

    def _by(self, place: StackPlace, role: str, external_id: str) -> Asks:
        is_ours = self._is_ours(place.account)
        if is_ours and not place.region:
            return self._aws
        region = place.region or self._aws.region
        if is_ours and region == self._aws.region:
            return self._aws
        if not is_ours and not role:
            raise ConfigurationError(
                "no-role",
                f"the app names no role for {place.name} in account {place.account}",
                where=f"stack {place.name}",
                hint="let its synthesizer name roles, as CDK's default does; or use credentials of that account",
            )
        with self._lock:
            key = (region, "", "") if is_ours else (region, role, external_id)
            if key not in self._made:
                self._made[key] = self._make(place, *key)
            return self._made[key]

    def _make(self, place: StackPlace, region: str, role: str, external_id: str) -> Asks:
        from rajee_deploy.aws.elsewhere import Assumed, InRegion

        if not role:
            return InRegion(self._aws, region)
        from rajee_deploy.aws.permissions import partition_of

        # The CDK CLI fills these in as well.
        told = {"Partition": partition_of(region), "AccountId": place.account, "Region": region}
        for name, value in told.items():
            role = role.replace(f"${{AWS::{name}}}", value)
        return Assumed(self._aws, role, external_id, region)
