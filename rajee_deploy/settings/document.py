"""Which settings file governs a directory, and the TOML in it, unchecked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.system.regular_files import SMALL, UnfitFileError, read_regular
from rajee_deploy.text.foreign import parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def find_settings(start: Path) -> Path:
    """The settings file that governs `start`: of the nearest directory upwards that has one."""
    for directory in (start, *start.parents):
        own = directory / "rajee-deploy.toml"
        if os.path.lexists(own) and not own.is_dir():
            return own  # whatever it is: to go on upwards would take other settings without a word
        project = directory / "pyproject.toml"
        if project.exists() and not project.is_dir() and _own_table(_read_toml(project)) is not None:
            return project
    raise ConfigurationError(
        "no-settings",
        "no settings were found here or in a directory above",
        where=str(start),
        hint=_init(start)
        + "write a rajee-deploy.toml, or a [tool.rajee-deploy] table in pyproject.toml; docs/settings.md shows "
        "both.\nThe least is an image, and the ECR repository that it is pushed to:\n"
        "[images.api]\n"
        'repository = "team/api"',
    )


def _init(start: Path) -> str:
    """The command that writes settings, where there is an app that they could be for."""
    from rajee_deploy.system.nearby import elsewhere

    return "rajee-deploy init   # writes them for the CDK app that is here\nor " if elsewhere(start, "cdk.json") else ""


def document_of(path: Path) -> dict[str, Any]:
    """The settings as they stand in a file, unchecked. ConfigurationError where it cannot be read."""
    document = _read_toml(path)
    return _own_table(document) or {} if is_project(path) else document


def is_project(path: Path) -> bool:
    return path.name == "pyproject.toml"


def _own_table(document: Mapping[str, Any]) -> Any:
    """Our part of a pyproject.toml; None where it has none."""
    tools = document.get("tool", {})
    return tools.get("rajee-deploy") if isinstance(tools, dict) else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(read_regular(path, SMALL))
    except FileNotFoundError as error:
        raise ConfigurationError(
            "no-settings",
            "the settings file does not exist",
            where=str(path),
            hint="name the one that is meant; rajee-deploy.toml and pyproject.toml are found without --config",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(
            "settings-unreadable",
            "the settings cannot be read",
            where=str(path),
            cause=cause,
            hint="it has to be a file of UTF-8 text that you may read"
            + ", since relative paths in it start where it lies: write it into one" * isinstance(error, UnfitFileError),
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            "settings-syntax",
            "the settings are not valid TOML",
            where=str(path),
            cause=str(error),
            hint="correct that line: tables stand in [brackets], texts in quotes; docs/settings.md shows each key",
        ) from error
