"""Real paths with the links on the way to them, by looking at each link once."""

from __future__ import annotations

import os

_LINKS = 40  # as many as Linux follows


class Resolver:
    """Real paths, with the links on the way. It remembers what it saw."""

    def __init__(self) -> None:
        self._links: dict[str, str | None] = {}

    def __call__(self, path: str, *, follows: bool = True) -> tuple[str, list[str]]:
        """(real path, links that were followed) of an absolute path; without `follows` the last part stays."""
        links: list[str] = []
        real, parts = "", [part for part in path.split("/") if part not in ("", ".")][::-1]
        while parts:
            part = parts.pop()
            if part == "..":
                real = real.rpartition("/")[0]
                continue
            here = f"{real}/{part}"
            target = self._target(here) if parts or follows else None
            if target is None or len(links) > _LINKS:
                real = here
                continue
            links.append(here)
            real = "" if target.startswith("/") else real
            parts += [each for each in target.split("/") if each not in ("", ".")][::-1]
        return real or "/", links

    def _target(self, path: str) -> str | None:
        if path not in self._links:
            try:
                self._links[path] = os.readlink(path)  # noqa: PTH115 -- thousands of texts
            except OSError:
                self._links[path] = None
        return self._links[path]
