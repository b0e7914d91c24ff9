"""What ends a line, and that nobody asks `str.splitlines`, which knows more ends than those who write lines."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from source_trees import nodes

import rajee_deploy
from rajee_deploy.text.lines import lines_of

ELSEWHERE = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("one", ["one"]),
        ("one\n", ["one"]),
        ("one\r\ntwo\rthree\n\n", ["one", "two", "three", ""]),
        (f"a{ELSEWHERE}b\n", [f"a{ELSEWHERE}b"]),
    ],
)
def test_what_ends_a_line(text, lines):
    assert lines_of(text) == lines


def test_nobody_splits_text_otherwise():
    root = Path(rajee_deploy.__file__).parent
    found = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in root.rglob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr == "splitlines"
        and not ast.unparse(node).startswith("read_regular(")  # bytes, which it splits at the ends of lines alone
    ]
    assert not found, "lines_of is to split, see rajee_deploy.text.lines"
