"""Corrections to how the work on a stack ends, and to who may do it.

On AWS every creation, update and deletion ends in a settled status with a reason, and looking at a stack changes
nothing. Moto's own mistakes (a property that it does not know, a reference that it cannot resolve) are reasons too.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from moto.cloudformation.models import CloudFormationBackend, OutputMap, Stack
from moto.cloudformation.parsing import ResourceMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_building: ContextVar[bool] = ContextVar("building", default=False)
"""True while this request creates or updates a stack."""

_WITHOUT_OUTPUTS = ("REVIEW_IN_PROGRESS", "CREATE_PENDING", "CREATE_IN_PROGRESS")


def apply() -> None:
    """Apply every correction of this module. It wraps what those of `stacks` replace, so it comes after them."""
    look_without_creating()
    hide_unfinished_outputs()


def look_without_creating() -> None:
    """Who looks at a stack sees the resources that exist (moto creates those that do not: for a second time when
    another request is about to, and anew when the stack is deleted)."""
    original = ResourceMap.__getitem__

    def __getitem__(self: Any, key: str) -> Any:  # noqa: N807 -- replaces that very method
        if not _building.get() and key in self._resource_json_map:
            return self._parsed_resources.get(key)
        return original(self, key)

    ResourceMap.__getitem__ = __getitem__
    Stack.stack_resources = property(lambda self: [each for each in self.resource_map.values() if each is not None])
    for owner, name in ((ResourceMap, "create"), (ResourceMap, "update"), (CloudFormationBackend, "create_stack")):
        setattr(owner, name, _while_building(getattr(owner, name)))


def hide_unfinished_outputs() -> None:
    """A stack has no outputs before it is created."""
    original = Stack.outputs
    Stack.outputs = property(lambda self: None if self.status in _WITHOUT_OUTPUTS else original.fget(self))


@contextmanager
def settling(settle: Callable[[Exception], None]) -> Iterator[None]:
    """Hand whatever stops the work to `settle`. Moto's mistakes have no class of their own: any exception may be one,
    and a stack that nobody settles would be in progress for ever."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- see above
        settle(error)


def reason_of(error: Exception) -> str:
    """Why something was refused, in the service's words, or which mistake moto made."""
    message = getattr(error, "message", None) or getattr(error, "description", None)
    return str(message or f"the sandbox broke down: {type(error).__name__}: {error}")


def forget_outputs(stack: Any) -> None:
    """The stack's resources are gone, and with them what its outputs refer to."""
    stack.output_map = OutputMap(stack.resource_map, {"Outputs": {}}, stack.stack_id)


def _while_building(work: Any) -> Any:
    @functools.wraps(work)
    def building(*args: Any, **kwargs: Any) -> Any:
        reset = _building.set(True)
        try:
            return work(*args, **kwargs)
        finally:
            _building.reset(reset)

    return building
