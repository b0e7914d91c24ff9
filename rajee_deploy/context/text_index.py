"""Which of many patterns may match a path: those whose plain texts the path holds.

Owns that search, in about the time of the path's length, however many patterns there are. Must never know a pattern's
syntax: it is told the texts that every match holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_WINDOWS = (32, 16, 8, 4, 2, 1)
_FEW_PATTERNS = 16
_LOOKED_AT = 64  # texts of a pattern and characters of a text, the last ones: they differ most


class TextIndex:
    """Patterns, each as the texts that its matches hold (none: it may match anything)."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._texts = texts

    def candidates(self, path: str) -> Collection[int]:
        """The places of those that may match, and of some that do not."""
        if len(self._texts) <= _FEW_PATTERNS:
            return range(len(self._texts))
        by_text, always = self._index
        found = set(always)
        for size, texts in by_text.items():
            for start in range(len(path) - size + 1):
                places = texts.get(path[start : start + size])
                if places is not None:
                    found.update(places)
        return found

    def holds_texts(self, place: int, path: str) -> bool:
        """Whether the path holds all texts of a pattern."""
        for text in self._texts[place]:  # noqa: SIM110 -- `all` takes three times as long, and most run is this
            if text not in path:
                return False
        return True

    @cached_property
    def _index(self) -> tuple[dict[int, dict[str, list[int]]], list[int]]:
        """Patterns by a short text that their matches hold, the rarest there is; and those without any."""
        windows = [_windows(texts) for texts in self._texts]
        common = Counter(window for each in windows for window in set(each))
        by_text: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        always = []
        for place, each in enumerate(windows):
            if not each:
                always.append(place)
                continue
            rarest = min(each, key=lambda window: (common[window], -len(window), window))
            by_text[len(rarest)][rarest].append(place)
        return {size: dict(texts) for size, texts in by_text.items()}, always


def _windows(texts: Sequence[str]) -> list[str]:
    return [window for text in texts[-_LOOKED_AT:] for window in _windows_of(text[-_LOOKED_AT:])]


def _windows_of(text: str) -> list[str]:
    size = next((size for size in _WINDOWS if size <= len(text)), 0)
    return [text[start : start + size] for start in range(len(text) - size + 1)] if size else []
