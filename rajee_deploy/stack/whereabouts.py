"""Where stacks live: from what a stack goes by inside the tool to its names, and to who asks AWS about it there.

What is not known (yet) is a stack of this very name where the caller is. Must never decide what a name means: that is
`locating`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.stack_names import StackPlace, meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.aws import Aws


class Whereabouts:
    """The places of one run's stacks, known once its settings' names are resolved."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._places: Mapping[str, StackPlace] = {}

    def settle(self, places: Mapping[str, StackPlace]) -> None:
        """From now on these are the stacks."""
        self._places = places

    def place(self, stack: str) -> StackPlace:
        """Which stack it is."""
        return self._places.get(stack) or StackPlace(stack, stack)

    def is_called(self, stack: str, name: str) -> bool:
        """Whether a name in the settings means this stack."""
        return stack in meaning(name, self._places) if self._places else stack == name

    def reading(self, _stack: str) -> Aws:
        """Who asks about a stack."""
        return self._aws

    def writing(self, _stack: str) -> Aws:
        """Who changes a stack."""
        return self._aws

    def at(self, _arn: str) -> Aws:
        """Who asks about what has an ARN."""
        return self._aws
