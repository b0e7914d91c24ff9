"""What the sampler of mutants asks about, and what it leaves out."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


rooms, texts = module("rooms"), module("texts")


def test_every_pure_room_is_mutated_and_has_tests_that_are_there():
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = [each["source_modules"] for each in contracts if each["name"] == "pure rooms do no I/O"]
    named = {room.removesuffix("/").removesuffix(".py").replace("/", ".") for room in rooms.NEAREST}
    assert named == {each.removeprefix("rajee_deploy.") for each in pure} | {"actions.deploy", "context.digest"}
    missing = {test for tests in rooms.NEAREST.values() for test in tests if not (TOP / "tests" / test).is_file()}
    missing |= {test for test in rooms.WIDER if not (TOP / test).is_file()}
    assert missing == set()


def test_a_file_of_a_room_has_the_tests_of_the_room():
    assert rooms.nearest("rajee_deploy/plan/ancestry.py") == ("tests/plan/test_ancestry.py",)
    assert "tests/dockerfile/test_words.py" in rooms.nearest("rajee_deploy/dockerfile/words.py")
    with pytest.raises(LookupError):
        rooms.nearest("rajee_deploy/aws/__init__.py")


LEFT_OUT = [
    ('raise DeployError("code", "text", hint="do")', 'raise DeployError("code", None, hint="XXdoXX")'),
    ('raise DeployError("code", "text", hint="do")', 'raise DeployError("code", "text")'),
    ('raise ExpansionError("text", by_value=True)', "raise ExpansionError(None, by_value=True)"),
    ('x = text.encode("utf-8")', 'x = text.encode("UTF-8")'),
    ('x = cast("int", y)', "x = cast(None, y)"),
    ("match x:\n  case 1: y()\n  case _: assert_never(x)", "match x:\n  case 1: y()"),
]
COUNTED = [
    ('raise DeployError("code", "text")', 'raise DeployError("XXcodeXX", "text")'),
    ('raise DeployError("code", "text")', 'raise DeployError(None, "text")'),
    ('raise ExpansionError("text", by_value=True)', 'raise ExpansionError("text", by_value=False)'),
    ('x = text.encode("utf-8")', 'x = text.encode("XXutf-8XX")'),
    ('x = "a text"', 'x = "A TEXT"'),
    ('x = cast("int", y)', 'x = cast("int", None)'),
    ("match x:\n  case 1: y()\n  case _: z()", "match x:\n  case 1: y()"),
    ("if a and b: c()", "if a or b: c()"),
]


@pytest.mark.parametrize(
    ("one", "other", "same"), [(*each, True) for each in LEFT_OUT] + [(*each, False) for each in COUNTED]
)
def test_mutants_of_texts_alone_are_left_out_and_nothing_else(one, other, same):
    def function(name, body):
        return f"def {name}():\n" + "".join(f" {line}\n" for line in body.splitlines())

    assert texts.says_the_same(function("one", one), function("two", other)) is same
