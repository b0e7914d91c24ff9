"""Commands inside sentences are told apart from prose, and come back as they were."""

from __future__ import annotations

import pytest

from rajee_deploy.console.commands import bind, is_command, release

TEXTS = {
    "look at it: aws ecs list-tasks --cluster x": ["aws ecs list-tasks --cluster x"],
    "rajee-deploy up --yes, or rajee-deploy plan": ["rajee-deploy up --yes", "rajee-deploy plan"],
    "(cd infra && npx cdk bootstrap aws://1/r)": ["(cd infra && npx cdk bootstrap aws://1/r"],
    "docker has no buildx plugin": [],
    "rajee-deploy waits until it has ended": ["rajee-deploy waits until it"],  # harmless: a few words together
    "no command at all": [],
}


@pytest.mark.parametrize("text", TEXTS)
def test_commands_are_single_words(text):
    words = [word for word in bind(text).split(" ") if release(word) != word]
    assert [release(word).rstrip("),") for word in words] == TEXTS[text]
    assert release(bind(text)) == text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rajee-deploy lock", True),
        ("rajee-deploy sandbox start   (without --port it takes a free one)", True),
        ("rajee-deploy lock, and commit what it writes", False),
        ("aws sso login", True),
        ("check the network", False),
    ],
)
def test_a_line_to_be_pasted(line, expected):
    assert is_command(line) is expected
