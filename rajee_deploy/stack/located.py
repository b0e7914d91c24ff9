"""The doors to CloudFormation and ECS for stacks that live in several places: each question goes where its stack lives.

They add nothing to an answer and decide nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.stack.deployment_record import SsmRecords
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.services import Services
from rajee_deploy.stack.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.plan.state import StackPresent, StackState
    from rajee_deploy.rollout import ResourceEvent, RolloutSettings, Service
    from rajee_deploy.rollout.standing import StackService
    from rajee_deploy.stack.update import Accepted
    from rajee_deploy.stack.whereabouts import Whereabouts


class LocatedStacks:
    """A StackReader."""

    def __init__(self, where: Whereabouts, with_parameters: Sequence[str] = ()) -> None:
        self._where = where
        self._with_parameters = with_parameters

    def describe(self, stack: str) -> StackState:
        """See StackReader."""
        return CloudFormation(self._where.reading(stack)).describe(self._where.place(stack).name)

    def observe(self, stack: str) -> StackState:
        """See StackReader."""
        name = self._where.place(stack).name
        given = [name] if any(self._where.is_called(stack, each) for each in self._with_parameters) else []
        return CloudFormation(self._where.reading(stack), given).observe(name)


class LocatedUpdates:
    """A StackUpdater."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where

    def update(
        self,
        stack: str,
        state: StackPresent,
        parameters: Mapping[str, str],
        token: str,
        tags: Mapping[str, str],
    ) -> Accepted:
        """See StackUpdater."""
        from rajee_deploy.stack.update import Updates  # where something is deployed alone

        name = self._where.place(stack).name
        return Updates(self._where.writing(stack)).update(name, state, parameters, token, tags)

    def execute(self, stack: str, change_set: str) -> Accepted:
        """See StackUpdater."""
        from rajee_deploy.stack.update import Updates  # where something is deployed alone

        return Updates(self._where.writing(stack)).execute(self._where.place(stack).name, change_set)


class LocatedRecords:
    """A RecordStore: what is recorded of a stack lies beside it."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where

    def read(self, stack: str) -> str | None:
        """See RecordStore."""
        return SsmRecords(self._where.reading(stack)).read(self._where.place(stack).name)

    def write(self, stack: str, text: str) -> None:
        """See RecordStore."""
        SsmRecords(self._where.writing(stack)).write(self._where.place(stack).name, text)


class LocatedServices:
    """A ServiceDoor. What a stack holds knows which stack it was."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where

    def services_of(self, stack: str, state: StackPresent, *, fresh: bool = False) -> tuple[StackService, ...]:
        """See ServiceDoor."""
        found = Services(self._where.reading(stack)).services_of(self._where.place(stack).name, state, fresh=fresh)
        return tuple(replace(one, stack=stack) for one in found)

    def services(self, held: Sequence[StackService]) -> Mapping[str, Service]:
        """See ServiceDoor."""
        found: dict[str, Service] = {}
        for stack in dict.fromkeys(one.stack for one in held):
            found |= Services(self._where.reading(stack)).services([one for one in held if one.stack == stack])
        return found

    def rolled_back(self, held: StackService) -> str:
        """See ServiceDoor."""
        return Services(self._where.reading(held.stack)).rolled_back(held)

    def run(self, held: StackService, task_definition: str) -> None:
        """See ServiceDoor."""
        Services(self._where.writing(held.stack)).run(held, task_definition)


class LocatedWatching:
    """A StackWatcher. An ARN says itself where it is to be asked about."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where

    def events(self, stack: str, since: float) -> tuple[ResourceEvent, ...]:
        """See StackWatcher."""
        if stack.startswith("arn:"):
            return Watching(self._where.at(stack)).events(stack, since)
        return Watching(self._where.reading(stack)).events(self._where.place(stack).name, since)

    def services(self, stack: str) -> tuple[str, ...]:
        """See StackWatcher."""
        return Watching(self._where.reading(stack)).services(self._where.place(stack).name)

    def service(self, arn: str) -> Service:
        """See StackWatcher."""
        return Watching(self._where.at(arn)).service(arn)

    def function(self, stack: str, name: str) -> Service | None:
        """See StackWatcher."""
        return Watching(self._where.reading(stack)).function(stack, name)

    def images(self, task_definition: str) -> tuple[str, ...]:
        """See StackWatcher."""
        return Watching(self._where.at(task_definition)).images(task_definition)

    def settings(self, arn: str) -> RolloutSettings:
        """See StackWatcher."""
        return Watching(self._where.at(arn)).settings(arn)
