"""What is wrong with one value of the settings, with the key that it stands under. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class SettingError(ValueError):
    """`key` is relative to the table that was read, `problem` a sentence that goes on from the key."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


def unknown_image(name: str, known: Collection[str], path: Path) -> ConfigurationError:
    """`unknown-image`: --image names none of those that there are."""
    hint = f"known: {', '.join(known)}" if known else "the settings name no image: leave --image out"
    return ConfigurationError("unknown-image", f"there is no image {name!r}", where=str(path), hint=hint)
