"""What --help says: of each verb the same things in the same order, at 80 columns, with examples that work."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from rajee_deploy.cli import ending
from rajee_deploy.cli.line import VERBS, command_line
from rajee_deploy.cli.manual.facts import CHAPTERS, FACTS, GROUPS
from rajee_deploy.cli.manual.page import overview_of
from rajee_deploy.cli.manual.screen import overview_screen, screen
from rajee_deploy.cli.reference import pages, reference

PAGES = {page.name: page for page in pages()}
ORDER = ["Usage", "Examples", "What it reads and changes", "Arguments", "Flags", *GROUPS, "Environment variables"]
ORDER += ["Exit codes", "See also"]
VERBS_PAGE = Path(__file__).parents[3] / "docs" / "verbs.md"


@cache
def program():
    return get_command(command_line([]))


def commands(text):
    """The commands of ours in an example."""
    inner = re.findall(r"\$\((.*?)\)", text) or [text]
    return [re.split(r" (?:\||>>?|&&) ", each)[0] for each in inner]


def test_every_verb_has_its_page_and_its_place():
    assert set(FACTS) == set(PAGES)
    assert {name.split()[0] for name in PAGES} == {*VERBS, "sandbox"}
    assert sorted(name for names in CHAPTERS.values() for name in names) == sorted([*VERBS, "sandbox"])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_screen_and_is_of_one_style(name):
    page = PAGES[name]
    lines = list(screen(page))
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []
    heads = [line.partition(":")[0] for line in lines if re.match(r"[A-Z][a-z ,]+:( |$)", line)]
    assert heads == [head for head in ORDER if head in heads]
    assert page.examples
    assert page.facts.see
    for _, flags in page.groups:
        for flag in flags:
            assert f"  {flag.spelling}" in "\n".join(lines)
            assert flag.text.endswith("."), flag
            assert flag.text[0].isupper() or flag.text.startswith(("hash:", "git:")), flag


@pytest.mark.parametrize("name", PAGES)
def test_its_examples_are_taken_by_the_command_line(name):
    for example in PAGES[name].examples:
        for command in commands(example.command):
            first, *words = shlex.split(command)
            assert first == "rajee-deploy"
            found, context = program(), program().make_context(first, list(words), resilient_parsing=True)
            while hasattr(found, "commands"):
                verb, *words = words
                found = found.commands[verb]
                context = found.make_context(verb, list(words), parent=context)
            assert context.command_path.split(" ", 1)[1] == name


def test_the_first_screen_has_a_line_for_each_verb():
    context = program().make_context("rajee-deploy", [], resilient_parsing=True)
    lines = list(overview_screen(overview_of(program(), "", context)))
    assert [line for line in lines if len(line) > 80] == []
    for name, sentence in overview_of(program(), "", context).chapters[1][1]:
        assert f"  {name:<14}{sentence}" in lines


def test_the_page_of_verbs_is_made_of_their_definitions():
    assert VERBS_PAGE.read_text() == reference(), "python -m rajee_deploy.cli.reference docs/verbs.md"


def said(monkeypatch, capsys, line):
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *line.split()])
    return ending._run(), capsys.readouterr()


@pytest.mark.parametrize("line", ["", "plan", "sandbox", "sandbox start"])
def test_help_says_what_the_flag_says(monkeypatch, capsys, line):
    code, asked = said(monkeypatch, capsys, f"help {line}")
    assert (code, asked.out) == (0, said(monkeypatch, capsys, f"{line} --help")[1].out)
    assert asked.out.startswith(f"rajee-deploy {line}".rstrip() + ": ")


@pytest.mark.parametrize(
    ("line", "hint"),
    [("help plann", "help plan"), ("help sandbox strat", "help sandbox start"), ("help plan x", "help")],
)
def test_help_knows_what_may_be_meant(monkeypatch, capsys, line, hint):
    code, shown = said(monkeypatch, capsys, line)
    assert code == 64
    assert f"rajee-deploy {hint}\n" in shown.err


@pytest.mark.parametrize("columns", ["20", "50"])
def test_on_a_narrow_terminal_texts_wrap_at_words(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    code, shown = said(monkeypatch, capsys, "plan --help")
    assert code == 0
    assert "never synthesise" in " ".join(shown.out.split())
