"""The row of an image that the app declares itself (an asset): its stack says which it runs, the registry whether that
is still there, and what is known of earlier synths which one this checkout makes. It must never synthesise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.status.rows import DeployedImage
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import ASSET_PREFIX
from rajee_deploy.plan.state import RepositoryAbsent, Tagged

if TYPE_CHECKING:
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import StackPresent, Wanted
    from rajee_deploy.settings import ImageSettings

_UNKNOWN = "a synth would tell: rajee-deploy plan"


def app_image(
    run: CurrentRun, image: ImageSettings, state: StackPresent, wanted: Wanted, *, is_made: bool
) -> DeployedImage:
    """`is_made`: it is known that this checkout makes what is deployed, with its images."""
    recorded = next(each for each in state.images if each.parameter == image.parameter)
    here = recorded.tag if is_made else _tag_here(image, wanted)
    digest, is_gone, problem = _in_registry(run, image, recorded.tag)
    return DeployedImage(
        image.name,
        "",
        recorded.tag,
        here,
        here == recorded.tag if here else None,
        problem or ("" if here else _UNKNOWN),
        str(image.repository),
        recorded.former,
        digest,
        is_gone,
    )


def _tag_here(image: ImageSettings, wanted: Wanted) -> str:
    """The tag that a remembered synth of these very inputs made; "" where none is known, or would prove nothing."""
    made = wanted.remembered.get(image.stack)
    if made is None or wanted.impurities_of(image.stack):
        return ""
    return made.images.get(image.parameter.removeprefix(ASSET_PREFIX), "")


def _in_registry(run: CurrentRun, image: ImageSettings, tag: str) -> tuple[str, bool | None, str]:
    """The digest that the tag names, whether the registry lost it, and why that is not known ("" where it is)."""
    try:
        found = run.ports.registry.find(image.repository, [tag])
    except DeployError as error:
        return "", None, f"what the registry has is not known: {error}"
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    return (str(state.digest), False, "") if isinstance(state, Tagged) else ("", True, "")
