"""`doctor` through the shell, in an account where nothing is ready yet, and again once each fix was carried out.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import boto3
import given
import pytest

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

KEEP_TEN = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10},
    "action": {"type": "expire"},
}


@pytest.fixture
def examine(shell):
    """The checks by name: (health, fix) of each finding."""

    def run(*, code: int = 0, words: str = "", **environment: str) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        ended = shell.run(f"rajee-deploy doctor --json {words}", code=code, **environment)
        for each in json.loads(ended.stdout)["checks"]:
            found.setdefault(each["check"], []).append((each["health"], each["fix"] or ""))
        return found

    return run


@pytest.fixture
def ecr(shell):
    chosen = shell.environment
    return boto3.client(
        "ecr",
        region_name="us-east-1",
        endpoint_url=chosen["AWS_ENDPOINT_URL"],
        aws_access_key_id=chosen["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=chosen["AWS_SECRET_ACCESS_KEY"],
    )


def test_an_account_that_is_not_bootstrapped(shell, examine):
    found = examine(code=1)
    assert [name for name, each in found.items() if "error" in dict(each)] == ["bootstrap"]
    ((_, fix),) = found["bootstrap"]
    assert fix == f"(cd {shell.folder}/infra && npx cdk bootstrap aws://123456789012/us-east-1)"
    assert {found[name][0][0] for name in ("repository", "bases")} == {"warning"}
    assert {found[name][0][0] for name in ("settings", "engine", "node", "cdk", "schema", "versions")} == {"ok"}
    assert {found[name][0][0] for name in ("credentials", "expiry", "account", "clock", "secrets")} == {"ok"}


def test_once_it_is(shell, examine):
    given.bootstrap(shell.environment)
    found = examine()
    assert found["bootstrap"] == [("ok", "")]


def test_a_repository_that_loses_what_runs(examine, ecr):
    ecr.create_repository(repositoryName="raja/envoy", imageTagMutability="MUTABLE")
    ecr.put_lifecycle_policy(repositoryName="raja/envoy", lifecyclePolicyText=json.dumps({"rules": [KEEP_TEN]}))
    found = examine()
    assert [health for name in ("repository", "lifecycle") for health, _ in found[name]] == ["warning", "warning"]


def test_the_command_that_is_shown_is_one_that_the_repository_takes(examine, ecr):
    ((_, fix),) = examine()["repository"]
    words = fix.rpartition("--image-tag-mutability-exclusion-filters ")[2].split()
    filters = [dict(pair.split("=") for pair in word.replace("'", "").split(",")) for word in words]
    ecr.put_image_tag_mutability(
        repositoryName="raja/envoy",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    shields = [
        {
            "rulePriority": number,
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": [pattern],
                "countType": "imageCountMoreThan",
                "countNumber": 9999,
            },
            "action": {"type": "expire"},
        }
        for number, pattern in ((1, "live-*"), (2, "prev-*"))
    ]
    rules = [*shields, {**KEEP_TEN, "rulePriority": 3}]
    ecr.put_lifecycle_policy(repositoryName="raja/envoy", lifecyclePolicyText=json.dumps({"rules": rules}))
    found = examine()
    assert [each for name in ("repository", "lifecycle") for each in found[name]] == [("ok", "")] * 2


def test_a_network_that_is_gone_hides_nothing_else(examine):
    found = examine(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert [found[name][0][0] for name in ("credentials", "clock", "bootstrap", "repository")] == ["unknown"] * 4
    assert {found[name][0][0] for name in ("engine", "cdk", "schema")} == {"ok"}


def test_another_account_than_the_environments(shell, examine):
    settings = shell.folder / "pyproject.toml"
    before = settings.read_text()
    settings.write_text(before.replace('account = "123456789012"', 'account = "210987654321"'))
    try:
        found = examine(code=1)
    finally:
        settings.write_text(before)
    assert found["account"][0][0] == "error"
    assert found["bootstrap"][0][0] == found["repository"][0][0] == "unknown"


def test_the_screen_is_no_wider_than_a_terminal_but_for_what_is_pasted(shell):
    ended = shell.run("rajee-deploy doctor", COLUMNS="80")
    lines = ended.stdout.splitlines()
    assert [line for line in lines if len(line) > 80 and "→" not in line and str(shell.folder.parent) not in line] == []
    assert lines[2].endswith(" ok")
