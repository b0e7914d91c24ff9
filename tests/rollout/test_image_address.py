"""The address of an image in its parts."""

from __future__ import annotations

import pytest

from rajee_deploy.rollout.image_address import is_whole, split_address

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = "sha256:" + "d" * 64


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (f"{HOST}/team/api:c-1", ("team/api", "c-1", "")),
        (f"{HOST}/team/api@{DIGEST}", ("team/api", "", DIGEST)),
        (f"{HOST}/team/api:c-1@{DIGEST}", ("team/api", "c-1", DIGEST)),
        ("localhost:5000/team/api:c-1", ("team/api", "c-1", "")),
        ("localhost/api", ("api", "", "")),
        ("api", ("api", "", "")),
        (":c-1", (":c-1", "", "")),
    ],
)
def test_the_parts_of_an_address(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        (f"{HOST}/team/api:c-1", True),
        (f"{HOST}.cn/api@{DIGEST}", True),
        (f"{HOST}/team/api", False),
        (f".{HOST}/team/api:c-1", False),
        ("12345678901.dkr.ecr.us-east-1.amazonaws.com/api:1", False),
        (".dkr.ecr.us-east-1.amazonaws.com/team/api:c-1", False),
        ("localhost:5000/team/api:c-1", False),
        ("", False),
    ],
)
def test_an_address_of_ecr_is_known_to_be_whole(address, whole):
    assert is_whole(address) is whole
