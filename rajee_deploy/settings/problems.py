"""What is wrong with one value of the settings, with the key that it stands under. Pure."""

from __future__ import annotations


class SettingError(ValueError):
    """`key` is relative to the table that was read, `problem` a sentence that goes on from the key."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem
