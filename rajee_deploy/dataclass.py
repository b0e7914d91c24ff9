"""`dataclass` as the standard library has it, made in half of the time.

A `plan` defines seventy classes before it begins, and the standard library writes source text for every method of each
and compiles it: a seventh of a run with nothing to do. Here that happens for `__init__` alone; how values are compared,
hashed and shown is one piece of code for all of them. That nobody assigns to a frozen one is left to the type checker,
for which this is the standard library's decorator; no test would find it out.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False, slots=False, kw_only=False):  # noqa: ANN001, ANN201
        """See the standard library; options that are not here are not used."""
        if order:
            return dataclasses.dataclass(frozen=frozen, eq=eq, order=order, slots=slots, kw_only=kw_only)
        if cls is None:
            return lambda cls: _make(cls, frozen=frozen, eq=eq, slots=slots, kw_only=kw_only)
        return _make(cls, frozen=frozen, eq=eq, slots=slots, kw_only=kw_only)


__all__ = ["dataclass"]


def _make(cls: type, *, frozen: bool, eq: bool, slots: bool, kw_only: bool) -> type:
    own = {name for name, value in vars(cls).items() if (name, value) != ("__hash__", None)}  # as `__eq__` leaves it
    made: type = dataclasses.dataclass(eq=False, repr=False, slots=slots, kw_only=kw_only)(cls)
    methods: dict[str, Any] = {"__repr__": _repr}
    if eq:
        fields = dataclasses.fields(made)
        hashed = _key([field.name for field in fields if (field.compare if field.hash is None else field.hash)])
        methods["__eq__"] = _equal(_key([field.name for field in fields if field.compare]))
        methods["__hash__"] = _hash(hashed) if frozen else None
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _key(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _self: ()


def _equal(key: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 -- becomes the method
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(key: Callable[[Any], Any]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(key(self))

    return __hash__


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"
