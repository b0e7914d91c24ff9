"""Every Python that is at hand, with the lowest dependencies that pyproject.toml allows and with the newest.

The tests that need neither an engine nor node run in a virtual environment of their own. Pythons are looked for on PATH
and among pyenv's; one that is missing is listed by the first test, which fails when there is none at all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MINORS = (11, 12, 13, 14)
SELECTED = [
    *("cli", "contents", "context", "dockerfile", "explain", "lock", "report", "rollout", "stack", "verify"),
    *(each.name for each in sorted((TOP / "tests").glob("test_*.py"))),
]


def python(minor: int) -> str | None:
    """A Python of this version that works, and not one that only says how to install it."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python3.{minor}"), *map(str, versions.glob(f"3.{minor}.*/bin/python"))]
    for each in filter(None, candidates):
        asked = [each, "-c", "import sys, venv, ensurepip; print(sys.version_info[1])"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False)
        if told.stdout.strip() == str(minor):
            return each
    return None


PYTHONS = {minor: found for minor in MINORS if (found := python(minor))}


def lowest() -> list[str]:
    """Each declared dependency at its lower bound."""
    declared = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return [re.sub(r">=([\w.]+).*", r"==\1", each) for each in declared]


def test_at_hand(capsys):
    missing = [f"3.{minor}" for minor in MINORS if minor not in PYTHONS]
    with capsys.disabled():
        sys.stderr.write(f"\nPythons tried: {sorted(PYTHONS.values())}; not at hand: {missing}\n")
    assert PYTHONS


@pytest.mark.parametrize("bound", ["lowest", "newest"])
@pytest.mark.parametrize("minor", PYTHONS)
def test_fast_tests(minor, bound, tmp_path):
    run(PYTHONS[minor], "-m", "venv", str(tmp_path / "venv"))
    own = str(tmp_path / "venv" / "bin" / "python")
    run(own, "-m", "pip", "install", "--quiet", "pip>=25.1")
    run(
        own,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--editable",
        f"{TOP}[sandbox]",
        *(lowest() if bound == "lowest" else ()),
    )
    run(own, "-m", "pip", "install", "--quiet", "pytest", "hypothesis", "cryptography", "pyyaml")
    if bound == "newest":
        run(own, "-m", "pip", "install", "--quiet", "--upgrade", "--upgrade-strategy", "eager", "--editable", str(TOP))
    chosen = [str(TOP / "tests" / name) for name in SELECTED]
    run(own, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not docker and not cdk", *chosen)


def run(*argv: str) -> None:
    ended = subprocess.run(argv, cwd=TOP, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
