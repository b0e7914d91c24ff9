"""Settings: [tool.rajee-deploy] of pyproject.toml, or rajee-deploy.toml, with one environment laid over them.

Rooms inside: values (what is configured) and reading (the file, checked).
"""

from rajee_deploy.settings.parameters import with_flags
from rajee_deploy.settings.reading import PRODUCTION, find_settings, load
from rajee_deploy.settings.values import DEFAULT_PLATFORM, LOCK_NAME, CdkSettings, ImageSettings, Settings

__all__ = [
    "DEFAULT_PLATFORM",
    "LOCK_NAME",
    "PRODUCTION",
    "CdkSettings",
    "ImageSettings",
    "Settings",
    "find_settings",
    "load",
    "with_flags",
]
