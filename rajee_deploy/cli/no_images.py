"""For a project whose settings name no image: whoever asks for a hash, a lock or a check hears that there is none,
which images the CDK app has of its own, and who builds those. That nothing was checked is no success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from rajee_deploy.settings import Settings

_MOST_SHOWN = 8
# Verb → what it would do, and the command that does it for a directory.
_INSTEAD = {
    "fingerprint": ("hash", "rajee-deploy fingerprint DIR"),
    "explain": ("explain", "rajee-deploy explain --context DIR"),
    "replay": ("look at", "rajee-deploy replay --context DIR"),
    "verify": ("verify", "rajee-deploy verify DIR"),
    "lock": ("lock", "rajee-deploy lock --context DIR"),
    "lock --check": ("check", "rajee-deploy lock --check --context DIR"),
    "rollback": ("roll back", ""),
}
_BACK = """git revert HEAD   # or check out the commit that was right: the CDK app's own images go back with its stacks
rajee-deploy up   # add --allow-rollback after the checkout of an older commit"""


def no_images(settings: Settings, verb: str) -> ConfigurationError:
    """ConfigurationError `no-images`."""
    what, alone = _INSTEAD[verb]
    return ConfigurationError(
        "no-images",
        f"the settings name no image, so there is none to {what}",
        where=str(settings.path),
        cause=_own(settings),
        hint=_BACK
        if not alone
        else "\n".join(
            (
                "rajee-deploy plan   # whether the CDK app changed, with the images of its own",
                f"{alone}   # for the image that a directory makes",
                "for an image that is hashed, built and pushed here: images.NAME in the settings (docs/settings.md)",
            )
        ),
    )


def _own(settings: Settings) -> str:
    """Which images the app has of its own, as far as this machine knows."""
    from rajee_deploy.synth.app import CdkApp
    from rajee_deploy.synth.images_of_cdk import images_of_cdk

    assembly = CdkApp(settings.cdk, settings.environment).store.latest_assembly()
    if assembly is None and settings.cdk.adopts_images:
        return (
            "which images the CDK app declares is known from a synth of it, and none was kept here: rajee-deploy plan"
            " makes one"
        )
    if assembly is None:
        return (
            "which images the CDK app has of its own is not known here, since no synth of it was kept; such images are"
            " built and pushed by the CDK CLI while it deploys"
        )
    found = images_of_cdk(assembly)
    if not found:
        return "the CDK app has no image of its own either, as of its last synth here"
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    shown = ", ".join(found[:_MOST_SHOWN]) + more
    return (
        f"the CDK app has these of its own: {shown} (as of its last synth here); the CDK CLI hashes, builds and pushes"
        " them while it deploys"
    )
