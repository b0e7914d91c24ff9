"""A whole build context of 100,000 small files: warm against `git status`, cold against `sha256sum`."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from pathlib import Path

from measure import COMMAND, REST, costs, drop_page_cache, goal, private, show, write_tree


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as name:
        place, environment = Path(name), private(name)
        tree = place / "tree"
        files = write_tree(tree, 1000, 100, 300)
        (tree / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
        (tree / ".dockerignore").write_text(".git\n")
        _commit(tree, environment)
        time.sleep(REST)
        listed = place / "files"
        listed.write_text("".join(f"{path}\n" for path in files))
        hashing = f"xargs sha256sum < {shlex.quote(str(listed))}"
        fingerprint = [COMMAND, "fingerprint", str(tree)]
        costs({"warm up": fingerprint, "git": ["git", "-C", str(tree), "status"]}, environment, rounds=2)

        _compare(
            {"git status, 100,000 files": ["git", "-C", str(tree), "status"], "fingerprint, warm": fingerprint},
            environment,
            9,
            ("to git status, wall", 3),
        )
        cold = {
            "sha256sum of 100,000 files": ["sh", "-c", hashing],
            "fingerprint, no stat cache": [*fingerprint, "--no-cache"],
        }
        _compare(cold, environment, 5, ("no stat cache, pages warm, to sha256sum, wall", 1))
        if drop_page_cache():
            _compare(cold, environment, 3, ("no stat cache, pages cold, to sha256sum, wall", 1), drop_page_cache)
        else:
            print("pages cold: not measured, only root may drop the page cache\n")
        _one_change(tree, fingerprint, environment)


def _compare(programs, environment, rounds, promise, before=None) -> None:
    measured = costs(programs, environment, rounds, before)
    theirs, ours = measured.values()
    for name, each in measured.items():
        show(name + (", pages cold" if before else ""), each, theirs)
    goal(promise[0], ours.wall / theirs.wall, promise[1])


def _commit(tree: Path, environment: dict[str, str]) -> None:
    for argv in (["init", "-q"], ["add", "-A"], ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(tree), "-c", "gc.auto=0", *argv], env=environment, check=True)


def _one_change(tree: Path, fingerprint: list[str], environment: dict[str, str]) -> None:
    """After an edit: all is looked at, one file is read."""
    rounds = iter(range(1000))

    def edit() -> None:
        (tree / "d000/s00/f0000.txt").write_text(f"edit {next(rounds)}")

    show("fingerprint after one edit", costs({"it": fingerprint}, environment, 5, edit)["it"])
    print()
