"""Where the CDK app lies, and where the settings for it go. It looks at names of files, and reads settings that are
there already; it writes nothing.
"""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.settings import find_settings
from rajee_deploy.settings.document import document_of
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.nearby import files_below, is_file

if TYPE_CHECKING:
    from pathlib import Path

NAME = "rajee-deploy.toml"
_DEPTH, _MOST_ENTRIES = 4, 10_000
_HIDDEN = ("node_modules", "cdk.out", "venv")


def find_apps(here: Path) -> list[Path]:
    """The directories with a cdk.json that a run in `here` may mean: `here` itself; else those one level below, else
    the nearest above, else those further below. ConfigurationError `no-cdk-json` where there is none."""
    above = next((each for each in (here, *here.parents) if is_file(each / "cdk.json")), None)
    if above == here:
        return [here]
    below = [each for each in _directories(here) if is_file(each / "cdk.json")]
    found = below or ([above] if above else _further_below(here))
    if not found:
        raise _no_app(here)
    return found


def check_app(app: Path) -> Path:
    """The directory of --app. ConfigurationError `no-cdk-json`."""
    if not is_file(app / "cdk.json"):
        raise _no_app(app)
    return app


def several_apps(here: Path, apps: list[Path]) -> ConfigurationError:
    """For a run that nobody can answer."""
    return ConfigurationError(
        "several-apps",
        f"there are {len(apps)} CDK apps here, and settings are for one",
        where=str(here),
        hint="\n".join(f"rajee-deploy init --app {quote(os.path.relpath(each, here))}" for each in apps),
    )


def settings_directory(here: Path, app: Path) -> Path:
    """Where the settings go: the working directory, or the app's where that lies around it."""
    return app if app in here.parents else here


def check_absent(directory: Path, app: Path) -> None:
    """ConfigurationError `settings-exist` where this directory has settings, or one above has some for this very app;
    `settings-not-written` where nothing can be written to it."""
    try:
        path = find_settings(directory)
    except DeployError as error:
        if error.code != "no-settings":
            raise
    else:
        if path.parent == directory or _app_of(path) == app:
            raise settings_exist(path)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise not_written(directory / NAME, "you may not write there")


def settings_exist(path: Path) -> ConfigurationError:
    return ConfigurationError(
        "settings-exist",
        "there are settings already, and init overwrites nothing",
        where=str(path),
        hint="rajee-deploy plan   # what they would do\n"
        "rajee-deploy init --print   # what init would write; to have it written, move that file away first",
    )


def not_written(path: Path, why: str) -> DeployError:
    return DeployError(
        "settings-not-written",
        "the file cannot be written",
        where=str(path),
        cause=why,
        hint="rajee-deploy init --print   # shows the settings; write them where you may",
    )


def _app_of(path: Path) -> Path | None:
    """The directory of the CDK app that a settings file names."""
    table = document_of(path).get("cdk")
    if not isinstance(table, dict) or not isinstance(table.get("app", "."), str):
        return None
    return (path.parent / str(table.get("app", "."))).resolve()


def _no_app(start: Path) -> ConfigurationError:
    from rajee_deploy.system.nearby import elsewhere

    there = elsewhere(start, "cdk.json") or elsewhere(project_root(start), "cdk.json")
    return ConfigurationError(
        "no-cdk-json",
        "there is no CDK app here, below or above" if start.is_dir() else "there is no such directory",
        where=str(start),
        cause="a CDK app is a directory with a cdk.json",
        hint="\n".join(f"rajee-deploy init --app {quote(os.path.relpath(each))}" for each in there)
        or "cd to your app, or name it: rajee-deploy init --app DIR; npx cdk init makes a new one",
    )


def _further_below(here: Path) -> list[Path]:
    return [each.parent for each in files_below(here, lambda name: name == "cdk.json", _DEPTH, _MOST_ENTRIES)]


def _directories(here: Path) -> list[Path]:
    try:
        with os.scandir(here) as entries:
            found = [each.name for each in entries if each.is_dir() and not each.name.startswith(".")]
    except OSError:
        return []  # it may not be looked into
    return [here / name for name in sorted(found) if name not in _HIDDEN]
