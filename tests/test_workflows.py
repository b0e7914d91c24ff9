"""The workflows that docs/ci.md shows: keys that their services read, expressions that mean something, commands that
are there.
"""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

import pytest
import yaml
from codes import ROOM

from rajee_deploy.cli.line import VERBS, click_command

PAGE = ROOM.parent / "docs" / "ci.md"
NAMES = ("deploy", "gitlab", "codebuild")
# https://docs.github.com/actions/reference/workflow-syntax-for-github-actions
WORKFLOW = {"name", "on", "permissions", "concurrency", "env", "defaults", "jobs"}
JOB = {
    "name",
    "if",
    "needs",
    "runs-on",
    "timeout-minutes",
    "permissions",
    "environment",
    "concurrency",
    "outputs",
    "env",
}
JOB |= {"steps", "strategy", "defaults"}
STEP = {"id", "name", "if", "uses", "run", "with", "env", "shell", "working-directory", "timeout-minutes"}
RIGHTS = {"contents", "id-token", "pull-requests"}
# https://docs.gitlab.com/ci/yaml/
GITLAB = {"image", "extends", "id_tokens", "variables", "before_script", "rules", "script", "artifacts", "services"}
GITLAB |= {"resource_group"}
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
BUILDSPEC = {"version", "phases", "artifacts", "env", "cache", "reports"}
PHASES = {"install", "pre_build", "build", "post_build"}
OUTPUTS = {"changed", "images", "tag", "digest"}


@cache
def workflow(name: str) -> Any:
    found = re.findall(rf"<!-- workflow:{name} -->\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 1
    return yaml.load(found[0], yaml.BaseLoader)  # noqa: S506 -- it makes strings alone


def commands(value: Any) -> list[str]:
    """All shell lines of a workflow, wherever they stand."""
    match value:
        case dict():
            own = [
                line
                for key in ("run", "commands", "script", "before_script")
                for line in ([value[key]] if isinstance(value.get(key), str) else value.get(key, ()))
            ]
            return own + [line for each in value.values() for line in commands(each)]
        case list():
            return [line for each in value for line in commands(each)]
        case _:
            return []


def test_the_workflow_has_known_keys():
    document = workflow("deploy")
    assert set(document) <= WORKFLOW
    for job in document["jobs"].values():
        assert set(job) <= JOB
        assert set(job["permissions"]) <= RIGHTS
        for step in job["steps"]:
            assert set(step) <= STEP
            assert ("uses" in step) != ("run" in step)


def test_each_job_is_told_apart_by_its_event_and_deploys_one_at_a_time():
    jobs = workflow("deploy")["jobs"]
    assert {name: job["if"].split("'")[1] for name, job in jobs.items()} == {"plan": "pull_request", "up": "push"}
    assert set(workflow("deploy")["on"]) == {"pull_request", "push"}
    assert jobs["up"]["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": "false"}
    for job in jobs.values():
        assert job["permissions"]["id-token"] == "write"
        (checkout,) = (step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
        assert checkout["with"]["fetch-depth"] == "0"


def test_steps_use_outputs_that_there_are():
    for job in workflow("deploy")["jobs"].values():
        used = re.findall(r"steps\.(\w+)\.outputs\.(\w+)", str(job))
        ids = {step["id"] for step in job["steps"] if "id" in step}
        assert {name for name, _ in used} <= ids
        assert {output for _, output in used} <= OUTPUTS


def test_no_expression_is_put_into_a_shell_line():
    """What a pull request brings would be run: it is given by variables."""
    assert [line for line in commands(workflow("deploy")) if "${{" in line] == []


def test_gitlab_and_codebuild_have_known_keys():
    for job in workflow("gitlab").values():
        assert set(job) <= GITLAB
        assert job.get("extends", ".aws") in workflow("gitlab")
    assert set(workflow("codebuild")) <= BUILDSPEC
    assert set(workflow("codebuild")["phases"]) <= PHASES


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_one_that_the_tool_takes(name):
    lines = [line for line in commands(workflow(name)) if "rajee-deploy " in line]
    assert lines
    for line in lines:
        words = shlex.split(re.split(r"&&|[>|]", line)[0])
        program, verb, *rest = words
        assert program == "rajee-deploy"
        assert verb in VERBS
        with click_command(verb).make_context(verb, rest, resilient_parsing=False) as context:
            assert context.params
