"""`explain-error` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rajee_deploy.actions.error_codes import all_codes
from rajee_deploy.cli.explain_error import _complete
from rajee_deploy.cli.line import command_line
from rajee_deploy.errors import ConfigurationError, Exit

REGION = """  ✗ no AWS region is set

  next  `export AWS_REGION=us-east-1`
  code  no-region
  more  docs/troubleshooting.md, AWS
"""


def run(*words: str):
    argv = ["explain-error", *words]
    return CliRunner().invoke(command_line(argv), argv)


def test_a_code_is_explained():
    ended = run("no-region")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (Exit.OK, REGION, "")


@pytest.mark.parametrize("text", ["[no-region]", "NO-REGION", "`no-region`"])
def test_a_code_as_it_is_copied(text):
    assert run(text).stdout == REGION


def test_every_code_is_explained():
    for each in all_codes():
        mark = "✗" if each.kind == "error" else "!"
        expected = f"{mark} {each.meaning} next {each.remedy} code {each.code} more docs/troubleshooting.md,"
        assert " ".join(run(each.code).stdout.split()).startswith(" ".join(expected.split()))


def test_without_a_code_all_are_listed():
    lines = [line.split() for line in run().stdout.splitlines()]
    assert [words[1] for words in lines if words[0] in "✗!"] == [each.code for each in all_codes()]
    assert ["✗", "no-region", "no", "AWS", "region", "is", "set"] in lines


@pytest.mark.parametrize(("words", "count"), [(["no-region"], 1), ([], len(all_codes()))])
def test_the_document(words, count):
    document = json.loads(run(*words, "--json").stdout)
    assert document["schema"] == "rajee-deploy.explain-error/1"
    assert len(document["codes"]) == count
    assert {
        "code": "no-region",
        "kind": "error",
        "chapter": "AWS",
        "meaning": "no AWS region is set",
        "remedy": "`export AWS_REGION=us-east-1`",
    } in document["codes"]


@pytest.mark.parametrize(
    ("text", "command"),
    [("no-regoin", "rajee-deploy explain-error no-region"), ("xyzzy", "rajee-deploy explain-error   # without a code")],
)
def test_an_unknown_code(text, command):
    error = run(text).exception
    assert isinstance(error, ConfigurationError)
    assert (error.code, error.exit_code) == ("unknown-code", Exit.USAGE)
    assert error.hint.startswith(command)


def test_the_shell_completes_codes():
    assert ("no-region", "no AWS region is set") in _complete("no-r")
    assert all(code.startswith("no-r") for code, _ in _complete("no-r"))
    assert len(_complete("")) == len(all_codes())


def test_it_needs_neither_settings_nor_a_network(tmp_path):
    """Where there is nothing: no settings, no home, no AWS; and without what talks to any of these."""
    program = (
        "import sys; sys.argv = ['rajee-deploy', 'explain-error', 'no-region']\n"
        "from typer.main import get_command; from rajee_deploy.cli.line import command_line\n"
        "get_command(command_line(sys.argv[1:])).main(standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={}, check=True, capture_output=True, text=True
    )
    assert ended.stdout.startswith(REGION)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert "rajee_deploy.actions.error_codes" in loaded
    assert not loaded & {"boto3", "botocore", "requests", "docker", "rich", "rajee_deploy.settings"}
