"""Which outputs of a stack people look for, and in which order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model.names import IMAGES_OUTPUT, STATE_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADDRESSES = ("https://", "http://")
_OURS = (STATE_OUTPUT, IMAGES_OUTPUT)
_OF_THE_CDK = "ExportsOutput"  # what one stack hands to another


def shown_outputs(outputs: Iterable[tuple[str, str]], *, whole: bool = False) -> list[tuple[str, str]]:
    """Addresses to open first, then the others by name; without what stacks tell each other, and this tool."""
    shown = [each for each in outputs if whole or not (each[0].startswith(_OF_THE_CDK) or each[0] in _OURS)]
    return sorted(shown, key=lambda each: (not each[1].startswith(_ADDRESSES), each[0]))
