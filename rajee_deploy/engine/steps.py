"""buildah's plain output → events, and the words for a failure. Pure but for its state and the clock."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING

from rajee_deploy.engine import BuildEvent
from rajee_deploy.engine.location import line_of_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# `STEP 2/6: COPY a /a`, with `[1/2] ` before it where there are several stages
_STEP = re.compile(r"(?:\[(\d+/\d+)\] )?STEP (\d+/\d+): (.+)")
_CACHED = "--> Using cache "
_FAILED = re.compile(r'building at STEP "(.+?)": ', re.DOTALL)
_BLOB = re.compile(r"Copying (?:blob|config) (?:sha256:)?([0-9a-f]{12})")
_LOG_LINES = 30


class Steps:
    """Reads lines; calls `on_event` for each step that begins and ends. A `platform` is named in each, as BuildKit
    does: `[linux/arm64 2/3] RUN make`."""

    def __init__(
        self, on_event: Callable[[BuildEvent], None], clock: Callable[[], float] = time.perf_counter, platform: str = ""
    ) -> None:
        self._on_event = on_event
        self._clock = clock
        self._platform = f"{platform} " if platform else ""
        self._name = ""
        self._text = ""
        self._began = 0.0
        self._cached = False
        self._said: deque[str] = deque(maxlen=_LOG_LINES)
        self._blobs: set[str] = set()

    def line(self, line: str) -> None:
        """One line of a build's output."""
        match = _STEP.fullmatch(line)
        if match:
            stage, step, text = match.groups()
            self.begin(f"[{self._platform}{f'stage {stage}, ' if stage else ''}{step}] {text}", text)
        elif line.startswith(_CACHED):
            self._cached = True
        elif line.startswith("COMMIT"):
            self.begin("committing the image")
        elif line.strip():
            self._said.append(line)

    def pushing(self, line: str) -> None:
        """One line of a push's output."""
        blob = _BLOB.match(line)
        if blob and blob[1] not in self._blobs:
            self._blobs.add(blob[1])
            self._on_event(BuildEvent(self._name, layers=len(self._blobs)))

    def begin(self, name: str, text: str = "") -> None:
        """A step begins, so the one before it has ended."""
        self.done()
        self._name, self._text, self._began, self._cached = name, text, self._clock(), False
        self._said.clear()
        self._on_event(BuildEvent(name))

    def done(self) -> None:
        """The step that was under way has ended."""
        if self._name:
            self._on_event(BuildEvent(self._name, self._clock() - self._began, self._cached))
            self._name = ""

    def failure(self, dockerfile: str, shown: str, lines: Sequence[int] = ()) -> tuple[str, str]:
        """(where, what): the failing line of the Dockerfile ("" when it is not known), the step and its last lines.

        `lines` has for each line of `dockerfile` the one that is told (without: itself).
        """
        words = "\n".join(self._said)
        named = _FAILED.search(words)
        line = line_of_step(self._text, dockerfile) or (line_of_step(named[1], dockerfile) if named else 0)
        if line and lines:
            line = lines[line - 1]
        cause = (f"step: {self._name}\n" if self._name else "") + words
        return (f"{shown}:{line}" if line else ""), cause
