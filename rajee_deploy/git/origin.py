"""What names a project on all machines that have a checkout: where it came from, and where in it the settings lie.

A digest of both, so that no address, and no password in one, is kept. git is not started for it, since every run keeps
it: the one line of the repository's configuration is read that says where `origin` is.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from rajee_deploy.git.layout import directories_of, enclosing
from rajee_deploy.system.regular_files import read_text

if TYPE_CHECKING:
    from pathlib import Path

_SECTION = re.compile(r'\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_URL = re.compile(r"\s*url\s*=\s*(.*)", re.IGNORECASE)
# A scheme, a login, a host, a port, a path; ssh has a form of its own, without a scheme and with a colon.
_HOST = r"(?:[^@/\s]*@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])"
_ADDRESSES = (re.compile(rf"\w[\w+.-]*://{_HOST}(?::\d*)?/(?P<path>.+)"), re.compile(rf"{_HOST}:(?!//)(?P<path>.+)"))
_HEX = 16


def find_project_id(root: Path) -> str:
    """The same 16 hex digits for one directory of one repository wherever it is cloned to, by https or ssh; "" outside
    of a repository, and for one that came from nowhere on the network."""
    found = enclosing(root)
    if found is None:
        return ""
    top = found[0]
    try:
        text = read_text(directories_of(top)[-1] / "config", errors="surrogateescape")
    except (OSError, ValueError):
        return ""
    origin = network_place(_origin(text))
    below = os.path.relpath(os.path.realpath(root), top)
    return hashlib.sha256(os.fsencode(f"{origin}//{below}")).hexdigest()[:_HEX] if origin else ""


def network_place(address: str) -> str:
    """The host and the path of a repository's address, by whatever protocol and whoever's login; "" for a path."""
    plain = address.partition("?")[0].partition("#")[0]
    found = next((each for form in _ADDRESSES if (each := form.fullmatch(plain))), None)
    if found is None or plain.startswith("file:"):
        return ""
    path = found["path"].strip("/").removesuffix(".git").strip("/")
    return f"{found['host'].lower()}/{path}" if path else ""


def _origin(text: str) -> str:
    """The value of remote.origin.url, the last one; "" for none."""
    section, url = ("", ""), ""
    for line in text.split("\n"):
        head = _SECTION.match(line.strip())
        if head is not None:
            section = (head[1].lower(), head[2] or "")
        elif section == ("remote", "origin") and (value := _URL.fullmatch(line)) is not None:
            url = value[1].strip().strip('"')
    return url
