"""Tag immutability as ECR documents it, without a server."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rajee_deploy.sandbox.images import is_immutable


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "expected"),
    [
        ("MUTABLE", [], "c-1", False),
        ("IMMUTABLE", [], "c-1", True),
        ("IMMUTABLE", ["c-*"], "c-1", True),  # filters count in the modes that name them
        ("IMMUTABLE_WITH_EXCLUSION", ["live-*"], "c-1", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["live-*"], "live-prod", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["live-*"], "live-", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["live-*"], "live", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["live-*"], "not-live-prod", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["*"], "c-1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["1.*"], "1x2", True),  # the dot is a dot
        ("IMMUTABLE_WITH_EXCLUSION", ["a*c", "b*"], "bcd", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "v1", True),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "latest", False),
    ],
)
def test_is_immutable(mutability: str, filters: list[str], tag: str, *, expected: bool) -> None:
    repository = SimpleNamespace(
        image_tag_mutability=mutability,
        image_tag_mutability_exclusion_filters=[{"filterType": "WILDCARD", "filter": each} for each in filters],
    )
    assert is_immutable(repository, tag) is expected
