"""A cache or a note that cannot be read or written stops no verb whose answer it is not: one warning, and the same
answer. And every warning that the screen shows is in the document."""

from __future__ import annotations

import ctypes
import json
import re
import shutil

import pytest
from hostile_projects import Hostile
from sampled import some

from rajee_deploy import warned
from rajee_deploy.cli import ending
from rajee_deploy.cli.line import VERBS

LINES = {
    "up": ["up"],
    "plan": ["plan"],
    "fingerprint": ["fingerprint"],
    "explain": ["explain", "explain src/a", "explain cdk/app.py", "explain --since HEAD~1", "explain --since deployed"],
    "replay": ["replay --last 2"],
    "verify": ["verify"],
    "lock": ["lock", "lock --check"],
    "permissions": ["permissions"],
    "rollback": ["rollback --plan"],
    "status": ["status"],
    "report": ["report"],
    "doctor": [],  # its answer is about these places: see tests/actions/doctor
    "init": ["init"],
    "explain-error": ["explain-error no-region"],
    "help": [],  # of flags alone
    "completion": [],  # what a shell reads
}
ALL = [line for lines in LINES.values() for line in lines]
WITHOUT_DOCUMENT = {"permissions"}  # its result is one already
# What their answer is made of; see tests/report for the one, and tests/actions/rollback for the other.
OWN = {"report": "history.jsonl", "rollback --plan": "history.jsonl"}
# They keep nothing, and warn of nothing here.
QUIET = {"explain src/a", "explain cdk/app.py", "lock", "lock --check", "init", "explain-error no-region"}
PLACES = ("state", "cache")
READ_ANYWAY, SEARCH_ANYWAY = 1, 2  # https://man7.org/linux/man-pages/man7/capabilities.7.html
VERSION_3 = 0x20080522


def mortal() -> None:
    """From here on the modes of files count for root, too."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    for number in range(3):
        sets[number] &= ~(1 << READ_ANYWAY | 1 << SEARCH_ANYWAY)
    assert libc.capset(header, sets) == 0


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def a_file(path):
    remove(path)
    path.write_text("somebody's")


def a_link_to_itself(path):
    remove(path)
    path.symlink_to(path.name)


def closed(path):
    path.chmod(0)


def closed_inside(path):
    for each in sorted(path.rglob("*"), reverse=True):
        each.chmod(0)


def read_only(path):
    for each in [path, *path.rglob("*")]:
        each.chmod(0o555 if each.is_dir() else 0o444)


def directories_for_files(path):
    for each in [each for each in path.rglob("*") if each.is_file()]:
        each.unlink()
        each.mkdir()


KINDS = [a_file, a_link_to_itself, closed, closed_inside, read_only, directories_for_files]
FOUND = ("explain --since deployed", "cache", closed)  # the first that ended in `machine`
CASES = [(line, place, kind) for kind in KINDS for place in PLACES for line in ALL]


@pytest.fixture(scope="session")
def healthy(tmp_path_factory, template, cloud):
    """What every verb says, and leaves, where nothing is wrong."""
    found = Hostile(template[0], tmp_path_factory.mktemp("healthy"))
    found.environment |= cloud
    for line in ALL * 2:  # what the first ones leave is there for the second
        found.said = {**getattr(found, "said", {}), line: answer(found, line)}
    return found


def answer(hostile, line, **how):
    """The exit code, the error's code or what document it is, and all tags in it. What is lost may be more than time:
    which inputs moved, how long runs took."""
    ended = hostile.run(*line.split(), *["--json"] * (line not in WITHOUT_DOCUMENT), **how)
    assert "Traceback" not in ended.err, ended.err
    assert ended.err.count("[not-kept]") <= 1, ended.err
    document = json.loads(ended.out)
    assert line in WITHOUT_DOCUMENT or ("[not-kept]" in ended.err) == ("not-kept" in codes(document)), ended.err
    return ended.code, ended.error or document.get("schema"), sorted(set(re.findall(r"c-[0-9a-f]{40}", ended.out)))


def codes(document):
    return [one["code"] for one in document.get("warnings", ())]


def test_every_verb_is_in_the_table():
    assert set(LINES) == set(VERBS)


@pytest.mark.parametrize(
    ("line", "place", "kind"),
    dict.fromkeys((*some("places that cannot be used", CASES, 11), FOUND)),
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_cannot_be_used_stops_nothing(hostile, healthy, line, place, kind):
    home = hostile.root.parent
    for each in PLACES:
        shutil.rmtree(home / each)
        shutil.copytree(healthy.root.parent / each, home / each)
    kind(home / place)
    try:
        found = answer(hostile, line, prepare=mortal)
    finally:
        for each in sorted([home / place, *(home / place).rglob("*")]):
            if not each.is_symlink():
                each.chmod(0o755)
    if place == "state" and line in OWN:
        assert found[0] in (0, 1)
    else:
        assert found == healthy.said[line]


@pytest.mark.parametrize("line", [line for line in ALL if line not in WITHOUT_DOCUMENT])
def test_what_the_screen_warns_of_is_in_the_document(hostile, monkeypatch, capsys, line):
    """Compared are the warnings of a run that shows them, and all texts of the same run's document."""
    home = hostile.root.parent
    shutil.rmtree(home / "cache")
    a_file(home / "cache")
    (home / "state/history.jsonl").write_text("no run\n")
    hostile.write("Dockerfile", "FROM scratch\nCOPY src nothing* /src/\n")
    for name, value in hostile.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(hostile.root)
    shown, document = (run(monkeypatch, capsys, line, *more) for more in ((), ("--json",)))
    assert bool(shown[0]) is (line not in QUIET)
    assert [one for one in shown[0] if not is_in(one.message, document[1])] == []


def run(monkeypatch, capsys, line, *more):
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *line.split(), *more])
    ending._run()
    ending._tell_waiting()
    said = capsys.readouterr()
    return list(warned.of_this_run), json.loads(said.out) if more else said.err


def is_in(text, value):
    match value:
        case str():
            return text in value
        case dict():
            return any(is_in(text, each) for each in value.values())
        case list():
            return any(is_in(text, each) for each in value)
    return False
