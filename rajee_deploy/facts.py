"""What is wanted and what was observed: the facts that `plan` decides on. Values only.

Absent is a value and comes only from an explicit not-found answer; failing to look is an exception, so nothing here
stands for "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Digest

# The stack parameter that records which infrastructure fingerprint a deployment was made of (rajee_deploy.cdk adds it).
INFRA_PARAMETER = "RajeeInfraHash"


# -- what is wanted ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image as this checkout makes it, and the stack parameter (if any) that receives its tag."""

    name: str
    fingerprint: Fingerprint
    repository: str
    stack: str
    parameter: str

    @property
    def tag(self) -> str:
        """The tag the image has, or will have, in its repository."""
        return self.fingerprint.tag


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this checkout asks for: its images, the stacks in order, and the infrastructure's fingerprint."""

    images: tuple[WantedImage, ...]
    stacks: tuple[str, ...] = ()
    infrastructure: Fingerprint | None = None


# -- what was observed ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImagePresent:
    """The registry has a usable image under the tag we asked for."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class ImageAbsent:
    """The registry says explicitly that the repository has no such image."""


@dataclass(frozen=True, slots=True)
class RepositoryAbsent:
    """The registry says explicitly that there is no such repository."""


ImageState = ImagePresent | ImageAbsent | RepositoryAbsent


@dataclass(frozen=True, slots=True)
class StackAbsent:
    """CloudFormation says explicitly that there is no such stack."""


@dataclass(frozen=True, slots=True)
class StackPresent:
    """A stack as DescribeStacks tells it. `reason` is CloudFormation's StackStatusReason."""

    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    reason: str = ""


StackState = StackAbsent | StackPresent


@dataclass(frozen=True, slots=True)
class Observed:
    """The world, by image name and by stack name."""

    images: Mapping[str, ImageState]
    stacks: Mapping[str, StackState]
