"""BuildKit's raw progress (JSON documents) → events, and the words for a failure. Pure but for its state."""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.engine import BuildEvent
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Steps of BuildKit's own: loading definitions and resolving names say nothing about the user's Dockerfile.
_INTERNAL = re.compile(r"^\[(internal|auth)\]")
# Transfers of build contexts and of what lies beside them. Base images are looked up by steps of a like name.
_LOADING = re.compile(r"^\[(internal|context [^\]]*)\] load (?!metadata )")
_LOG_LINES = 30


class Progress:
    """Reads the lines of `--progress rawjson`; calls `on_event` for each step that begins and ends."""

    def __init__(self, on_event: Callable[[BuildEvent], None]) -> None:
        self._on_event = on_event
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._failed: dict[str, Any] | None = None
        self._logs: dict[str, deque[str]] = {}
        self._words: deque[str] = deque(maxlen=_LOG_LINES)
        self._open: list[str] = []
        self._names: dict[str, str] = {}
        self._loading: set[str] = set()
        self._moved: dict[str, dict[str, tuple[int, int]]] = {}

    def line(self, line: str) -> None:
        """One line of output; what is no progress document is kept as the program's own words.

        A document stands on one line, or indented from a lone `{` to a lone `}` (buildx 0.13).
        """
        if self._open or line == "{":
            self._open.append(line)
            if line == "}":
                text, self._open = "\n".join(self._open), []
                self._document(text)
        else:
            self._document(line)

    def _document(self, text: str) -> None:
        try:
            document = parse_json(text, errors="surrogatepass") if text.startswith("{") else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            self._words.extend(lines_of(text) or [""])
            return
        try:
            self._told(document)
        except (TypeError, ValueError, AttributeError, KeyError):  # of another BuildKit: what it says is shown as it is
            self._words.extend(lines_of(text))

    def _told(self, document: dict[str, Any]) -> None:
        for vertex in document.get("vertexes") or ():
            self._vertex(vertex)
        moving = {self._status(status) for status in document.get("statuses") or ()}
        for digest in sorted(moving - {""}):
            self._tell_moved(digest)
        for log in document.get("logs") or ():
            self._log(log)

    def failure(self) -> str:
        """What went wrong, for a person: the failing step, its last output, and the builder's own words."""
        lines: list[str] = []
        if self._failed is not None:
            lines.append(f"step: {self._failed.get('name', '')}")
            lines += self._logs.get(self._failed.get("digest", ""), ())
        lines += [word for word in self._words if word.strip()]
        if not self._words and self._failed is not None:
            lines.append(str(self._failed.get("error", "")))
        return "\n".join(lines)

    @property
    def ended_in_order(self) -> bool:
        """Whether the engine itself told of a failure, and each transfer of local files that it had begun ended well.
        An engine that is lost tells nothing of what it was at."""
        return self._failed is not None and not self._loading

    def _load(self, vertex: dict[str, Any]) -> None:
        if vertex.get("completed") and not vertex.get("error"):
            self._loading.discard(vertex.get("digest", ""))
        elif vertex.get("started"):
            self._loading.add(vertex.get("digest", ""))

    def _vertex(self, vertex: dict[str, Any]) -> None:
        digest, name = vertex.get("digest", ""), vertex.get("name", "")
        if _LOADING.match(name):
            self._load(vertex)
        if vertex.get("error") and "canceled" not in vertex["error"]:
            self._failed = vertex
        self._names[digest] = name
        is_internal = _INTERNAL.match(name) is not None
        if is_internal and not (vertex.get("completed") and digest in self._moved):  # that of what was shown is told
            return
        if vertex.get("completed"):
            if digest not in self._ended:
                self._ended.add(digest)
                shown = _INTERNAL.sub("", name).strip()
                self._on_event(BuildEvent(shown, _seconds(vertex), bool(vertex.get("cached"))))
        elif vertex.get("started") and digest not in self._begun:
            self._begun.add(digest)
            self._on_event(BuildEvent(name))

    def _status(self, status: dict[str, Any]) -> str:
        """Keep how far one piece (a layer, the build context) was moved; returns its step's digest, "" for others."""
        digest, current = status.get("vertex", ""), status.get("current")
        if not isinstance(current, int) or current <= 0 or digest in self._ended:
            return ""
        total = status.get("total")
        piece = str(status.get("id", ""))
        self._moved.setdefault(digest, {})[piece] = (current, total if isinstance(total, int) else 0)
        return str(digest)

    def _tell_moved(self, digest: str) -> None:
        pieces = self._moved[digest].values()
        moved, size = (sum(numbers) for numbers in zip(*pieces, strict=True))
        name = _INTERNAL.sub("", self._names.get(digest, "")).strip()
        self._on_event(BuildEvent(name, moved=moved, size=size, layers=len(pieces)))

    def _log(self, log: dict[str, Any]) -> None:
        try:
            text = base64.b64decode(log.get("data") or "").decode("utf-8", "replace")
        except binascii.Error:
            return
        kept = self._logs.setdefault(log.get("vertex", ""), deque(maxlen=_LOG_LINES))
        kept.extend(line for line in lines_of(text) if line.strip())


def _seconds(vertex: dict[str, Any]) -> float:
    try:
        started, completed = (datetime.fromisoformat(_micro(vertex[key])) for key in ("started", "completed"))
    except (KeyError, ValueError):
        return 0.0
    return max(0.0, (completed - started).total_seconds())


def _micro(stamp: str) -> str:
    """Go prints nanoseconds, which Python 3.11 does not read: keep six digits."""
    return re.sub(r"(\.\d{6})\d+", r"\1", stamp)
