"""Whatever programs a checkout holds, for git, for the app, for us: a verb that only looks runs none of them."""

from __future__ import annotations

import json
import os
import shutil

import git_programs
import pytest
from hostile_projects import SETTINGS, git
from hostile_verbs import LOOKS, PLAN, ROLLBACK, SINCE, check
from sampled import some


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


@pytest.mark.parametrize("name", ["Other", "Dev/Other", "*"])
def test_a_name_of_a_stack_that_a_synth_alone_could_tell(hostile, name):
    hostile.write("rajee-deploy.toml", SETTINGS.replace('"App"', f'"{name}"'))
    assert check(hostile, PLAN).error == ("" if name == "Other" else "names-unknown")
    # There is no stack of that name, which CloudFormation says.
    assert check(hostile, ROLLBACK).error == ("not-deployed" if name == "Other" else "names-unknown")


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


# -- programs that a project holds, under names that are looked for


APPS = [
    "python3 app.py",
    ".venv/bin/python app.py",
    "../.venv/bin/python3 app.py",
    "npx ts-node app.ts",
    "node app.js",
    "./app.sh",
    "uv run app.py",
    "poetry run python app.py",
    "bun app.ts",
    "mvn exec:java",
    "sh -c 'python3 app.py'",
]
PROGRAMS = [
    "cdk/.venv/bin/python",
    "cdk/.venv/bin/python3",
    ".venv/bin/python",
    ".venv/bin/python3",
    "cdk/app.sh",
    "cdk/node_modules/.bin/cdk",
    "cdk/node_modules/aws-cdk/bin/cdk",
    "node_modules/.bin/cdk",
    "cdk/python3",
    "python3",
    "cdk/node",
    "git",
    "cdk/git",
    "cdk/npx",
    "docker-buildx",
    "strace",
    "cdk/uv",
    "sh",
]
MODULES = ["typing.py", "docker/__init__.py", "boto3.py", "json/__init__.py", "sitecustomize.py", "usercustomize.py"]


@pytest.mark.parametrize(
    ("app", "words"), some("apps of hostile checkouts", [(app, words) for words in (PLAN, *LOOKS) for app in APPS], 7)
)
def test_programs_under_names_that_are_looked_for(hostile, app, words):
    program = hostile.plants.program("program")
    hostile.write("cdk/cdk.json", f'{{"app": {json.dumps(app)}, "build": "{program}"}}')
    for name in PROGRAMS:
        path = hostile.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, path)
    for name in MODULES:
        for place in ("", "cdk/"):
            hostile.write(place + name, f"import os; os.system({program!r})\n")
    for place in ("cdk/.venv/", ".venv/"):
        hostile.write(f"{place}pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n")
    hostile.write("cdk/.npmrc", f"script-shell={program}\nnode-options=--require={program}\n")
    hostile.write("cdk/node_modules/aws-cdk/package.json", '{"version": "2.1148.1"}')
    assert (check(hostile, words).code == 0) is (words[0] != "rollback")  # nothing ran before


def is_a_submodule(hostile):
    """The app's directory; git makes this file, and no commit can hold one."""
    hostile.write("cdk/.git", "gitdir: ../.git/modules/cdk\n")


def is_in_a_submodule_of_a_submodule(hostile):
    is_a_submodule(hostile)
    hostile.write("cdk/app/.git", "gitdir: ../../.git/modules/cdk/modules/app\n")
    shutil.copy(hostile.root / "cdk/cdk.json", hostile.root / "cdk/app/cdk.json")
    hostile.write("rajee-deploy.toml", SETTINGS.replace('app = "cdk"', 'app = "cdk/app"'))


def is_no_repository(hostile):
    """A checkout as an archive, or with its `.git` left out."""
    shutil.rmtree(hostile.root / ".git")


@pytest.mark.parametrize(
    ("how", "spelled"),
    [
        (is_a_submodule, "../evil/python3"),
        (is_in_a_submodule_of_a_submodule, "../../evil/python3"),
        (is_in_a_submodule_of_a_submodule, "{}"),
        (is_no_repository, "{}"),
        (is_no_repository, "/proc/self/cwd/evil/python3"),
    ],
)
def test_a_python_of_the_project_beyond_what_looks_like_its_border(hostile, how, spelled):
    """What cdk.json names is asked for its version, unless the project holds it."""
    program = hostile.root / "evil/python3"
    program.parent.mkdir()
    shutil.copy(hostile.plants.program("evil"), program)
    hostile.write("cdk/cdk.json", json.dumps({"app": spelled.format(program) + " app.py"}))
    how(hostile)
    check(hostile, PLAN)


# -- what git waits for


@pytest.mark.parametrize("words", [PLAN, SINCE, ("explain", "--since", "HEAD~1", "src/a", "--json")])
@pytest.mark.parametrize("what", some("objects of hostile checkouts", ["HEAD", "HEAD~1", "HEAD:src/a", "included"], 2))
def test_git_is_not_waited_for(hostile, what, words):
    """A pipe wherever it may be named, also where only a look through everything finds it."""
    if what == "included":
        git(hostile.root, "config", "include.path", "../src/pipe")
        os.mkfifo(hostile.root / "src/pipe")
    else:
        found = git(hostile.root, "rev-parse", what)
        path = hostile.root / ".git/objects" / found[:2] / found[2:]
        path.unlink()
        os.mkfifo(path)
    check(hostile, words)
