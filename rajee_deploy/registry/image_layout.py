"""OCI image layouts on disk (`oci-layout://…`): which image a name in one stands for.

https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md. A layout is files of this machine, so what it
holds is an input that can be known: its name moves as freely as any tag.
"""

from __future__ import annotations

import re
from pathlib import Path

from rajee_deploy.errors import DeployError
from rajee_deploy.system.regular_files import DOCUMENT, read_json

SCHEME = "oci-layout://"
_NAME = "org.opencontainers.image.ref.name"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def pinned_layout(reference: str) -> str:
    """The reference with the digest that it stands for now; any other reference as it is.

    Chosen as buildx does (build.resolveDigest): by the name, which is `latest` unless said, else the only image there.
    DeployError `layout-unreadable`.
    """
    place = reference.removeprefix(SCHEME)
    if place == reference or "@" in place:
        return reference
    directory, colon, name = place.partition(":")
    index = Path(directory, "index.json")
    try:
        manifests = read_json(index, DOCUMENT)["manifests"]
        wanted = name if colon else "latest"
        named = [each for each in manifests if (each.get("annotations") or {}).get(_NAME) == wanted]
        found = str((named or manifests * (len(manifests) == 1))[0]["digest"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(reference, index, f"{type(error).__name__}: {error}") from error
    except IndexError as error:
        raise _unreadable(reference, index, f"it has no image {name or 'latest'!r}") from error
    if not _DIGEST.fullmatch(found):
        raise _unreadable(reference, index, f"{found!r} is no digest")
    return f"{SCHEME}{directory}@{found}"


def _unreadable(reference: str, index: Path, cause: str) -> DeployError:
    return DeployError(
        "layout-unreadable",
        f"the OCI layout of {reference} cannot be read",
        where=str(index),
        cause=cause,
        hint="write the image there first, under that name",
    )
