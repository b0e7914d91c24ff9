"""Every code that the source can give an error or a warning, read where it is written."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from source_trees import nodes, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = Path(__file__).parents[1] / "rajee_deploy"
ERRORS = ("DeployError", "ConfigurationError", "Refusal")  # their first argument is a code, as that of their subclasses
WARNINGS = ("Caution", "Notice")


def _names(tree: ast.Module, bases: tuple[str, ...]) -> tuple[str, ...]:
    """`bases` with the classes of the module that come of them."""
    found = list(bases)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id in found for base in node.bases
        ):
            found.append(node.name)
    return tuple(found)


def _texts(node: ast.expr | None, constants: dict[str, str]) -> Iterator[str]:
    """What an expression can be, as far as it is written there."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, constants)
            yield from _texts(other, constants)
        case _:
            pass


def _argument(call: ast.Call, position: int) -> ast.expr | None:
    named = (word.value for word in call.keywords if word.arg == "code")
    return next(named, call.args[position] if len(call.args) > position else None)


def _given(node: ast.AST, errors: tuple[str, ...]) -> ast.expr | None:
    """The expression of the code that a node gives, where it gives one."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in (*errors, *WARNINGS):
            return _argument(node, 0)
        case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super")))):
            return _argument(node, 0)
        case ast.Call(func=ast.Attribute(attr="warn")):
            return _argument(node, 2)
        case ast.Call():
            return next((word.value for word in node.keywords if word.arg == "code"), None)
        case ast.AnnAssign(target=ast.Name(id="code")) | ast.Assign(targets=[ast.Name(id="code")]):
            return node.value
        case ast.arg() | _:
            return None


def _defaults(node: ast.AST) -> Iterator[ast.expr]:
    """Defaults of parameters that are called code."""
    if isinstance(node, ast.FunctionDef):
        every = [*node.args.posonlyargs, *node.args.args]
        late = every[len(every) - len(node.args.defaults) :]
        pairs = [
            *zip(late, node.args.defaults, strict=True),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        yield from (value for word, value in pairs if word.arg == "code" and value is not None)


@cache
def codes() -> set[str]:
    """All of them; whoever makes a new one of any kind is found by its name, its class or the word `code`."""
    found: set[str] = set()
    paths = sorted(ROOM.rglob("*.py"))
    trees = [tree(path) for path in paths]
    constants = {
        target.id: text.value
        for each in trees
        for node in each.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        for text in [node.value]
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }
    for path in paths:
        errors = _names(tree(path), ERRORS)
        for node in nodes(path):
            for expression in (_given(node, errors), *_defaults(node)):
                found |= {text for text in _texts(expression, constants) if re.fullmatch("[a-z]+(-[a-z]+)*", text)}
    return found
