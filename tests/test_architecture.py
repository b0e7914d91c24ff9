"""docs/ARCHITECTURE.md is the tree: every room is named in its listing, and nothing is named that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
ROOM = TOP / "rajee_deploy"
PAGE = (TOP / "docs" / "ARCHITECTURE.md").read_text()


def chapter(head: str) -> str:
    """The text below a heading, to the next one."""
    return PAGE.partition(f"\n## {head}\n")[2].partition("\n## ")[0]


def is_kept(path: Path) -> bool:
    return path.name != "__pycache__" and path.suffix in {"", ".py"} and not path.name.startswith(".")


def names(folder: Path) -> list[str]:
    """What lies in a folder of modules: files, and rooms with a slash behind them. An emptied folder is none."""
    rooms = (each for each in folder.iterdir() if is_kept(each) and (each.is_file() or any(each.glob("*.py"))))
    return sorted(each.name + "/" * each.is_dir() for each in rooms)


def test_the_listing_is_the_package():
    listed = re.findall(r"^  (\S+(?:\.py|/))  ", chapter("The rooms"), re.MULTILINE)
    assert sorted(listed) == names(ROOM)


@pytest.mark.parametrize("room", ["actions", "plan"])
def test_every_file_of_a_room_is_named_once(room):
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", chapter(f"The files of {room}/"), re.MULTILINE)
    named = [name for row, _ in rows for name in re.findall(r"`(.*?)`", row)]
    assert sorted(named) == [name for name in names(ROOM / room) if name != "__init__.py"]
    for row, inside in rows:
        folder = re.fullmatch(r"`(.*?)/`", row)
        if folder:
            files = [name for name in names(ROOM / room / folder[1]) if name != "__init__.py"]
            assert sorted(re.findall(r"`(\w+\.py)`", inside)) == files, row


def test_every_path_that_is_named_is_there():
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", PAGE)
    assert len(paths) > 40
    assert [path for path in paths if not any((root / path).exists() for root in (TOP, ROOM, ROOM / "actions"))] == []


BESIDE = {
    "benchmarks": "how long things take",
    "conformance": "BuildKit is the specification",
    "e2e": "through the shell",
    "hostile": "projects that mean harm",
    "infra": "the CDK app of the reference service",
    "mutants": "whether tests fail when the code is wrong",
    "proof": "hours of faults, races and surveys",
}


def rooms(top: Path) -> set[str]:
    return {name.removesuffix("/") for name in names(top) if name.endswith("/")}


def test_every_room_has_tests_under_its_name():
    assert rooms(ROOM) - rooms(TOP / "tests") == set()
    assert {room for room in rooms(ROOM) if not [*(TOP / "tests" / room).rglob("test_*.py")]} == set()


def test_every_folder_of_tests_is_a_room_or_one_of_those_beside():
    assert rooms(TOP / "tests") - rooms(ROOM) == set(BESIDE)
