"""Why Lambda does not take an image, in its own codes and words → what helps. Pure.

CloudFormation hands on Lambda's sentence without the code, GetFunction has both: so each is known by either.
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (LastUpdateStatusReasonCode)
"""

from __future__ import annotations

from rajee_deploy.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class _Cause:
    """How Lambda names a cause, what it says of it (in lower case), and what helps."""

    codes: tuple[str, ...]
    words: tuple[str, ...]
    remedy: str


_CAUSES = (
    _Cause(
        ("ImageDeleted",),
        ("does not exist. provide a valid source image",),
        "the repository does not have that image (any more): look at its lifecycle rules; "
        "rajee-deploy up builds and pushes an image of its own that is missing",
    ),
    _Cause(
        ("ImageAccessDenied",),
        ("permission to access the ecr image",),
        "the repository's policy has to allow lambda.amazonaws.com ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, "
        "and whoever deploys needs both, too",
    ),
    _Cause(
        ("InvalidImage",),
        ("media type for the source image",),
        "Lambda takes a single image, and no index of several or with attestations: "
        "build it for one platform and with provenance = false",
    ),
    _Cause(
        (),
        ("is not valid. provide a valid source image",),
        "Lambda takes images from private ECR repositories of its own region alone",
    ),
    _Cause(
        ("FunctionError.InvalidEntryPoint",),
        ("exec format error", "invalidentrypoint", "invalid entrypoint"),
        "the entry point is not in the image or cannot be executed there, "
        "or the image was built for another machine than the function's Architectures",
    ),
    _Cause(
        ("KMSKeyAccessDenied", "KMSKeyNotFound", "InvalidStateKMSKey", "DisabledKMSKey"),
        (),
        "the KMS key of the function or of its repository is gone, disabled, or not for the function's role",
    ),
    _Cause(
        ("FunctionError",),
        (),
        "what is in the image does not start: the function's log group has what it said",
    ),
)


def remedy(code: str, reason: str) -> str:
    """What helps where a function was not made or updated for this reason; "" where nothing is known of it."""
    said = reason.lower()
    for cause in _CAUSES:
        if code in cause.codes or any(words in said for words in cause.words):
            return cause.remedy
    return _CAUSES[-1].remedy if code.startswith("FunctionError.") else ""
