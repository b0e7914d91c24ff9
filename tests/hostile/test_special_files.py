"""A special file in every place that is opened: a typed answer, soon, in little memory.

Contents that count are hashed, however long they are: gigabytes lie only where something is read as a text.
"""

from __future__ import annotations

import contextlib
import os
import socket

import pytest
from hostile_verbs import FINGERPRINT, LOOKS, PLAN, SINCE, check
from sampled import some


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
    fifo,
    a_socket,
    directory,
    link_to_zero,
    link_to_full,
    link_to_tty,
    link_to_itself,
    link_to_nothing,
    link_outside,
    link_to_the_root,
    link_to_proc,
    gigabytes,
    no_text,
]
QUICK_PLACES = [
    "Dockerfile",
    "Dockerfile.dockerignore",
    ".dockerignore",
    ".deployignore",
    "rajee-deploy.toml",
    "pyproject.toml",
    "rajee-deploy.lock",
    "src/a",
    "src",
]
PLACES = [
    "cdk",
    "cdk/cdk.json",
    "cdk/cdk.context.json",
    "cdk/package.json",
    "cdk/package-lock.json",
    "cdk/app.py",
    "cdk/requirements.txt",
    "cdk/node_modules",
    "cdk/.venv",
    "cdk/pyvenv.cfg",
]
GIT_PLACES = [
    ".git",
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/objects",
    ".git/refs",
    ".git/packed-refs",
    ".git/commondir",
    ".git/config.worktree",
    ".git/shallow",
    ".git/info/attributes",
    ".git/info/exclude",
    ".git/info/grafts",
    ".git/objects/info/alternates",
    ".git/refs/heads/main",
    ".git/refs/heads/deep/er",
    ".git/objects/pack/pack-1.idx",
    ".git/included",
    "svc/.gitattributes",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".mailmap",
]
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


@named(QUICK, 4)
def test_a_special_file_in_the_place_of_one_that_every_verb_reads(hostile, place, kind):
    if place == "pyproject.toml":
        (hostile.root / "rajee-deploy.toml").unlink()
    put(hostile, place, kind)
    check(hostile, FINGERPRINT)


@named(PLANNED, 4)
def test_a_special_file_in_the_place_of_one_that_a_plan_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, PLAN)


@named(OF_GIT, 5)
def test_a_special_file_in_the_place_of_one_that_git_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, SINCE)


LOOKED = [(words, place, kind) for place, kind in (*QUICK, *PLANNED, *OF_GIT) for words in LOOKS]


@pytest.mark.parametrize(
    ("words", "place", "kind"),
    some("hostile checkouts and other verbs", LOOKED, 67),
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_special_file_before_every_other_verb_that_looks(hostile, words, place, kind):
    if place == "pyproject.toml":
        (hostile.root / "rajee-deploy.toml").unlink()
    put(hostile, place, kind)
    check(hostile, words)


@pytest.mark.parametrize("kind", [fifo, directory, link_to_zero, gigabytes, no_text])
@pytest.mark.parametrize("directory_of_ours", ["state", "cache"])
def test_special_files_where_we_keep_things(hostile, directory_of_ours, kind):
    check(hostile, PLAN)
    place = hostile.root.parent / directory_of_ours
    for path in [path for path in place.rglob("*") if path.is_file()] + [place / name for name in OURS]:
        path.unlink(missing_ok=True)
        kind(path, hostile.outside)
    check(hostile, PLAN)
