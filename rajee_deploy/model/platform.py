"""Which platform an image is for, under the one name that containerd has for it.

Must never know which engine can build for it, or what a Dockerfile asks for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Platform:
    """An image platform, normalised as containerd does: `linux/amd64`, `linux/arm64`, `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read `os/arch[/variant]`; ConfigurationError otherwise."""
        parts = text.strip().lower().split("/")
        if len(parts) not in (2, 3) or not all(re.fullmatch(r"[a-z0-9_.-]+", part) for part in parts):
            raise ConfigurationError(
                "bad-platform", f"{text!r} is not a platform", hint="write it like linux/amd64 or linux/arm64"
            )
        os, architecture, variant = (*parts, "")[:3]
        return cls("darwin" if os == "macos" else os, *_architecture(architecture, variant))

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def parse_platforms(texts: Iterable[str]) -> tuple[Platform, ...]:
    """Read one platform or several, each text like `linux/amd64` or `linux/amd64,linux/arm64`; sorted, each once, since
    their order decides nothing. ConfigurationError for what is no platform, and for none at all."""
    found = {Platform.parse(part) for text in texts for part in text.split(",")}
    if not found:
        raise ConfigurationError("bad-platform", "no platform is named", hint="write at least one, like linux/amd64")
    return tuple(sorted(found, key=str))


def _architecture(name: str, variant: str) -> tuple[str, str]:
    """An architecture and its variant under the one name that containerd has for both (normalizeArch in its platforms
    package, at commit 09756f59): what several names mean is one platform, and one image."""
    if name in _FIXED:
        return _FIXED[name]
    name = _SAME.get(name, name)
    return name, _VARIANTS.get((name, variant), variant)


_FIXED = {"i386": ("386", ""), "armhf": ("arm", "v7"), "armel": ("arm", "v6")}  # whatever variant stands behind it
_SAME = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_VARIANTS = {
    ("amd64", "v1"): "",
    ("arm64", "8"): "",
    ("arm64", "v8"): "",
    ("arm64", "v8.0"): "",
    ("arm64", "9"): "v9",
    ("arm64", "9.0"): "v9",
    ("arm64", "v9.0"): "v9",
    ("arm", ""): "v7",
    ("arm", "7"): "v7",
    ("arm", "5"): "v5",
    ("arm", "6"): "v6",
    ("arm", "8"): "v8",
}

# The platform of whatever machine builds, which no plan knows: what a stage that is `FROM --platform=$BUILDPLATFORM`
# has in a platform's place.
BUILD_PLATFORM = "the build platform"
# The machines that build: a plan asks none which it is, and takes what any of them may do. Others emulate their tools.
MACHINES = ("linux/amd64", "linux/arm64")
