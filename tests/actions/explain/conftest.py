"""Small projects, their images, and real git repositories."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.explain.since import since
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rajee_deploy.actions.explain.since import Since
    from rajee_deploy.image.inputs import ImageInputs


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty build context, which is the working directory."""
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return path


@pytest.fixture
def write(root: Path) -> Callable[[dict[str, Any]], None]:
    """Write files: text or bytes are a file's, None is a directory, (text,) a symlink."""

    def make(tree: dict[str, str | bytes | tuple[str] | None]) -> None:
        for name, what in tree.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            match what:
                case None:
                    path.mkdir(exist_ok=True)
                case (link,):
                    path.symlink_to(link)
                case bytes():
                    path.write_bytes(what)
                case _:
                    path.write_text(what)

    return make


@pytest.fixture
def image(root: Path) -> Callable[..., ImageSettings]:
    """An image of the project; `image(target="test")` changes its settings."""

    def make(**settings: Any) -> ImageSettings:
        given = {"dockerfile": root / "Dockerfile", "platforms": (Platform("linux", "amd64"),), **settings}
        return ImageSettings("app", given.pop("context", root), repository="team/app", **given)

    return make


@pytest.fixture
def inputs(image: Callable[..., ImageSettings], write: Callable[[dict[str, Any]], None]) -> Callable[..., ImageInputs]:
    """Write a project and fingerprint its image."""

    def make(tree: dict[str, Any] | None = None, **settings: Any) -> ImageInputs:
        write(tree or {})
        found = read_inputs(image(**settings))
        for selection in found.selections.values():
            _ = selection.entries  # read now: tests go on and edit the files
        return found

    return make


@pytest.fixture
def git(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run git in the project, apart from this user's own configuration; the repository is made first."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    own |= {f"GIT_{role}_{what}": "tests@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        ended = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=60)
        return ended.stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    return run


@pytest.fixture
def commit(git: Callable[..., str]) -> Callable[[str], str]:
    """Commit everything in the project; returns the commit's id."""

    def make(message: str = "a change") -> str:
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return git("rev-parse", "HEAD")

    return make


@pytest.fixture
def compared(root: Path) -> Callable[..., Since]:
    """What changed in the image of the settings since a revision."""

    def make(revision: str, *, settings: str = "rajee-deploy.toml", environment: str | None = None) -> Since:
        path = root / settings
        present = {image.name: read_inputs(image) for image in load(path, environment).images}
        return since(present, Origin(path, environment, lambda image: image), root, revision)

    return make
