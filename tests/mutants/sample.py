"""Small wrong changes of the pure rooms, `deploying` and `context/digest`: do the nearest tests notice?

    python tests/mutants/sample.py [--seed N] [--size N]

mutmut makes the mutants in a copy of the tree (.mutants, never the checkout), forks a process for each, and runs
those of the nearest tests (see rooms.py) that call the function; what survives them meets once all tests of rooms.py
that call it. Killed ones are remembered: a run that was broken off goes on, and one after an edit asks again only what
the edit may have changed. Prints each survivor as a diff and their share; ends with 1 when that is 5 % or more.

Not mutated: what is outside of functions (tables, constants, defaults), properties and other decorated functions,
annotations, docstrings (all mutmut's own limits), and what texts.py names.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rooms import NEAREST, WIDER, nearest
from texts import says_the_same

TREE = Path(__file__).parents[2]
COPY = TREE / ".mutants"
RESULTS = COPY / "mutants"
STATS = RESULTS / "mutmut-stats.json"
ALL_CALLS = COPY / ".all-calls.json"
_MAKING = COPY / ".making"
FEW = 0.05
CHILDREN = "2"
SURVIVED, NO_TESTS, KILLED = 0, (5, 33), (1, 3)


def main() -> int:
    """Draw, run, and tell."""
    asked = _arguments()
    _copy()
    os.chdir(COPY)
    _configure()
    _forget_half_made()
    _MAKING.touch()
    _remember_all_calls()
    _mutmut(
        "rajee_deploy.plan.ancestry.x_deployed_revisions__mutmut_1"
    )  # makes them all, and finds out which test calls what
    _MAKING.unlink()
    shutil.copy2(STATS, ALL_CALLS)
    chosen = _draw(asked.seed, asked.size)
    _only_nearest()
    _ask(chosen, "the nearest tests")
    _remember_all_calls()
    _ask(chosen, "all tests that call them")
    return _tell(asked.seed, chosen)


def _ask(chosen: list[str], whom: str) -> None:
    started = time.monotonic()
    results = _results()
    open_ones = [name for name in chosen if results.get(name) not in KILLED]
    if open_ones:
        _mutmut(*open_ones)
    print(f"{len(open_ones)} asked of {whom} in {time.monotonic() - started:.0f} s", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutate a sample of the pure rooms.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--size", type=int, default=500)
    return parser.parse_args()


def _copy() -> None:
    """The files that git knows or would add, with their times: what did not change is not mutated again."""
    listed = subprocess.run(
        ["git", "-C", TREE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    wanted = [name for name in listed if name and (TREE / name).is_file()]
    for name in wanted:
        source, target = TREE / name, COPY / name
        if not target.exists() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in [*(COPY / "tests").rglob("*.py"), *(COPY / "rajee_deploy").rglob("*.py")]:
        if str(path.relative_to(COPY)) not in set(wanted):
            path.unlink()


def _configure() -> None:
    """What mutmut is to do, said in the copy's pyproject.toml; rooms.py says it once."""
    nearest_ones = {f"tests/{test}" for tests in NEAREST.values() for test in tests}
    tests = {test for test in nearest_ones.union(WIDER) if (COPY / test).exists()}
    config = {
        "source_paths": ["rajee_deploy"],
        "only_mutate": [f"rajee_deploy/{room}*" if room.endswith("/") else f"rajee_deploy/{room}" for room in NEAREST],
        "also_copy": ["infra", "README.md", "docs", "CHANGELOG.md", "Makefile", ".ci"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-m", "not docker and not cdk"],
        "pytest_add_cli_args_test_selection": sorted(tests),
        "timeout_multiplier": 10.0,
        "timeout_constant": 2.0,
        "track_dependencies": False,
    }
    text = (TREE / "pyproject.toml").read_text()
    lines = [f"{key} = {json.dumps(value)}" for key, value in config.items()]
    (COPY / "pyproject.toml").write_text("\n".join([text, "[tool.mutmut]", *lines, ""]))


def _forget_half_made() -> None:
    """A run that was broken off while mutants were made may have left half a file, which mutmut would take for done.
    What is known of mutants lies beside the files and stays."""
    if _MAKING.exists():
        for path in (RESULTS / "rajee_deploy").rglob("*.py"):
            path.unlink()


def _mutmut(*names: str) -> None:
    program = Path(sys.executable).with_name("mutmut")
    with tempfile.TemporaryDirectory() as place:  # pytest's directories of other runs are none of this one's business
        done = subprocess.run(
            [program, "run", "--max-children", CHILDREN, *names],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "HYPOTHESIS_PROFILE": "mutants", "PYTEST_DEBUG_TEMPROOT": place},
        )
    if done.returncode:
        print(done.stdout[-6000:])
        raise SystemExit(done.returncode)


