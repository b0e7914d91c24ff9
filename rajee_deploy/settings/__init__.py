"""Settings: [tool.rajee-deploy] of pyproject.toml, or rajee-deploy.toml, with one environment laid over them.

Inside: keys (every key, and what it takes), document (which file), reading (the file, checked, table by table) with
settings_file (one file while it is read), image_tables, cdk_table, parameters, build_settings and engine_kinds (parts
of it), problems (what is wrong with a value), values (what is configured), reference (the keys for docs/settings.md),
schema (the keys for editors).
"""

from rajee_deploy.settings.document import find_settings
from rajee_deploy.settings.parameters import with_flags
from rajee_deploy.settings.reading import PRODUCTION, load
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
