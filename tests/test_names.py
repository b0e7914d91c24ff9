"""One class name, one thing: a reader who greps for a name finds one meaning."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import rajee_deploy

SOURCES = sorted(Path(rajee_deploy.__file__).parent.rglob("*.py"))


def test_no_two_classes_have_one_name():
    names = Counter(
        node.name for path in SOURCES for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.ClassDef)
    )
    assert len(names) > 300, "the scan lost its subject"
    assert {name for name, times in names.items() if times > 1} == set()


def test_context_alone_is_the_build_context():
    names = {node.name for path in SOURCES for node in ast.walk(ast.parse(path.read_bytes())) if hasattr(node, "name")}
    assert "Context" not in names