def _remember_all_calls() -> None:
    """What _only_nearest left out of mutmut's knowledge comes back."""
    if ALL_CALLS.exists():
        shutil.copy2(ALL_CALLS, STATS)


def _only_nearest() -> None:
    """mutmut knows which tests call a function; of these, the nearest stay."""
    stats = json.loads(STATS.read_text())
    sources = {_module(source): source for source in _sources()}
    calls = stats["tests_by_mangled_function_name"]
    for function, tests in calls.items():
        source = sources.get(function.rpartition(".")[0])
        if source:
            near = nearest(source)
            calls[function] = [test for test in tests if test.startswith(near)]
    STATS.write_text(json.dumps(stats))


def _sources() -> list[str]:
    found = []
    for room in NEAREST:
        place = Path("rajee_deploy") / room
        found += [str(path) for path in (place.rglob("*.py") if place.is_dir() else [place])]
    return found


def _module(source: str) -> str:
    return source.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _results() -> dict[str, int | None]:
    """Every mutant there is, and how its tests ended."""
    found: dict[str, int | None] = {}
    for source in sorted(_sources()):
        meta = RESULTS / f"{source}.meta"
        if meta.exists():
            found |= json.loads(meta.read_text())["exit_code_by_key"]
    return found


def _draw(seed: int, size: int) -> list[str]:
    from mutmut.mutation.diff_apply import find_mutant

    names = sorted(_results())
    print(f"{len(names)} mutants; seed {seed}, {size} of them", flush=True)
    random.Random(seed).shuffle(names)  # noqa: S311 -- a sample, no secret
    chosen: list[str] = []
    left_out = 0
    for name in names:
        if len(chosen) == size:
            break
        path = find_mutant(name).path
        if says_the_same(*_functions(name, path)):
            left_out += 1
        else:
            chosen.append(name)
    print(f"{left_out} left out that change texts alone", flush=True)
    return chosen


def _functions(name: str, path: Path | str) -> tuple[str, str]:
    """A function as it is, and as its mutant has it."""
    from libcst import Module
    from mutmut.mutation.diff_apply import read_functions_from_index

    found = read_functions_from_index(name, path)
    if found is None:
        raise LookupError(name)
    one, other = (Module([each.with_changes(decorators=[])]).code.strip() for each in found)
    return one, other


def _tell(seed: int, chosen: list[str]) -> int:
    from mutmut.mutation.diff_apply import find_mutant, get_diff_for_mutant

    results = _results()
    lines = {"killed": 0, "survived": 0, "without a test": 0, "timed out or crashed": 0}
    for name in sorted(chosen):
        code = results[name]
        word = (
            "survived"
            if code == SURVIVED
            else "without a test"
            if code in NO_TESTS
            else "killed"
            if code in KILLED
            else "timed out or crashed"
        )
        lines[word] += 1
        if word != "killed":
            print(f"\n{word} ({code}): {name}")
            print(get_diff_for_mutant(name, path=find_mutant(name).path))
    share = (lines["survived"] + lines["without a test"]) / len(chosen)
    print(f"\nseed {seed}: " + ", ".join(f"{count} {word}" for word, count in lines.items()) + f"; {share:.1%} survive")
    return 1 if share >= FEW else 0


if __name__ == "__main__":
    raise SystemExit(main())
