"""Texts that are numbers, and such as only look like it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rajee_deploy.text.numbers import whole

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1_0", None),
        ("\u00b2", None),
        ("\u0663", None),
        ("1.0", None),
        ("x", None),
    ],
)
def test_whole(text, number):
    assert whole(text) == number


def test_nobody_guards_int_by_isdecimal():
    found = [
        f"{path.name}: {line.strip()}"
        for path in (TOP / "rajee_deploy").rglob("*.py")
        if path.name != "numbers.py"
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\bint\(.*is(decimal|digit)\(|is(decimal|digit)\(\).*\bint\(", line)
        and "/proc" not in line
        and "words" not in line
    ]
    assert found == [], "use rajee_deploy.text.numbers.whole"
