"""In which language a CDK app is written, and which files pin its packages: for people, nothing is decided by it. It
looks at names of files and starts nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.synth.command import app_command, python_of
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.nearby import is_file

if TYPE_CHECKING:
    from collections.abc import Sequence

# The first that is in the command of cdk.json tells; a word is a program or a file.
_BY_COMMAND = (
    (r"(ts-node|tsx|bun|deno|tsc)\b|.*\.[cm]?ts$", "TypeScript"),
    (r"mvnw?$|gradlew?$|java$|jbang$", "Java"),
    (r"dotnet$", "C#"),
    (r"go$", "Go"),
)
_NODE = re.compile(r"(node|npm|npx|pnpm|yarn)$|.*\.[cm]?js$")
_LOCKS = {
    "Python": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"),
    "JavaScript": ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"),
    "Java": ("gradle.lockfile", "pom.xml"),
    "C#": ("packages.lock.json",),
    "Go": ("go.sum",),
}


def language_of(app: Path) -> str:
    """The language; "" where cdk.json does not tell. DeployError as of `app_command`."""
    command = app_command(app)
    if python_of(app, command):
        return "Python"
    names = [Path(word).name for word in command]
    for pattern, language in _BY_COMMAND:
        if any(re.match(pattern, name) for name in names):
            return language
    if any(_NODE.match(name) for name in names):
        return "TypeScript" if is_file(app / "tsconfig.json") else "JavaScript"
    return ""


def lock_files(app: Path, language: str) -> list[Path]:
    """What pins the app's packages and the CDK CLI: the nearest of each kind, in the app's directory or above it in the
    project."""
    kinds = dict.fromkeys((language if language != "TypeScript" else "JavaScript", "JavaScript"))
    found = (_nearest(app, _LOCKS[kind]) for kind in kinds if kind in _LOCKS)
    return [path for path in found if path is not None]


def _nearest(app: Path, names: Sequence[str]) -> Path | None:
    root = project_root(app)
    for directory in (app, *app.parents):
        for name in names:
            if is_file(directory / name):
                return directory / name
        if directory == root:
            return None
    return None
