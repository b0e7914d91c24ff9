"""Which files of the CDK app the settings leave out (cdk.ignore), by pathspec's rules.

The answers are remembered by pattern, path and the very library: it is imported only for a path that was never asked
about. Whether a file exists, and what is in it, has no part in an answer.
"""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.system.places import cache_directory
from rajee_deploy.system.sealed import library_stamp, read_sealed, write_sealed
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class IgnorePatterns:
    """Whether these patterns, in the notation of .gitignore, leave a path out. A directory's ends with a slash."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._known: dict[str, bool] = {}
        self._asked: dict[str, bool] = {}
        self._is_new = False
        if self._patterns:
            self._question = json.dumps(self._patterns).encode() + library_stamp("pathspec")
            self._place = cache_directory() / "cdk" / f"ignored-{sha256(self._question).hexdigest()[:16]}.json"
            self._known = _read_kept(read_sealed(self._place, self._question))

    def __call__(self, path: str) -> bool:
        if not self._patterns:
            return False
        if path not in self._known:
            self._known[path] = self._match(path)
            self._is_new = True
        self._asked[path] = self._known[path]
        return self._known[path]

    def remember(self) -> None:
        """Keep what was asked, and no more, if any of it was new."""
        if self._is_new:
            write_sealed(self._place, self._question, json.dumps(self._asked).encode())
            self._is_new = False

    @cached_property
    def _match(self) -> Callable[[str], bool]:
        from rajee_deploy.context.gitignore import Patterns, read_lines

        try:
            lines, _ = read_lines(self._patterns)
        except ValueError as error:
            place, cause = error.args
            raise ConfigurationError(
                "ignore-pattern",
                f"cdk.ignore holds a malformed pattern: {self._patterns[place]}",
                cause=cause,
                hint="correct it, or take it out",
            ) from error
        patterns = Patterns(lines, "cdk.ignore", whole=False)

        def match(path: str) -> bool:
            """As pathspec's match_file: what matched a directory above counts only where nothing matched the rest."""
            by_directory: bool | None = None
            for line, is_directory in patterns.matches(path):
                if not is_directory:
                    return line.include
                by_directory = line.include if by_directory is None else by_directory
            return bool(by_directory)

        return match


def _read_kept(data: bytes | None) -> dict[str, bool]:
    """The answers that were kept; none where something else lies there."""
    try:
        found = parse_json(data or b"{}", errors="surrogateescape")
    except ValueError:
        return {}
    return {path: is_it is True for path, is_it in found.items()} if isinstance(found, dict) else {}
