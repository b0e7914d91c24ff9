"""What images said of themselves, remembered by digest: a digest's content never changes, so this cannot go stale.

Owns one small file of this user. It is only ever a shortcut: a file that is torn, old or full of nonsense is ignored
and written anew, and one that cannot be written is done without.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from rajee_deploy.plan.state import ImageContent
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import DOCUMENT, read_json
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.model import Digest, Platform

SCHEMA = "rajee-deploy.verdicts/1"
KEPT = 500  # newest; about 200 bytes each


class KnownImages:
    """Contents by digest and platform asked for, in the file `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def find(self, digest: Digest, platform: Platform) -> ImageContent | None:
        """What is remembered, or None."""
        found = self._read().get(_key(digest, platform))
        return ImageContent(*found) if found else None

    def remember(self, digest: Digest, platform: Platform, content: ImageContent) -> None:
        """Keep it, in one piece; the oldest ones make room. Two runs at once may lose one of two: it is asked again."""
        with self._lock, optional(self._path.parent):
            kept = self._read()
            kept.pop(_key(digest, platform), None)
            kept[_key(digest, platform)] = (content.platform, content.fingerprint, content.layers)
            newest = dict(list(kept.items())[-KEPT:])
            make_place(self._path.parent, self._path.name)
            write_atomically(self._path, json.dumps({"schema": SCHEMA, "images": newest}).encode())

    def _read(self) -> dict[str, tuple[str, str, str]]:
        try:
            document = read_json(self._path, DOCUMENT)
            if document["schema"] != SCHEMA:
                return {}
            return {
                key: (platform, fingerprint, layers[0] if layers else "")
                for key, (platform, fingerprint, *layers) in document["images"].items()
                if all(isinstance(text, str) for text in (platform, fingerprint, *layers))
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def _key(digest: Digest, platform: Platform) -> str:
    return f"{digest} {platform}"
