"""One way in which the synth of an app looks at the world, and the changes of the world that it sees or does not see.

Paths start from the checkout; `cdk/` in it is the app's directory, `~/` the home directory, `../` lies beside the
checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sampled import some

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from synth.ways.world import World


@dataclass(frozen=True)
class Do:
    """A change of the world, in words and deeds. What undoes it is the world's business."""

    label: str
    act: Callable[[World], object]


@dataclass(frozen=True)
class Way:
    """An app, and what happens to the world after its synth.

    `command` is cdk.json's, `files` are those of the checkout, `settings` those of `CdkSettings`. `inputs` change the
    template, so the fingerprint must change; `noise` changes neither. `either` depends on what the tool hands on to the
    app: the fingerprint must tell what the template does, or the tool must refuse to run. What is `ignored` changes the
    template, and is noise by the user's word. Where no hash can follow the app, the fingerprint must say so (`obstacle`
    is "always"), or it may ("sometimes"). `by_cli`: the template is made by the CDK CLI each time, as what the app gets
    through it is looked at; else the app is run as the CLI would run it.
    """

    name: str
    command: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    inputs: tuple[Do, ...] = ()
    noise: tuple[Do, ...] = ()
    either: tuple[Do, ...] = ()
    ignored: tuple[Do, ...] = ()
    prepare: tuple[Do, ...] = ()
    obstacle: str = "never"
    by_cli: bool = False
    needs: str = ""  # a program that not every machine has
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def sampled(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Those of a table that this run takes."""
    return some("ways of looking at the world", ways, 12)


# -- changes -----------------------------------------------------------------------------------------------------------


def write(path: str, text: str | bytes = "two\n") -> Do:
    return Do(f"{path} is written", lambda world: world.write(path, text))


def remove(path: str) -> Do:
    def act(world: World) -> None:
        place = world.at(path)
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()

    return Do(f"{path} is removed", act)


def make(path: str) -> Do:
    return Do(f"{path}/ is made", lambda world: world.at(path).mkdir(parents=True))


def rename(old: str, new: str) -> Do:
    return Do(f"{old} becomes {new}", lambda world: world.at(old).rename(world.at(new)))


def link(path: str, target: str) -> Do:
    def act(world: World) -> None:
        place = world.at(path)
        place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    return Do(f"{path} leads to {target}", act)


def directory_instead(path: str) -> Do:
    def act(world: World) -> None:
        world.at(path).unlink()
        world.at(path).mkdir()

    return Do(f"{path} becomes a directory", act)


def chmod(path: str, mode: int) -> Do:
    return Do(f"{path} gets mode {mode:o}", lambda world: world.at(path).chmod(mode))


def setenv(name: str, value: str) -> Do:
    return Do(f"{name}={value}", lambda world: world.set_variables({name: value}))


def unset(name: str) -> Do:
    return Do(f"no {name}", lambda _: os.environ.pop(name, None))


def run(*argv: str) -> Do:
    """A program, in the checkout."""

    def act(world: World) -> None:
        subprocess.run(argv, cwd=world.project, check=True, capture_output=True)

    return Do(" ".join(argv)[:60], act)


def commit(message: str = "more") -> Do:
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
    return run("git", *who, "commit", "--quiet", "--allow-empty", "-m", message)


# -- what never matters to an app that does not ask for it -------------------------------------------------------------


def _elsewhere(world: World) -> None:
    world.move(world.root / "else where" / "deep" / "checkout")


def _other_home(world: World) -> None:
    home = world.root / "homes" / "somebody"
    home.mkdir(parents=True)
    world.set_variables({"HOME": str(home), "USER": "somebody", "LOGNAME": "somebody", "SHELL": "/bin/other"})


def _other_temporary(world: World) -> None:
    place = world.root / "other-tmp"
    place.mkdir()
    world.set_variables({"TMPDIR": str(place)})
    tempfile.tempdir = None


def _private(world: World) -> None:
    """As a checkout under umask 077 has them."""
    os.umask(0o077)
    for path in _checked_out(world):
        path.chmod(path.stat().st_mode & 0o700)


def _touched(world: World) -> None:
    for path in _checked_out(world):
        os.utime(path, (1, 1))


def _checked_out(world: World) -> list[Path]:
    found = [world.project, *world.project.rglob("*")]
    return [path for path in found if not path.is_symlink() and "node_modules" not in path.parts]


_SESSION = {
    "TERM": "dumb",
    "COLORTERM": "24bit",
    "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22",
    "SSH_AUTH_SOCK": "/nowhere/agent",
    "XDG_SESSION_ID": "7",
    "OLDPWD": "/nowhere",
    "SHLVL": "9",
    "PWD": "/nowhere",
}
_RUN_OF_CI = {
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_NUMBER": "7",
    "GITHUB_TOKEN": "t",
    "CI_JOB_ID": "7",
    "CI_JOB_TOKEN": "t",
    "CI_PIPELINE_ID": "7",
    "BUILD_NUMBER": "7",
    "CIRCLE_BUILD_NUM": "7",
    "BUILDKITE_BUILD_ID": "7",
    "CODEBUILD_BUILD_ID": "x:7",
    "BITBUCKET_BUILD_NUMBER": "7",
}
OTHER_PATH = Do("another checkout directory", _elsewhere)
OTHER_HOME = Do("another user and home", _other_home)
OTHER_TEMPORARY = Do("another TMPDIR", _other_temporary)
OTHER_SESSION = Do("another terminal", lambda world: world.set_variables(_SESSION))
RUN_OF_CI = Do("a run of CI", lambda world: world.set_variables(_RUN_OF_CI))
OTHER_MACHINE = (OTHER_PATH, OTHER_HOME, OTHER_TEMPORARY, OTHER_SESSION, RUN_OF_CI)
OTHER_MODES = Do("umask 077", _private)
OTHER_TIMES = Do("other file times", _touched)
_UNREAD = (
    "cdk/README.md",
    "cdk/images/api/Dockerfile",
    "cdk/notes/new.md",
    "cdk/rajee-deploy.toml",
    "docs/new.md",
    "cdk/__pycache__/app.cpython-399.pyc",
    "cdk/.venv/pyvenv.cfg",
    "cdk/.pytest_cache/x",
    "../unrelated/file",
    "~/.bash_history",
)
UNREAD = Do("files that nothing reads", lambda world: [world.write(path, "two\n") for path in _UNREAD])
NOISE = (*OTHER_MACHINE, OTHER_MODES, OTHER_TIMES, UNREAD)
