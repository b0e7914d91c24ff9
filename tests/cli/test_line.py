"""Which verbs a command line builds, and what a run with nothing to do imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from rajee_deploy import cli
from rajee_deploy.cli.line import VERBS, click_command, command_line


def function(verb):
    return verb.replace("-", "_")


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["bogus"], ["sandbox", "start"], ["--version", "plan"]])
def test_without_a_plain_verb_all_are_there(argv):
    app = command_line(argv)
    assert [command.callback.__name__ for command in app.registered_commands] == [function(verb) for verb in VERBS]
    assert [group.name for group in app.registered_groups] == ["sandbox"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_comes_alone(verb):
    app = command_line([verb, "--help"])
    assert [command.callback.__name__ for command in app.registered_commands] == [function(verb)]
    assert click_command(verb).name == verb
    assert app.registered_groups == []


@pytest.mark.parametrize("path", sorted(Path(cli.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_a_verb_that_may_be_quiet_says_so_first_and_minus_v_goes_before_it(path):
    for verb in ast.parse(path.read_text()).body:
        if not isinstance(verb, ast.FunctionDef) or "quiet" not in (names := {each.arg for each in verb.args.args}):
            continue
        how = "quiet=quiet, verbose=verbose" if "verbose" in names else "quiet=quiet"
        assert ast.unparse(verb.body[1]) == f"choose_quiet({how})", verb.name


def test_the_version_needs_no_verb():
    assert command_line(["--version"]).registered_commands == []


def test_the_verbs_that_plan_leave_what_acts_for_later():
    """What only builds, deploys or draws is imported by who does it; boto3 by who needs more than the short path."""
    program = (
        "import sys, rajee_deploy.cli.up, rajee_deploy.cli.plan, rajee_deploy.cli.wiring, rajee_deploy.actions.up,"
        "rajee_deploy.image.inputs, rajee_deploy.aws.short.plain; print(*sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(ended.stdout.split())
    left = {
        "boto3",
        "s3transfer",
        "multiprocessing",
        "requests",
        "rich",
        "pathspec",
        "docker",
        "botocore.session",
        "botocore.client",
        "rajee_deploy.actions.build",
        "rajee_deploy.actions.deploy",
        "rajee_deploy.engine.buildx",
        "rajee_deploy.engine.buildah",
        "rajee_deploy.actions.confirm",
        "rajee_deploy.actions.arrival",
        "rajee_deploy.rollout.spans",
        "rajee_deploy.rollout.advice",
        "rajee_deploy.actions.bases",
        "rajee_deploy.git",
        "rajee_deploy.cli.explain",
        "rajee_deploy.actions.explain",
        "rajee_deploy.actions.verify",
        "rajee_deploy.lock",
    }
    assert "rajee_deploy.actions.plan" in loaded
    assert not left & loaded
