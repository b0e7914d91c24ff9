"""Who says that nothing is changed sets no field of its caller: it returns what it found."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from rollback_worlds import Project
from run_worlds import World
from source_trees import tree

import rajee_deploy
from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.plan import plan_by, plan_run
from rajee_deploy.actions.rollback import Asked
from rajee_deploy.actions.rollback.preview import preview
from rajee_deploy.actions.status.look import look
from rajee_deploy.plan.stack_names import StackPlace

TOP = Path(rajee_deploy.__file__).parent
PROMISE = re.compile(r"changes nothing|decides nothing|\bPure\b|asks, and changes", re.IGNORECASE)
# What a function of such a room may set: a tree or a document that it is itself making for its caller, and the answer
# that botocore has us look at for just that.
MADE = {
    "aws/received.py",
    "context/select.py",
    "context/wanted.py",
    "dockerfile/stages.py",
    "synth/tracing/variables.py",
}


def promised(tree: ast.Module):
    """The functions that promise it, by their room's word or by their own."""
    whole = PROMISE.search(ast.get_docstring(tree) or "")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (whole or PROMISE.search(ast.get_docstring(node) or "")):
            yield node


def set_by(function: ast.FunctionDef) -> list[str]:
    """The fields and items of its parameters that a function sets."""
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)} - {"self", "cls"}
    # One that is bound anew is no parameter any more: a copy of its own.
    names -= {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and root.id in names:
                found.append(f"{function.name}: {ast.unparse(node)}")
    return found


def test_who_promises_to_change_nothing_sets_nothing_of_its_caller():
    found = {
        name: texts
        for path in sorted(TOP.rglob("*.py"))
        if (name := path.relative_to(TOP).as_posix()) not in MADE and not name.startswith("sandbox/")
        if (texts := [text for each in promised(tree(path)) for text in set_by(each)])
    }
    assert found == {}


def test_the_scan_finds_a_broken_promise():
    source = '"""It changes nothing."""\ndef f(run, more):\n    run.a.b = 1\n    more["x"] += 1\n    run.c |= {}\n'
    (function,) = promised(ast.parse(source))
    assert set_by(function) == ["f: run.a.b", "f: more['x']", "f: run.c"]
    (function,) = promised(ast.parse(source.replace("    run.a.b", "    run = 1\n    run.a.b")))
    assert set_by(function) == ["f: more['x']"]


def state(run):
    """All that is at hand, but for what is measured, said and remembered for later."""
    return {
        each.name: getattr(run, each.name) for each in fields(run) if each.name not in ("_named", "timings", "lists")
    }


@pytest.fixture
def homes(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def test_a_plan_and_a_look_leave_the_run_as_it_was(homes):
    world = World(homes)
    path = homes / "rajee-deploy.toml"
    path.write_text(path.read_text().replace('stack = "App"', 'stack = "App"\ncontext-key = "tag"'))
    world.stacks.places = {"App": StackPlace("Stage/App", "App"), "Registry": StackPlace("Registry", "Registry")}
    run = world.context()
    before = state(run)
    planned = plan_run(run)
    assert state(run) == before
    assert (planned.run.settings.places, planned.run.ports.given) != (run.settings.places, run.ports.given)
    its = state(planned.run)
    assert planned.synthesis is not None
    plan_by(planned, planned.synthesis)
    assert state(planned.run) == its
    world.up()
    look(run)
    assert state(run) == before


def test_a_preview_of_a_way_back_leaves_the_run_as_it_was(homes):
    run = Project(homes).context()
    before = state(run)
    planned = preview(run, Asked(run.images, None, Origin(run.settings.path, None, lambda image: image)))
    assert not planned.plan.is_empty
    assert state(run) == before
