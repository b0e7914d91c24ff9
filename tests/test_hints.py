"""Every command of ours that the source writes into a message is one that our own command line takes.

The words stand in messages that few tests reach; so they are read where they are written.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from source_trees import tree

from rajee_deploy.cli.line import VERBS, click_command

ROOM = Path(__file__).parents[1] / "rajee_deploy"
GROUPS = {"sandbox": {"start", "stop", "status", "env"}}
COMMAND = re.compile(r"(?<![\w/-])rajee-deploy ([a-z]+(?:-[a-z]+)*)((?: [^ \n;,()#]+)*)")
# A verb with a flag and without our name works nowhere.
BARE = re.compile(rf"(?<![\w-])(?<!rajee-deploy )({'|'.join(VERBS)}) --[a-z]")


def strings(tree: ast.AST) -> list[tuple[int, str]]:
    """The text of every literal and f-string but docstrings; what is put in is X."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))]
    docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values]
            found.append((node.lineno, "".join(parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inner:
            found.append((node.lineno, node.value))
    return found


def problem(verb: str, words: str) -> str:
    """Why our command line would not take a command; "" where it does."""
    if verb in GROUPS:
        return "" if words.split()[:1] and words.split(maxsplit=1)[0] in GROUPS[verb] else f"no {verb} {words}"
    options = {spelling: each for each in click_command(verb).params for spelling in each.opts}
    for word in words.split():
        flag = word.partition("=")[0].rstrip(".:'\"`")
        if flag.startswith("-") and flag.strip("-") and flag not in options:
            return f"{verb} has no {flag}"
    return ""


def commands() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(ROOM.rglob("*.py")):
        if "in_python" in path.parts:
            continue
        for line, text in strings(tree(path)):
            at = f"{path.relative_to(ROOM)}:{line}"
            found += [(at, match[1], match[2]) for match in COMMAND.finditer(text)]
            found += [(at, "", match[0]) for match in BARE.finditer(text) if not re.fullmatch(r"[a-z]+ --[a-z]+", text)]
    return found


def test_each_is_one_of_ours():
    found = [(at, verb, words) for at, verb, words in commands() if verb in VERBS or verb in GROUPS or not verb]
    bare = [(at, words) for at, verb, words in found if not verb]
    assert bare == []
    wrong = {at: said for at, verb, words in found if (said := problem(verb, words))}
    assert wrong == {}
    assert len(found) > 30


@pytest.mark.parametrize(
    ("verb", "words", "is_wrong"),
    [
        ("up", " --yes", False),
        ("up", " --allow-rollback. It", False),
        ("up", " --nope", True),
        ("lock", " records", False),
        ("rollback", " X --image X", False),
        ("plan", " --upgrade", True),
        ("sandbox", " start", False),
        ("sandbox", " begin", True),
    ],
)
def test_what_is_looked_for_is_found(verb, words, is_wrong):
    assert bool(problem(verb, words)) == is_wrong
    assert bool(BARE.search(f"run {verb}{words}")) == words.startswith(" --")
    assert not BARE.search(f"run rajee-deploy {verb}{words}")
