"""botocore's own descriptions of AWS, megabytes of JSON in a thousand directories, are looked up once in a process and
not for each of hundreds of clients. What lies elsewhere is read as ever."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def read_once(patch: pytest.MonkeyPatch) -> None:
    """From now on."""
    from botocore.loaders import JSONFileLoader, Loader

    load_file, list_services = JSONFileLoader.load_file, Loader.list_available_services
    read = functools.cache(JSONFileLoader().load_file)
    listed: dict[tuple[str, ...], Any] = {}

    def load(loader: JSONFileLoader, path: str) -> Any:
        return read(path) if path.startswith(Loader.BUILTIN_DATA_PATH) else load_file(loader, path)

    def listing(loader: Loader, type_name: str) -> Any:
        asked = (*loader.search_paths, type_name)
        if asked not in listed:
            listed[asked] = list_services(loader, type_name)
        return listed[asked]

    patch.setattr(JSONFileLoader, "load_file", load)
    patch.setattr(Loader, "list_available_services", listing)
