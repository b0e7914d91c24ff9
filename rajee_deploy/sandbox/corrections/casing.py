"""CloudFormation writes `PascalCase`, the services' own APIs `camelCase`."""

from __future__ import annotations

from typing import Any

# Maps whose keys are the user's own.
_OPAQUE = {"Options", "DockerLabels", "DriverOpts", "Labels"}


def to_api(value: Any) -> Any:
    """The same structure with its keys as the service's API writes them."""
    if isinstance(value, list):
        return [to_api(each) for each in value]
    if isinstance(value, dict):
        return {_camel(key): each if key in _OPAQUE else to_api(each) for key, each in value.items()}
    return value


def _camel(key: str) -> str:
    return key[:1].lower() + key[1:]
