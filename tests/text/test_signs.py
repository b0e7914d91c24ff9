"""Each sign that the source shows has something that stands for it where only ASCII can be shown."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from source_trees import tree

import rajee_deploy
from rajee_deploy.text.signs import ASCII

ROOM = Path(rajee_deploy.__file__).parent
SYMBOLS = {"So", "Sm", "Pd", "Pf", "Pi", "Po", "Zs"}
OTHERS = {"context/globs.py", "dockerfile/golang.py"}  # what others write, and Go calls a blank


def signs(path):
    text = tree(path)
    for node in ast.walk(text):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (c for c in node.value if not c.isascii() and unicodedata.category(c) in SYMBOLS)


def test_each_sign_has_one():
    missing = {}
    for path in ROOM.rglob("*.py"):
        name = str(path.relative_to(ROOM))
        if name not in OTHERS:
            missing |= {sign: name for sign in signs(path) if sign not in ASCII and sign != "\N{REPLACEMENT CHARACTER}"}
    assert missing == {}


@pytest.mark.parametrize("sign", ASCII)
def test_it_is_ascii_and_a_mark_keeps_its_width(sign):
    assert ASCII[sign].isascii()
    assert len(ASCII[sign]) == 1 or sign in "→←≤≥…\u2060"


def test_marks_stay_different():
    marks = "+~±-=!✓✗→"
    assert len({ASCII.get(mark, mark) for mark in marks}) == len(marks)
