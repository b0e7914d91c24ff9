"""The import contracts hold what they say: each is broken by a violation that is planted in a copy of the house."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
# What is planted where, and the contract that has to notice it.
PLANTED = [
    ("actions/deploy.py", "import boto3", "boto3 only where AWS is met"),
    ("actions/deploy.py", "import requests", "HTTP only where a registry is met"),
    ("actions/deploy.py", "import rich", "rich only in console"),
    ("actions/deploy.py", "import subprocess", "subprocess only in process"),
    ("plan/steps.py", "import rajee_deploy.actions.up", "rooms import downwards only"),
    ("plan/steps.py", "import pathlib", "pure rooms do no I/O"),
    ("actions/observe.py", "import rajee_deploy.actions.up", "a verb's story stands above what it is told with"),
]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    """What import-linter says of a copy in which everything is planted at once."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(TOP / "rajee_deploy", copy / "rajee_deploy", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "pyproject.toml", copy)
    for room, line, _ in PLANTED:
        with (copy / "rajee_deploy" / room).open("a") as file:
            file.write(f"\n{line}\n")
    return _linted(copy)


def _linted(copy: Path) -> str:
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=copy, check=False, capture_output=True, text=True
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(("room", "line", "contract"), PLANTED)
def test_a_planted_import_breaks_its_contract(verdict, room, line, contract):
    assert f"{contract} BROKEN" in verdict, (room, line)


def test_a_room_without_a_floor_is_refused(tmp_path):
    shutil.copytree(TOP / "rajee_deploy", tmp_path / "rajee_deploy", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    (tmp_path / "rajee_deploy" / "utils.py").write_text('"""A room that nobody has given a floor."""\n')
    assert "rooms import downwards only BROKEN" in _linted(tmp_path)
