"""Why a read is taken for more than what is written: what a base image, the frontend or the machine that builds
decides, and we do not know.

Owns the reasons and their words. Must never know instructions. A use whose source depends on something that is not
known counts in full, and all of it is staged: not even a literal path is left to fail where it is not there, for
another instruction may have staged it in part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.scope import Expanded
from rajee_deploy.dockerfile.words import ExpansionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.dockerfile.scope import Environment

# How the reasons begin.
BASE_DECIDES, FRONTEND_DECIDES = "the base image may define", "old versions of docker/dockerfile"
MACHINE_DECIDES = "the machine that builds decides"
WINDOWS = "paths of Windows images are not understood"


def reason(value: Expanded) -> str:
    """Why a source that expands to this counts in full; "" where it is known."""
    if value.by_engine:
        return f"{MACHINE_DECIDES} {_names(value.by_engine)}"
    if value.unknown:
        return f"{BASE_DECIDES} {_names(value.unknown)}"
    if value.disputed:
        return f"{FRONTEND_DECIDES} have another {_names(value.disputed)}"
    return ""


def join(parts: Iterable[Expanded]) -> Expanded:
    """What several words depend on together."""
    parts = list(parts)
    unknown = frozenset().union(*(part.unknown for part in parts))
    disputed = frozenset().union(*(part.disputed for part in parts))
    return Expanded("", unknown, disputed, by_engine=frozenset().union(*(part.by_engine for part in parts)))


def compare(name: str, value: Expanded | None, before: Environment, default: str) -> Expanded | None:
    """The value of an argument, disputed where expanding its default in an earlier environment gives another one."""
    try:
        earlier = before.expand(default)
    except ExpansionError:
        earlier = None
    if value is None or earlier == value:
        return value
    return value._replace(disputed=value.disputed | {name})


def _names(names: frozenset[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
