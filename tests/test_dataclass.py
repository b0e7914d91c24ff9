"""Our `dataclass` against the standard library's: what is made can be told apart by nothing that we use."""

from __future__ import annotations

import ast
import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any, ClassVar

import pytest
from source_trees import nodes

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
    class OwnEquality:  # noqa: PLW1641 -- the decorator adds it
        a: Any

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnEquality)

    @made(frozen=True, slots=True)
    class Hashed:
        a: Any
        b: Any = dataclasses.field(default=1, hash=False)
        c: Any = dataclasses.field(default=1, compare=False, hash=True)

    @made(frozen=True, slots=True)
    class Below(One):
        b: Any = 1

    @made(frozen=True, slots=True, kw_only=True)
    class Named:
        a: Any
        b: Any = 1

    @made(frozen=True, slots=True)
    class Checked:
        a: Any

        def __post_init__(self) -> None:
            if self.a == "bad":
                raise ValueError(self.a)

    found = (Nothing, One, Several, Changing, Itself, Bare, Ordered, Own, OwnEquality, Hashed, Below, Named, Checked)
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
    ("OwnEquality", [{"a": 1}, {"a": 1}, {"a": 2}]),
    ("Hashed", [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 2}, {"a": 2}]),
    ("Below", [{"a": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2}]),
    ("Named", [{"a": 1}, {"a": 1, "b": 2}, {"a": 2}]),
    ("Checked", [{"a": 1}, {"a": "bad"}]),
]


def outcome(do: Any) -> Any:
    """What it gives, or the kind of its error."""
    try:
        return do()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error)


def facts(kinds: dict[str, type], name: str, values: list[dict[str, Any]]) -> list[Any]:
    made = [outcome(lambda value=value: kinds[name](**value)) for value in values]
    one = made[0]
    return [
        [repr(each).rpartition(".")[2] for each in made if name != "Itself"],
        [[left == right for left in made] for right in made],
        [outcome(lambda each=each, other=other: hash(each) == hash(other)) for each in made for other in made],
        [field.name for field in dataclasses.fields(one)],
        one == copy.copy(one),
        one == dataclasses.replace(one),
        outcome(lambda: dataclasses.replace(one, a=3) == kinds[name](a=3)),
        dataclasses.asdict(one),
        one == object(),
        outcome(lambda: kinds[name](1, 2, 3, 4, 5, 6)),
        hasattr(one, "__dict__"),
        outcome(lambda: one < copy.copy(one)),
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
        if any(takes_the_other(node) for node in nodes(path))
    ]
    assert others == []


def takes_the_other(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "dataclasses" and any(name.name == "dataclass" for name in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "dataclasses.dataclass"
