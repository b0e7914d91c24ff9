"""What is read out of `cdk diff --security-only`."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.synth.security_diff import security_changes
from rajee_deploy.system.process import Completed

PRINTED = [
    "(node:1) Warning: NodeVersionSupportWarning",
    "Please confirm you intend to make the following modifications:",
    "",
    "Stack App (aws://123456789012/us-east-1)",
    "IAM Statement Changes",
    "│ + │ * │ Allow │ ecr:GetAuthorizationToken │",
    "(NOTE: There may be security-related changes not in this list.)",
    "",
    "✨  Number of stacks with differences: 1",
]


def ended(code: int) -> Completed:
    return Completed(("cdk",), code, tuple(PRINTED[-3:]))


def test_the_tables_and_nothing_else():
    shown = security_changes("App", ended(1), PRINTED)
    assert shown == "IAM Statement Changes\n│ + │ * │ Allow │ ecr:GetAuthorizationToken │"


def test_no_broader_permissions():
    assert security_changes("App", ended(0), ["Stack App", "There were no security-related changes"]) == ""


def test_a_diff_that_failed_is_no_yes():
    with pytest.raises(DeployError) as caught:
        security_changes("App", ended(1), ["no credentials"])
    assert caught.value.code == "diff-failed"
