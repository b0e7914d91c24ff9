"""Whatever a checkout holds, a verb that only looks ends in a typed answer, soon, in little memory, and runs nothing.

Contents that count are hashed, however long they are: gigabytes lie only where something is read as a text.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket

import git_programs
import pytest
from hostile_projects import SECONDS, SETTINGS, git, slowness
from sampled import some

PLAN = ("plan", "--infra-check=hash", "--json")
FINGERPRINT = ("fingerprint", "--json")
SINCE = ("explain", "--since", "HEAD~1", "--json")
# Of a run that was not fit to end as it did.
NO_ANSWER = {"bug", "machine"}


def check(hostile, words, **environment):
    """It ended by itself, as any run may end."""
    ended = hostile.run(*words, **environment)
    told = f"{ended.code} after {ended.seconds:.1f}s\n{ended.out[:2000]}\n{ended.err[:3000]}"
    assert ended.code in (0, 1, 2, 64), told
    assert (ended.code in (0, 2)) == (not ended.error), told
    assert ended.error not in NO_ANSWER, told
    assert "Traceback" not in ended.err, told
    assert len(ended.out) + len(ended.err) < 100_000, told
    assert hostile.plants.ran == [], told
    assert ended.seconds < SECONDS * slowness(), told
    return ended


# -- every special file, in every place that is opened


def fifo(path, _outside):
    os.mkfifo(path)


def a_socket(path, _outside):
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(path.parent):  # a path of a socket is short
        made.bind(path.name)


def directory(path, _outside):
    path.mkdir()


def link_to_zero(path, _outside):
    path.symlink_to("/dev/zero")


def link_to_full(path, _outside):
    path.symlink_to("/dev/full")


def link_to_tty(path, _outside):
    path.symlink_to("/dev/tty")


def link_to_itself(path, _outside):
    path.symlink_to(path.name)


def link_to_nothing(path, _outside):
    path.symlink_to("nothing/there")


def link_outside(path, outside):
    path.symlink_to(outside / "secret")


def link_to_the_root(path, _outside):
    path.symlink_to("/")


def link_to_proc(path, _outside):
    path.symlink_to("/proc")


def gigabytes(path, _outside):
    with path.open("wb") as file:
        file.truncate(3 << 30)


def no_text(path, _outside):
    path.write_bytes(bytes(range(256)) * 64)


KINDS = [
    fifo, a_socket, directory, link_to_zero, link_to_full, link_to_tty, link_to_itself, link_to_nothing, link_outside,
    link_to_the_root, link_to_proc, gigabytes, no_text,
]  # fmt: skip
QUICK_PLACES = [
    "Dockerfile", "Dockerfile.dockerignore", ".dockerignore", ".deployignore", "rajee-deploy.toml", "pyproject.toml",
    "rajee-deploy.lock", "src/a", "src",
]  # fmt: skip
PLACES = [
    "cdk", "cdk/cdk.json", "cdk/cdk.context.json", "cdk/package.json", "cdk/package-lock.json", "cdk/app.py",
    "cdk/requirements.txt", "cdk/node_modules", "cdk/.venv", "cdk/pyvenv.cfg",
]  # fmt: skip
GIT_PLACES = [
    ".git", ".git/HEAD", ".git/config", ".git/index", ".git/objects", ".git/refs", ".git/packed-refs", ".git/commondir",
    ".git/config.worktree", ".git/shallow", ".git/info/attributes", ".git/info/exclude", ".git/info/grafts",
    ".git/objects/info/alternates", ".git/refs/heads/main", ".gitattributes", ".gitignore", ".gitmodules", ".mailmap",
]  # fmt: skip
OURS = ["history.jsonl", "verdicts.json", "secret-values.json"]


def put(hostile, name, kind):
    path = hostile.root / name
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        path.rename(hostile.outside / "away")
    path.parent.mkdir(parents=True, exist_ok=True)
    kind(path, hostile.outside)


CONTENTS = {"src/a", "src", *(name for name in PLACES if name != "cdk/cdk.json")}
QUICK = [(place, kind) for place in QUICK_PLACES for kind in KINDS if kind is not gigabytes or place not in CONTENTS]
SOME = [fifo, link_to_zero, link_to_proc, gigabytes]
PLANNED = [(place, kind) for place in PLACES for kind in SOME if kind is not gigabytes or place not in CONTENTS]
OF_GIT = [(place, kind) for place in GIT_PLACES for kind in (fifo, link_to_zero, gigabytes)]


def named(cases, step):
    cases = some("hostile checkouts", cases, step)
    return pytest.mark.parametrize(("place", "kind"), cases, ids=[f"{kind.__name__}-{place}" for place, kind in cases])


@named(QUICK, 3)
def test_a_special_file_in_the_place_of_one_that_every_verb_reads(hostile, place, kind):
    if place == "pyproject.toml":
        (hostile.root / "rajee-deploy.toml").unlink()
    put(hostile, place, kind)
    check(hostile, FINGERPRINT)


@named(PLANNED, 2)
def test_a_special_file_in_the_place_of_one_that_a_plan_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, PLAN)


@named(OF_GIT, 2)
def test_a_special_file_in_the_place_of_one_that_git_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, SINCE)


@pytest.mark.parametrize("kind", [fifo, directory, link_to_zero, gigabytes, no_text])
@pytest.mark.parametrize("directory_of_ours", ["state", "cache"])
def test_special_files_where_we_keep_things(hostile, directory_of_ours, kind):
    check(hostile, PLAN)
    place = hostile.root.parent / directory_of_ours
    for path in [path for path in place.rglob("*") if path.is_file()] + [place / name for name in OURS]:
        path.unlink(missing_ok=True)
        kind(path, hostile.outside)
    check(hostile, PLAN)


# -- every program of git's


@pytest.mark.parametrize("setting", some("settings of git", sorted(git_programs.PROGRAMS), 5))
def test_a_program_of_gits(hostile, setting):
    """All of them at once: see below."""
    for number, line in enumerate(git_programs.PROGRAMS[setting]):
        key, _, value = line.partition("=")
        git(hostile.root, "config", "--add", key, value.format(hostile.plants.program(f"{setting} {number}")))
    hostile.write(".gitattributes", "* filter=x diff=x merge=x\nsrc/* filter=y\n")
    os.utime(hostile.root / "src/a", (1, 1))
    assert check(hostile, SINCE).code == 0


def test_all_of_them_in_a_plan(hostile):
    hostile.plants.write(hostile.root / ".git/config")
    hostile.plants.hooks(hostile.root / ".git/hooks")
    hostile.write("rajee-deploy.toml", SETTINGS.replace("[cdk]", 'tags = ["{short-revision}"]\n[cdk]'))
    hostile.write(".gitattributes", "* filter=x diff=x merge=x\nsrc/* filter=y\n")
    os.utime(hostile.root / "src/a", (1, 1))
    assert check(hostile, PLAN).code == 0


def embed(hostile):
    """In svc/, as plain files of a commit, with programs of their own."""
    shutil.copytree(hostile.root / ".git", hostile.root / "svc", dirs_exist_ok=True)
    hostile.plants.write(hostile.root / "svc/config")
    hostile.plants.hooks(hostile.root / "svc/hooks")
    git(hostile.root / "svc", "config", "--file", "config", "core.worktree", "..")
    hostile.write("svc/.gitattributes", "* filter=x\n")
    hostile.write("svc/rajee-deploy.toml", SETTINGS.replace('app = "cdk"', 'app = "../cdk"'))
    hostile.write("svc/Dockerfile", "FROM scratch\nCOPY b /b\n")
    hostile.write("svc/HEAD", "ref: refs/heads/theirs\n")


@pytest.mark.parametrize(
    "words", [PLAN, ("explain", "--since", "theirs", "--json"), ("explain", "--since", "HEAD", "--json")]
)
def test_a_repository_of_plain_files(hostile, words):
    embed(hostile)
    git(hostile.root, "update-ref", "--no-deref", "refs/heads/kept", "HEAD")
    (hostile.root / "svc/refs/heads/theirs").write_text(git(hostile.root, "rev-parse", "HEAD~1") + "\n")
    hostile.root /= "svc"
    ended = check(hostile, words)
    hostile.root = hostile.root.parent
    if "theirs" in words:
        assert ended.error == "unknown-revision"
    elif words is PLAN:
        assert ended.code == 0
