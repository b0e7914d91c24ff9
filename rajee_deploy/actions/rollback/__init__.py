"""Back to an image that ran before: which one (ways, target), of which stack (stacks), what is asked for that and
what its preview shows (preview), its record and its document (recorded), from git what the registry lost (past). What
is done then is decided in `plan/rollback.py`.

A rollback is a plan whose wish is another tag, carried out as every plan is. It changes which image a stack runs and
nothing else: CloudFormation updates the stack with the template that it has. It must never deploy what was synthesised,
and never build anything but the very image that the tag names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.rollback import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.settings import ImageSettings


__all__ = ["Asked", "Return", "Target"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: the images, a tag of the one image (None: what each ran before), where the settings come
    from, whether the images were named one by one, how many seconds somebody else's operation is waited for,
    how often it is looked at, the names of all images that a stack runs, and those that were named and are none of the
    settings': images that the app declares itself, as stacks record them."""

    images: Sequence[ImageSettings]
    tag: str | None
    origin: Origin
    is_chosen: bool = False
    wait_seconds: float = 1800
    poll_seconds: float = 2.5
    deployed: Sequence[str] = ()
    app_images: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """An image's way back: the stack's parameter as it was and as it is to be, the revision of the image ("-" where
    nobody recorded it; with `-dirty` behind it where tracked files differed), and what was needed."""

    image: str
    stack: str
    before: str
    target: Target
    revision: str
    is_built: bool
    is_there: bool  # the stack runs it already
