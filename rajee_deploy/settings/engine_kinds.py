"""Which build engines there are to choose from. What each is stands in `engine/`, and how it is found in
`engine/choice.py`."""

from __future__ import annotations

from enum import Enum

from rajee_deploy.settings.problems import SettingError


class EngineKind(Enum):
    """Which engine builds. AUTO: buildx where a Docker Engine answers, else buildah where it is installed."""

    AUTO = "auto"
    BUILDX = "buildx"
    BUILDAH = "buildah"


def parse_kind(text: str) -> EngineKind:
    """Read the name of an engine; SettingError otherwise."""
    try:
        return EngineKind(text)
    except ValueError as error:
        raise SettingError("engine", f"must be one of {', '.join(kind.value for kind in EngineKind)}") from error
