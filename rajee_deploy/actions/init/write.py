"""The files that `init` makes: new ones alone, whole or not at all, and the settings read back by their own reader."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.actions.init.place import not_written, settings_exist
from rajee_deploy.settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write_settings(path: Path, text: str, environments: Sequence[str]) -> None:
    """Write the settings, once the real reader took them for every environment.

    ConfigurationError `settings-exist` when a file came there meanwhile, DeployError `settings-not-written`; what the
    reader refuses is a fault of ours, and nothing is left of it.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    try:
        _make(draft, text)
        try:
            for environment in (None, *environments):
                load(draft, environment)
        finally:
            draft.unlink(missing_ok=True)
        _make(path, text)
    except FileExistsError as error:
        raise settings_exist(path) from error
    except OSError as error:
        raise not_written(path, error.strerror or str(error)) from error


def write_beside(path: Path, text: str) -> bool:
    """Write a file that goes with the settings; False where one is there. DeployError `settings-not-written`."""
    try:
        _make(path, text)
    except FileExistsError:
        return False
    except OSError as error:
        raise not_written(path, error.strerror or str(error)) from error
    return True


def _make(path: Path, text: str) -> None:
    """A new file with this text; none where it could not be written whole. FileExistsError, and any other OSError."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
