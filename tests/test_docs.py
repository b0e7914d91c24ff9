"""What the documentation says of the code: every code, every key, every page; and no page leads nowhere."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from codes import ROOM, codes
from source_trees import nodes
from typer.main import get_command

from rajee_deploy.cli.line import command_line
from rajee_deploy.settings import keys
from rajee_deploy.settings.reference import with_reference

if TYPE_CHECKING:
    from pathlib import Path

TOP = ROOM.parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md"), *TOP.glob(".github/**/*.md")])
SHORT = 140  # lines: two screens


def text(name: str) -> str:
    return (TOP / name).read_text()


def anchors(page: Path) -> set[str]:
    """What a link can name of a page, as GitHub spells it."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def without_code(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_readme_is_short():
    assert text("README.md").count("\n") <= SHORT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_readme_leads_to_every_page():
    assert [page.name for page in TOP.glob("docs/*.md") if f"(docs/{page.name})" not in text("README.md")] == []


def test_no_release_is_promised():
    assert [page.name for page in PAGES if re.search(r"\$ pip install '?rajee-deploy", page.read_text())] == []


def test_troubleshooting_has_every_code_once_and_no_other():
    rows = re.findall(r"^\| `([a-z-]+)` \|", text("docs/troubleshooting.md"), re.MULTILINE)
    assert sorted(rows) == sorted(codes())


def test_the_finder_of_codes_sees_every_way_to_give_one():
    """One code of each way; where a way is written otherwise one day, this fails and not the reader."""
    ways = {
        "no-region": "DeployError(…)",
        "no-settings": "ConfigurationError(…)",
        "registry-quota": "Refusal(…)",
        "service-drift": "Caution(…)",
        "crlf-script": "Notice(…)",
        "cdk-warning": "console.warn(…)",
        "verify-mismatch": "a constant",
        "bad-endpoint": "one of two",
        "unknown-instruction": "code=…",
        "dockerfile-syntax": "a parameter's default",
        "expansion-too-large": "an attribute of a class",
        "no-such-parameter": "a class of errors",
    }
    assert set(ways) - codes() == set()


def test_messages_name_pages_that_there_are():
    """Messages may lead to a page of docs/ by its path; README has nothing that a message could mean."""
    for path in ROOM.rglob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "README" not in node.value or path.name == "churn.py", path  # where it is a user's file
                assert all((TOP / page).exists() for page in re.findall(r"(?<![\w/])docs/[\w-]+\.md", node.value)), path


KEYS = {
    "": keys.TOP_KEYS,
    "images.api": keys.IMAGE_KEYS,
    "cdk": keys.CDK_KEYS,
    "environments.prod": keys.ENVIRONMENT_KEYS,
}


@pytest.fixture(scope="module")
def reference():
    """The block of docs/settings.md that has every key, as TOML."""
    return tomllib.loads(max(re.findall(r"```toml\n(.*?)```", text("docs/settings.md"), re.DOTALL), key=len))


def test_the_reference_of_settings_is_made_of_their_definition():
    page = text("docs/settings.md")
    assert page == with_reference(page), "python -m rajee_deploy.settings.reference docs/settings.md"


@pytest.mark.parametrize("table", KEYS)
def test_every_key_has_an_example_that_it_takes(reference, table):
    shown = reference
    for part in filter(None, table.split(".")):
        shown = shown[part]
    as_above = {name for name, key in KEYS[table].items() if table and keys.TOP_KEYS.get(name) is key}
    either = {name for name, key in KEYS[table].items() if key.is_alternative}
    assert set(shown) == set(KEYS[table]) - as_above - either
    assert [name for name, value in shown.items() if not keys.is_taken(value, KEYS[table][name])] == []


def test_verbs_that_pages_show_are_there():
    known = set(get_command(command_line([])).commands)
    for page in PAGES:
        shown = re.findall(r"(?:`|\$ )rajee-deploy ([a-z]+(?:-[a-z]+)*)", page.read_text())
        assert set(shown) <= known, page
        if page.name == "README.md":
            assert set(shown) == known
