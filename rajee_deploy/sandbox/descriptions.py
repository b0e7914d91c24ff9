"""botocore's descriptions of AWS, read once in a process.

moto asks for the regions of each partition when it is imported, every time with a loader that has read nothing yet: a
third of the time that a sandbox takes to start.
"""

from __future__ import annotations

import functools
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def read_once() -> None:
    """From now on. Files of the user's own are read as ever."""
    load_file = JSONFileLoader.load_file
    read = functools.cache(JSONFileLoader().load_file)

    def load(loader: JSONFileLoader, path: str) -> Any:
        return read(path) if path.startswith(Loader.BUILTIN_DATA_PATH) else load_file(loader, path)

    loaders: Any = JSONFileLoader
    loaders.load_file = load
