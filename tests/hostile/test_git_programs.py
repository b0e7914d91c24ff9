"""Nothing that a repository configures runs, wherever it configures it, whatever we ask git."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import git_programs
import pytest
from git_programs import Plants

import rajee_deploy
from rajee_deploy.errors import DeployError
from rajee_deploy.git import call as git_call
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import (
    ancestry,
    find_commit,
    find_commit_id,
    find_repository,
    find_revision,
    find_subject,
    first_parents,
    ignored_paths,
)
from rajee_deploy.model import RemoteSource
from rajee_deploy.plan.state import Ancestry
from rajee_deploy.registry.fetched import find_remote

OPTIONS = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
ATTRIBUTES = "* filter=x diff=x merge=x\n*.y filter=y\n*.bin filter=lfs\n"


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(directory, *arguments) -> str:
    argv = ["git", "-C", str(directory), *OPTIONS, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def commit(place, text) -> str:
    (place / "a.x").write_text(text)
    (place / "b.y").write_text(text)
    (place / ".gitattributes").write_text(ATTRIBUTES)
    git(place, "add", "--all", ":!inner")
    git(place, "commit", "-qm", text)
    return git(place, "rev-parse", "HEAD")


def made(place) -> list[str]:
    """A repository; its two commits."""
    place.mkdir(parents=True, exist_ok=True)
    git(place, "init", "-q", "-b", "main")
    return [commit(place, "one"), commit(place, "two")]


def touch(place):
    """git has to read the files now."""
    for name in ("a.x", "b.y"):
        os.utime(place / name, (1, 1))


@pytest.fixture
def plants(tmp_path):
    return Plants(tmp_path / "plants")


def in_config(place, plants, _elsewhere):
    plants.write(place / ".git" / "config")


def by_include(place, plants, _elsewhere):
    plants.write(place / "settings")
    git(place, "config", "include.path", "../settings")


def by_condition(place, plants, tmp_path):
    plants.write(tmp_path / "settings")
    git(place, "config", "includeIf.gitdir:**.path", str(tmp_path / "settings"))


def in_a_directory_elsewhere(place, plants, tmp_path):
    (place / ".git").rename(tmp_path / "elsewhere")
    (place / ".git").write_text("gitdir: ../elsewhere\n")
    plants.write(tmp_path / "elsewhere" / "config")
    plants.hooks(tmp_path / "elsewhere" / "hooks")


def in_the_worktrees_own(place, plants, _elsewhere):
    git(place, "config", "extensions.worktreeConfig", "true")
    plants.write(place / ".git" / "config.worktree")


def as_hooks(place, plants, tmp_path):
    shutil.rmtree(place / ".git" / "hooks", ignore_errors=True)
    plants.hooks(place / ".git" / "hooks")
    in_config(place, plants, tmp_path)


def by_hooks_path(place, plants, tmp_path):
    plants.hooks(place / "hooks")
    git(place, "config", "core.hooksPath", "hooks")
    in_config(place, plants, tmp_path)


def in_a_submodule(place, plants, _elsewhere):
    made(place / "inner")
    git(place, "add", "inner")
    git(place, "commit", "-qm", "with a submodule")
    plants.write(place / "inner" / ".git" / "config")
    touch(place / "inner")


def by_attributes_of_the_repository(place, plants, tmp_path):
    (place / ".git" / "info").mkdir(exist_ok=True)
    (place / ".git" / "info" / "attributes").write_text(ATTRIBUTES)
    in_config(place, plants, tmp_path)


PLACES = [
    in_config,
    by_include,
    by_condition,
    in_a_directory_elsewhere,
    in_the_worktrees_own,
    as_hooks,
    by_hooks_path,
    in_a_submodule,
    by_attributes_of_the_repository,
]


def everything(place) -> None:
    """Ask git all that there is to ask, of a repository as it is."""
    commit_id = find_commit_id(place)
    repository = find_repository(place)
    found = find_revision(place)
    first, *_, last = (each.id for each in first_parents(repository, 5))
    assert (found.id, last) == (commit_id, commit_id)
    assert find_subject(place, commit_id)
    assert ancestry(place, first, last) is Ancestry.OLDER
    assert find_commit(repository, "HEAD") == commit_id
    ignored_paths(repository)
    with private_checkout(repository) as checkout:
        checkout.move_to(first)
        assert (checkout.directory / "a.x").read_text() == "one"
        checkout.move_to(last)
        assert (checkout.directory / "a.x").read_text() == "two"
    assert find_remote(RemoteSource(f"file://{place}", "HEAD", "it")).hex == commit_id


@pytest.mark.parametrize("plant", PLACES)
def test_no_program_of_a_repository_runs(tmp_path, plants, monkeypatch, plant):
    place = tmp_path / "project"
    made(place)
    plant(place, plants, tmp_path)
    touch(place)
    subprocess.run(["git", "-C", str(place), "status"], check=False, capture_output=True, timeout=10)
    assert plants.ran, "nothing was planted that git runs by itself"
    plants.forget()
    touch(place)
    monkeypatch.chdir(place)
    everything(place)
    assert plants.ran == []


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("ssh://host.invalid/x", ["core.sshCommand={}"]),
        ("host.invalid:x", ["core.sshCommand={}"]),
        ("git://host.invalid/x", ["core.gitProxy={}"]),
        ("../origin", ["remote.origin.uploadpack={}"]),
        ("file:///nowhere", ["remote.origin.uploadpack={}"]),
        ("ext::{} x", ["protocol.ext.allow=always", "protocol.allow=always"]),
        ("http://127.0.0.1:9/x", ["credential.helper=!{}"]),
        ("x", ["remote.origin.vcs=x"]),
        ("https://host.invalid/x", ["url.ext::{} .insteadOf=https://host.invalid/", "protocol.ext.allow=always"]),
    ],
)
@pytest.mark.parametrize("kind", ["promisor", "extension"])
def test_what_a_partial_clone_lacks_is_not_fetched(tmp_path, plants, monkeypatch, url, settings, kind):
    place = tmp_path / "project"
    first, last = made(place)
    program = plants.program("transport")
    shutil.copy(program, tmp_path / "plants" / "git-remote-x")
    monkeypatch.setenv("PATH", f"{tmp_path}/plants{os.pathsep}{os.environ['PATH']}")
    if kind == "promisor":
        git(place, "config", "remote.origin.promisor", "true")
    else:
        git(place, "config", "core.repositoryFormatVersion", "1")
        git(place, "config", "extensions.partialClone", "origin")
    git(place, "config", "remote.origin.url", url.format(program))
    for line in settings:
        key, _, value = line.partition("=")
        git(place, "config", key.format(program), value.format(program))
    lacking = git(place, "rev-parse", f"{first}:a.x")
    (place / ".git" / "objects" / lacking[:2] / lacking[2:]).unlink()
    subprocess.run(["git", "-C", str(place), "cat-file", "-p", lacking], check=False, capture_output=True, timeout=10)
    if "127.0.0.1" not in url:  # nobody asks there for a login
        assert plants.ran, "git would not fetch it either"
    plants.forget()
    assert find_revision(place).id == last
    assert ancestry(place, first, last) is Ancestry.OLDER
    with private_checkout(find_repository(place)) as checkout, pytest.raises(DeployError) as caught:
        checkout.move_to(first)
    assert caught.value.code == "git-failed"
    assert "git fetch" in caught.value.hint
    assert plants.ran == []


def test_the_table_has_every_setting_that_may_name_a_program():
    """What a newer git adds is looked at by a person: into the table, or among those that name none."""
    assert git_programs.suspects() - set(git_programs.PROGRAMS) - git_programs.NO_PROGRAM == set()


def test_hooks_that_git_knows_are_in_the_table():
    samples = Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip())
    templates = samples.parent.parent / "share" / "git-core" / "templates" / "hooks"
    assert {path.stem for path in templates.glob("*.sample")} <= set(git_programs.HOOKS)


# The word in a scheme's list, as where something is known from, as a kind of digest.
NO_ARGV = {"('git', 'ssh')", "Then('git', found.commit)", "Digest('git', commit)"}


def test_git_is_started_in_one_place_alone():
    """An argv is a list whose first word is the program."""
    found = {}
    for path in Path(rajee_deploy.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        if not re.search(r"""["'](/\S*/)?git["']""", text):
            continue
        for node in ast.walk(ast.parse(text)):
            words = node.elts if isinstance(node, (ast.List, ast.Tuple)) else getattr(node, "args", [])
            first = words[0] if isinstance(words, list) and words else None
            if isinstance(first, ast.Constant) and str(first.value).rpartition("/")[2] == "git":
                found[ast.unparse(node)] = path
    others = {shown for shown, name in found.items() if name.parts[-2:] != ("git", "call.py")}
    assert others <= NO_ARGV
    assert len(found) > len(others), "the search finds nothing any more"


def test_every_question_is_asked_here(tmp_path, plants, monkeypatch):
    """A new one has to be asked in `everything`, so that it meets every program."""
    place = tmp_path / "project"
    made(place)
    in_a_submodule(place, plants, tmp_path)
    (place / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n')
    git(place, "add", ".gitmodules")
    git(place, "commit", "-qm", "with .gitmodules")
    (place / "b.y").write_text("changed")
    noting = tmp_path / "bin" / "git"
    noting.parent.mkdir()
    noting.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/asked\nexec {shutil.which("git")} "$@"\n')
    noting.chmod(0o755)
    monkeypatch.setenv("PATH", f"{noting.parent}{os.pathsep}{os.environ['PATH']}")
    everything(place)
    words = set((tmp_path / "asked").read_text().split("\n"))
    assert set(git_call.QUESTIONS) - words == set()
    with pytest.raises(KeyError):
        git_call.ask(["fetch"], place)
