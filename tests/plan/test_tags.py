"""The grammar of additional tags."""

from __future__ import annotations

from pathlib import Path

import pytest

import rajee_deploy
from rajee_deploy.model.repository import TAG
from rajee_deploy.plan.tags import is_version, sanitise, short_digest, tag_problem


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("v1", ""),
        ("_", ""),
        ("A.b-c_9", ""),
        ("x" * 128, ""),
        ("{revision}", ""),
        ("{short-revision}-{branch}", ""),
        ("{image}-v1", ""),
        ("c", ""),
        ("live", ""),
        ("previous", ""),
        ("a-c-1", ""),
        ("x" * 129, "not a tag"),
        ("", "not a tag"),
        (".a", "not a tag"),
        ("-a", "not a tag"),
        ("a/b", "not a tag"),
        ("a b", "not a tag"),
        ("{revision", "not a tag"),
        ("é", "not a tag"),
        ("v1\n", "not a tag"),
        ("{commit}", "unknown placeholder 'commit'"),
        ("{image}{x}{y}", "unknown placeholder 'x'"),
        ("{}", "unknown placeholder ''"),
        ("{Revision}", "unknown placeholder"),
        ("c-1", "the tool's own"),
        ("live-1", "the tool's own"),
        ("prev-1", "the tool's own"),
    ],
)
def test_what_is_wrong_with_a_tag(tag, problem):
    found = tag_problem(tag)
    assert problem in found
    assert bool(found) == bool(problem)


def test_the_words_about_a_tag_of_the_tool():
    assert tag_problem("m-1") == "tags that begin with c-, m-, live- or prev- are the tool's own"


def test_an_unknown_placeholder_is_told_the_known_ones():
    assert tag_problem("{x}").endswith("known: {revision}, {short-revision}, {branch}, {image}")


@pytest.mark.parametrize(
    ("text", "tag"),
    [("feature/one two", "feature-one-two"), ("..-x.-", "x.-"), ("a" * 130, "a" * 128), ("-" + "a" * 128, "a" * 128)],
)
def test_text_as_a_tag_can_have_it(text, tag):
    assert sanitise(text) == tag


def test_a_short_digest_has_twelve_digits_and_says_of_what_kind_it_is():
    assert short_digest("sha256:" + "0123456789abcdef" * 4) == "sha256:0123456789ab"
    assert short_digest("c-" + "0123456789" * 4) == "c-012345678901"
    assert short_digest("latest") == "latest"
    assert short_digest("c-0123456789abcdef" * 2) == "c-0123456789abcdef"


def test_the_grammar_of_a_tag_stands_at_one_place_and_once_more_for_apps():
    """An app that uses our construct imports cdk.py, and nothing else of the tool."""
    top = Path(rajee_deploy.__file__).parent
    spelled = [path.relative_to(top).as_posix() for path in top.rglob("*.py") if "A-Za-z0-9_.-]{" in path.read_text()]
    assert sorted(spelled) == ["cdk.py", "model/repository.py"]
    assert f'\nTAG_PATTERN = "{TAG}"\n' in (top / "cdk.py").read_text()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("v1.2.3", True),
        ("1.2.3", True),
        ("v10.20.30-rc.1", True),
        ("v1.2.3_build.5", True),
        ("v1.2.3.4", True),
        ("v1.2", False),
        ("v1", False),
        ("release-1.2.3", False),
        ("1.2.x", False),
        ("v1.2.3rc", False),
        ("c-" + "0" * 40, False),
        ("live-App.123456789012.us-east-1", False),
        ("", False),
    ],
)
def test_which_tags_are_versions(tag, expected):
    assert is_version(tag) is expected
