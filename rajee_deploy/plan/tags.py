"""The grammar of additional tags and of their placeholders; tags and what else a stack records, in words. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.model.names import ASSET_PREFIX, IMAGES_PARAMETER
from rajee_deploy.model.repository import LONGEST_TAG, TAG
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Mapping

# What an image is, what was recorded of it, and what shields it from expiring.
OWN = ("c-", "m-", "live-", "prev-")
_LONGEST = 18  # of anything else that stands where a digest is looked for
PLACEHOLDERS = ("revision", "short-revision", "branch", "image")


def tag_problem(tag: str) -> str:
    """What is wrong with an additional tag, whose placeholders are `{revision}` and so on; "" when it is good."""
    unknown = [name for name in re.findall(r"\{([^}]*)\}", tag) if name not in PLACEHOLDERS]
    if unknown:
        return f"unknown placeholder {unknown[0]!r}; known: " + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    if not re.fullmatch(TAG, re.sub(r"\{[^}]*\}", "x", tag)):
        return "not a tag: letters, digits, '_', '.', '-', at most 128, not starting with '.' or '-'"
    if tag.startswith(OWN):
        return f"tags that begin with {', '.join(OWN[:-1])} or {OWN[-1]} are the tool's own"
    return ""


def is_version(tag: str) -> bool:
    """Whether a tag is a semantic version, as in `v1.2.3`, `1.2.3` or `1.2.3-rc.1`: what it names was released, and
    somebody counts on its being there. (A tag has no `+`; some write `_` or `-` for it.)"""
    return re.fullmatch(r"v?\d+\.\d+\.\d+(?:[-_.][A-Za-z0-9_.-]*)?", tag) is not None


def sanitise(text: str) -> str:
    """Text as a tag can have it: every other character becomes `-`; at most 128, and it starts with none of `.-`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text).lstrip(".-")[:LONGEST_TAG]


def records_text(parameters: Mapping[str, str]) -> str:
    """What a stack records, in words: parameters by their names, and images that the app declares by theirs."""
    shown = {name: value for name, value in parameters.items() if name != IMAGES_PARAMETER}
    return ", ".join(f"{parameter_text(name)} {short_digest(value)}" for name, value in shown.items())


def parameter_text(name: str) -> str:
    """A parameter as people read it: of an image that the app declares, `image` with its name."""
    return f"image {name.removeprefix(ASSET_PREFIX)}" if name.startswith(ASSET_PREFIX) else name


def short_digest(value: str) -> str:
    """Enough of a digest or tag to recognise it, `c-ebb2bba14535` or `sha256:166e49ac07e8`; the whole is in --json."""
    shown = short(value)
    return shown if shown != value else value.removeprefix("sha256:")[:_LONGEST]
