"""Variables that a stage has from the stages below it, without a copy for each stage.

Owns how they are kept. Must never know what they mean. They stand in a thousand small drawers, and copies share all
drawers but those in which something was set since: twenty thousand stages on top of each other stay small and fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V")
_SIDE = 32


class Variables(Generic[V]):
    """Names with values."""

    def __init__(self, values: Mapping[str, V] | None = None) -> None:
        empty: dict[str, V] = {}
        self._rows: tuple[tuple[dict[str, V], ...], ...] = ((empty,) * _SIDE,) * _SIDE
        for name, value in (values or {}).items():
            self.set(name, value)

    def copy(self) -> Variables[V]:
        """The same, to be changed apart from this."""
        other: Variables[V] = Variables()
        other._rows = self._rows
        return other

    def get(self, name: str) -> V | None:
        """The value of a name."""
        row, place = divmod(hash(name) % (_SIDE * _SIDE), _SIDE)
        return self._rows[row][place].get(name)

    def set(self, name: str, value: V) -> None:
        """Give a name a value."""
        row, place = divmod(hash(name) % (_SIDE * _SIDE), _SIDE)
        drawers = self._rows[row]
        changed = (*drawers[:place], {**drawers[place], name: value}, *drawers[place + 1 :])
        self._rows = (*self._rows[:row], changed, *self._rows[row + 1 :])

    def all(self) -> dict[str, V]:
        """All names with their values."""
        return {name: value for row in self._rows for drawer in row for name, value in drawer.items()}
