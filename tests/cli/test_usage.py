"""A command line that cannot be understood leads out as every other mistake does."""

from __future__ import annotations

import json
import shlex

import pytest

from rajee_deploy.cli import ending

# The class of click's error → command lines with it, what is said, and the command to look at.
LINES = {
    "UsageError": [
        ("stauts", "Did you mean 'status'?", "rajee-deploy --help"),
        ("deploy -e prod", "there is no verb 'deploy'; here it is up", "rajee-deploy up --help"),
        ("diff", "here it is plan", "rajee-deploy plan --help"),
        ("sandbox strat", "Did you mean 'start'", "rajee-deploy sandbox --help"),
        ("report x", "extra argument", "rajee-deploy report --help"),
    ],
    "NoSuchOption": [
        ("up --also-tags v1 -e prod", "--also-tag)", "rajee-deploy up --help"),
        ("--versoin", "--version", "rajee-deploy --help"),
        ("sandbox start --prot 1", "--port", "rajee-deploy sandbox start --help"),
    ],
    "BadParameter": [
        ("up --infra-check maybe", "'auto', 'hash', 'synth'", "rajee-deploy up --help"),
        ("replay --last 0", "not in the range", "rajee-deploy replay --help"),
    ],
    "BadOptionUsage": [
        ("lock --image", "requires an argument", "rajee-deploy lock --help"),
        ("up --yes=no", "does not take a value", "rajee-deploy up --help"),
    ],
}
# Arguments of this program are none that could be missing, nor do its own parameters raise these.
NEVER = {"MissingParameter", "BadArgumentUsage"}
HELP = "NoArgsIsHelpError"


def kinds(of=ending.UsageError):
    return {of.__name__}.union(*map(kinds, of.__subclasses__()))


def test_every_kind_is_in_the_table():
    assert kinds() - NEVER - {HELP} <= set(LINES), "a kind of click's that the table lacks"


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(("line", "words", "command"), [each for lines in LINES.values() for each in lines])
def test_what_is_wrong_and_where_it_stands(monkeypatch, capsys, line, words, command, as_json):
    words_given = line.split()
    at = 1 if words_given[-1] == "--image" else len(words_given)  # which would take it for its value
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *words_given[:at], *["--json"] * as_json, *words_given[at:]])
    assert ending._run() == 64
    said = capsys.readouterr()
    assert "explain-error usage\n" in said.err
    assert words in said.err
    assert f"next   {command}\n" in said.err
    assert "Usage:" not in said.err
    assert (json.loads(said.out)["hint"] if as_json else said.out) == (command if as_json else "")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("-e prod plan --bases", "rajee-deploy plan -e prod --bases"),
        ("-e 'a b' up", "rajee-deploy up -e 'a b'"),
        ("--parameters A=secret up", "rajee-deploy up --help"),
    ],
)
def test_a_flag_before_the_verb_is_moved_behind_it(monkeypatch, capsys, line, command):
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *shlex.split(line)])
    assert ending._run() == 64
    assert f"next   {command}\n" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["", "sandbox"])
def test_too_little_shows_the_help(monkeypatch, capsys, line):
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *line.split()])
    assert ending._run() == 64
    assert "Usage: rajee-deploy" in capsys.readouterr().err
