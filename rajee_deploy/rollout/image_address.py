"""The address of an image in its parts. Pure."""

from __future__ import annotations

import re

# host[:port]/name, then :tag, @digest or both
_IMAGE = re.compile(r"(?:[^/]*[.:][^/]*/|localhost/)?(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_OF_ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z0-9.-]+/[^:@]+[:@].+")


def split_address(image: str) -> tuple[str, str, str]:
    """An image reference as repository name, tag and digest ("" for what it lacks)."""
    found = _IMAGE.fullmatch(image)
    if found is None:
        return image, "", ""
    return found["name"], found["tag"] or "", found["digest"] or ""


def is_whole(address: str) -> bool:
    """Whether it is a whole address of ECR, and not the end of one: nothing can stand before the account's number."""
    return _OF_ECR.fullmatch(address) is not None
