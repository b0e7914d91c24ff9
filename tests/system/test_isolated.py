"""Nothing of the working directory runs because a Python of ours, or one that is only asked something, starts there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from source_trees import nodes

import rajee_deploy

PACKAGE = Path(rajee_deploy.__file__).parent
# Before these, Python puts the working directory, or the program's, first on its path.
PROGRAM_FLAGS = {"-c", "-m"}
ISOLATION = {"-P", "-I"}
# Where -c is another program's: git's settings, and shells' in what a trace recorded. And the command started again by
# itself, with the flags that it was given.
OTHERS = {"call.py", "looks.py", "cli/__init__.py"}


def faults(source: str) -> list[int]:
    """Lines of arguments for a Python (they have -c or -m, or begin with our own) that do not isolate it first."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.List | ast.Tuple):
            continue
        words = [each.value if isinstance(each, ast.Constant) else ast.unparse(each) for each in node.elts]
        before = next((number for number, word in enumerate(words) if word in PROGRAM_FLAGS), len(words))
        is_python = any("sys.executable" in str(word) for word in words) or (
            before < len(words) and "sh" not in words and "/bin/sh" not in words
        )
        if is_python and not ISOLATION & {*words[:before]}:
            found.append(node.lineno)
    return found


def test_every_python_that_is_started_is_isolated():
    found = {
        str(path): faults(path.read_text("utf-8"))
        for path in PACKAGE.rglob("*.py")
        if not str(path).endswith(tuple(OTHERS))
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("run([sys.executable, '-m', 'x'])", [1]),
        ("run([sys.executable, script])", [1]),
        ("run([sys.executable, '-m', 'x', '-P'])", [1]),
        ("run([str(found), '-c', 'x'])", [1]),
        ("ask(found, ('-c', 'x'))", [1]),
        ("run([sys.executable, '-P', '-m', 'x'])", []),
        ("ask(found, ('-I', '-c', 'x'))", []),
        ("run(['/bin/sh', '-c', 'x'])", []),
    ],
)
def test_the_scan_sees_each_way(source, lines):
    assert faults(source) == lines


def test_sys_executable_is_named_only_where_the_scan_sees_it():
    """A list that is put together piece by piece would escape it."""
    for path in PACKAGE.rglob("*.py"):
        if str(path).endswith(tuple(OTHERS)):
            continue
        found = nodes(path)
        listed = {id(each) for node in found if isinstance(node, ast.List | ast.Tuple) for each in node.elts}
        for node in found:
            if isinstance(node, ast.Attribute) and node.attr == "executable":
                assert id(node) in listed, f"{path}:{node.lineno}"
