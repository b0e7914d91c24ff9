"""Our `dataclass` against the standard library's: what is made can be told apart by nothing that we use."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest

import rajee_deploy
from rajee_deploy.dataclass import dataclass

PACKAGE = Path(rajee_deploy.__file__).parent
# Runs in the Python of any app, before this package could be imported.
FOREIGN = PACKAGE / "stack" / "tracing" / "in_python"


def classes(made: Any) -> dict[str, type]:
    """The same classes by one decorator or the other."""

    @made(frozen=True, slots=True)
    class Nothing:
        pass

    @made(frozen=True, slots=True)
    class One:
        a: Any

    @made(frozen=True, slots=True)
    class Several:
        KIND: ClassVar[str] = "several"
        a: Any
        b: Any = 1
        c: Any = dataclasses.field(default="c", repr=False)
        d: Any = dataclasses.field(default="d", compare=False)
        e: Any = dataclasses.field(default_factory=tuple)

    @made(slots=True)
    class Changing:
        a: Any
        b: Any = 2

    @made(slots=True, eq=False)
    class Itself:
        a: Any

    @made
    class Bare:
        a: Any

    @made(frozen=True, slots=True, order=True)
    class Ordered:
        a: Any

    @made(frozen=True, slots=True)
    class Own:
        a: Any
        b: Any = 1

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.a == other.a

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    @made(frozen=True, slots=True)
    class Checked:
        a: Any

        def __post_init__(self) -> None:
            if self.a == "bad":
                raise ValueError(self.a)

    found = (Nothing, One, Several, Changing, Itself, Bare, Ordered, Own, Checked)
    return {each.__name__: each for each in found}


OURS, THEIRS = classes(dataclass), classes(dataclasses.dataclass)
VALUES = [
    ("Nothing", [{}, {}]),
    ("One", [{"a": 1}, {"a": 1}, {"a": 2}, {"a": (1,)}, {"a": [1]}]),
    ("Several", [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 2}, {"a": 1, "d": 2}, {"a": 1, "e": (1,)}]),
    ("Changing", [{"a": 1}, {"a": 1, "b": 2}, {"a": 2}]),
    ("Itself", [{"a": 1}, {"a": 1}]),
    ("Bare", [{"a": 1}, {"a": 1}, {"a": 2}]),
    ("Ordered", [{"a": 1}, {"a": 1}, {"a": 2}]),
    ("Own", [{"a": 1}, {"a": 1, "b": 3}, {"a": 2}]),
    ("Checked", [{"a": 1}, {"a": "bad"}]),
]  # fmt: skip


def told(do: Any) -> Any:
    """What it gives, or the kind of its error."""
    try:
        return do()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error)


def facts(kinds: dict[str, type], name: str, values: list[dict[str, Any]]) -> list[Any]:
    made = [told(lambda value=value: kinds[name](**value)) for value in values]
    one = made[0]
    return [
        [repr(each).rpartition(".")[2] for each in made if name != "Itself"],
        [[left == right for left in made] for right in made],
        [told(lambda each=each, other=other: hash(each) == hash(other)) for each in made for other in made],
        [field.name for field in dataclasses.fields(one)],
        one == copy.copy(one),
        one == dataclasses.replace(one),
        told(lambda: dataclasses.replace(one, a=3) == kinds[name](a=3)),
        dataclasses.asdict(one),
        one == object(),
        told(lambda: kinds[name](1, 2, 3, 4, 5, 6)),
        hasattr(one, "__dict__"),
        told(lambda: one < copy.copy(one)),
        kinds[name].__match_args__,
    ]


@pytest.mark.parametrize(("name", "values"), VALUES)
def test_nothing_tells_them_apart(name, values):
    assert facts(OURS, name, values) == facts(THEIRS, name, values)


def test_one_of_another_class_is_another():
    assert OURS["One"](1) != OURS["Changing"](1)
    assert OURS["One"](1) != OURS["Checked"](1)


@dataclass(frozen=True, slots=True)
class Kept:
    a: int


def test_it_can_be_kept():
    assert pickle.loads(pickle.dumps(Kept(1))) == Kept(1)  # noqa: S301 -- our own bytes


def test_every_room_takes_it():
    """One that forgets it is slower and nothing else, so nobody would notice."""
    others = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if FOREIGN not in path.parents and path.name != "dataclass.py"
        if re.search(r"^from dataclasses import .*\bdataclass\b", path.read_text(), re.MULTILINE)
    ]
    assert others == []
