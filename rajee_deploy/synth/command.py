"""The command of a CDK app (`app` of cdk.json), and the interpreter behind it. It starts nothing."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.process import find_program
from rajee_deploy.system.regular_files import read_json, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shell puts it into the app's command, where no hook sees it read.
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def variables_of_command(app: Path) -> list[str]:
    """The variables that the command itself names."""
    return _VARIABLE.findall(command_text(app))


def is_command_of(app: Path, text: str) -> bool:
    """Whether a text that a shell is given is what the CDK CLI runs for this app (`app` and `build` of cdk.json)."""
    told = configuration(app)
    commands = [str(told[key]).strip() for key in ("app", "build") if told.get(key)]
    return any(command in text for command in commands)


def app_command(app: Path) -> list[str]:
    return shlex.split(command_text(app))


def command_text(app: Path) -> str:
    """The command of cdk.json, which the CDK CLI gives to a shell."""
    return str(configuration(app).get("app", ""))


def configuration(app: Path) -> dict[str, Any]:
    path = app / "cdk.json"
    try:
        document: Any = read_json(path)
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")  # noqa: TRY004, TRY301 -- told below like any other fault of the file
        shlex.split(str(document.get("app", "")))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(app) from error
    except (OSError, ValueError) as error:
        raise DeployError(
            "bad-cdk-json",
            "cdk.json cannot be read",
            where=str(path),
            cause=str(error),
            hint=f"correct it, then run again: python3 -m json.tool {shlex.quote(str(path))} shows where it breaks",
        ) from error
    return document


def _missing(app: Path) -> DeployError:
    """For a directory that holds no CDK app, with those that do."""
    from rajee_deploy.system.nearby import elsewhere

    there = elsewhere(app, "cdk.json")
    return DeployError(
        "no-cdk-json",
        "the directory of the CDK app has no cdk.json" if app.is_dir() else "there is no such directory",
        where=str(app),
        cause="cdk.app of the settings names it (without it: the settings file's directory)",
        hint="\n".join(f"a CDK app lies in {each}: let cdk.app name it" for each in there)
        or "let cdk.app name the directory of the CDK app; npx cdk init makes a new one",
    )


def python_of(app: Path, command: list[str]) -> str:
    """The interpreter that runs the app, "" when it is no Python app.

    A launcher (uv, poetry, env) may stand before it, or hide it: then it is the environment that lies nearest, else
    the python3 on PATH.
    """
    named = [word for word in command if Path(word).name.startswith(("python", "pypy"))]
    if named or not any(word.endswith(".py") for word in command):
        return named[0] if named else ""
    near = next((path for path in above(app, ".venv/bin/python") if path.exists()), None)
    return str(near) if near else "python3"


def interpreter_of(app: Path, python: str) -> Path | None:
    # A path is meant from the app's directory, where the CLI runs the command.
    found = find_program(str(app / python) if "/" in python else python)
    return Path(found) if found else None


def is_own_program(app: Path, interpreter: Path) -> bool:
    """Whether an interpreter lies in the project and is no virtual environment's: whoever can change the project can
    make it run anything, so it is not started to decide."""
    return is_in_project(app, interpreter) and not (interpreter.parent.parent / "pyvenv.cfg").is_file()


def is_in_project(app: Path, program: Path) -> bool:
    """Whether a program lies in the project, as spelled or as real path. Without git nobody knows where a project ends,
    so one that is spelled from the app's directory on does, wherever that leads."""
    spelled, real, root = Path(os.path.normpath(app / program)), program.resolve(), project_root(app.resolve())
    is_inside = any(border in (*spelled.parents, *real.parents) for border in _borders(app.resolve(), root))
    return is_inside or (app in program.parents and not (root / ".git").exists())


def _borders(app: Path, root: Path) -> Iterator[Path]:
    """Directories that a project may begin at: the app's repository, and those that it is a submodule of; and where we
    are, for a checkout without git, unless all of the user's own lies there, too."""
    yield root
    while _is_submodule(root) and (above := [each for each in root.parents if (each / ".git").exists()]):
        root = above[0]
        yield root
    here = Path.cwd()
    if here in (app, *app.parents) and here not in (Path.home(), *Path.home().parents):
        yield here


def _is_submodule(root: Path) -> bool:
    """Its `.git` is a file, https://git-scm.com/docs/gitrepository-layout; that of a worktree leads elsewhere."""
    try:
        return "/modules/" in read_text(root / ".git", errors="replace")
    except (OSError, ValueError):
        return False


def above(app: Path, name: str) -> Iterator[Path]:
    """The name in the app's directory and in every one above it, nearest first, as node looks."""
    return (directory / name for directory in (app, *app.parents))
