"""The workflows, this repository's and those of docs/ci.md: what linters and schemas say of them, when their jobs run,
commands that are there, the one comment of a pull request.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from workflow_files import OWN, TOP, commands, step, text_of, workflow

from rajee_deploy.cli.line import VERBS, click_command

GITHUB = (OWN, "deploy")
NAMES = (*GITHUB, "gitlab", "codebuild")
RIGHTS = {"contents", "id-token", "pull-requests"}
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
BUILDSPEC = {"version", "phases", "artifacts", "env", "cache", "reports"}
PHASES = {"install", "pre_build", "build", "post_build"}
OUTPUTS = {"changed", "images", "tag", "digest"}
BIN = Path(sys.executable).parent


# -- linters ---------------------------------------------------------------------------------------------------------


def lint(folder: Path, *texts: str) -> tuple[int, str]:
    """What zizmor says of workflows, as `make check` asks it."""
    place = folder / ".github" / "workflows"
    place.mkdir(parents=True)
    for number, text in enumerate(texts):
        (place / f"{number}.yml").write_text(text)
    (folder / ".github" / "zizmor.yml").write_text((TOP / ".github" / "zizmor.yml").read_text())
    return ended([BIN / "zizmor", "--offline", "--no-progress", "--min-severity=medium", str(folder / ".github")])


def fits(folder: Path, schema: str, text: str) -> tuple[int, str]:
    """Whether a file fits the schema that its service publishes."""
    path = folder / "file.yml"
    path.write_text(text)
    more = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    return ended([BIN / "check-jsonschema", "--builtin-schema", schema, *more, str(path)])


def ended(argv: list[Any]) -> tuple[int, str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_a_linter_finds_nothing_in_any_workflow(tmp_path):
    code, said = lint(tmp_path, text_of("deploy"), *(path.read_text() for path in TOP.glob(".github/workflows/*.yml")))
    assert code == 0, said


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("      - run: echo ${{ github.event.pull_request.title }}\n", "template-injection"),
        ("      - uses: somebody/action@main\n      - run: echo ${{ toJSON(secrets) }}\n", "overprovisioned-secrets"),
    ],
)
def test_the_linter_finds_what_is_planted(planted, word, tmp_path):
    text = text_of(OWN).replace("    steps:\n", f"    steps:\n{planted}", 1)
    code, said = lint(tmp_path, text)
    assert code != 0
    assert word in said


@pytest.mark.parametrize(
    ("name", "schema"),
    [(OWN, "github-workflows"), ("deploy", "github-workflows"), ("gitlab", "gitlab-ci")],
)
def test_each_fits_the_schema_of_its_service(name, schema, tmp_path):
    code, said = fits(tmp_path, f"vendor.{schema}", text_of(name))
    assert code == 0, said
    code, said = fits(
        tmp_path, f"vendor.{schema}", re.sub(r"^( +)(steps|script):", r"\1stepz:", text_of(name), flags=re.MULTILINE)
    )
    assert code == 1, "a misspelt key is found"


def test_codebuild_has_known_keys():
    assert set(workflow("codebuild")) <= BUILDSPEC
    assert set(workflow("codebuild")["phases"]) <= PHASES


# -- when jobs run ---------------------------------------------------------------------------------------------------

HERE, FORK = "us/rajee", "them/rajee"
ROLES = {"AWS_PLAN_ROLE": "arn:plan", "AWS_DEPLOY_ROLE": "arn:up", "AWS_REGION": "us-east-1"}


def holds(condition: str, github: dict[str, Any], variables: dict[str, str]) -> bool:
    """An `if:` of a job, as GitHub evaluates it as far as we use it: a name that is not there is empty."""

    def value(found: re.Match[str]) -> str:
        at: Any = {"github": github, "vars": variables}
        for part in found[0].split("."):
            at = at.get(part, "") if isinstance(at, dict) else ""
        return repr(at)

    python = re.sub(r"\b(?:github|vars)(?:\.\w+)+", value, condition).replace("&&", " and ").replace("||", " or ")
    return bool(eval(" ".join(python.split()), {"__builtins__": {}}))  # noqa: S307 -- of our own workflows


def event(name: str, ref: str = "refs/heads/main", head: str = HERE, here: str = HERE) -> dict[str, Any]:
    asked = {"pull_request": {"head": {"repo": {"full_name": head}}}} if name == "pull_request" else {}
    return {"event_name": name, "ref": ref, "repository": here, "event": asked}


EVENTS = {
    "a pull request": (event("pull_request", "refs/pull/7/merge"), ROLES, {"plan"}),
    "a push to main": (event("push"), ROLES, {"up"}),
    "somebody starts it": (event("workflow_dispatch"), ROLES, {"up"}),
    "somebody starts it for a branch": (event("workflow_dispatch", "refs/heads/x"), ROLES, set()),
    "a pull request of a fork": (event("pull_request", "refs/pull/7/merge", head=FORK), ROLES, set()),
    "a push to a fork's main": (event("push", here=FORK), {}, set()),
    "a pull request within a fork": (event("pull_request", head=FORK, here=FORK), {}, set()),
    "a role for plans alone": (event("push"), {"AWS_PLAN_ROLE": "arn:plan"}, set()),
}


@pytest.mark.parametrize("case", EVENTS)
def test_which_jobs_run(case):
    github, variables, expected = EVENTS[case]
    jobs = workflow(OWN)["jobs"]
    assert {name for name, job in jobs.items() if holds(job["if"], github, variables)} == expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [("a pull request", {"plan"}), ("a push to main", {"up"}), ("a pull request of a fork", set())],
)
def test_which_jobs_of_the_page_run(case, expected):
    jobs = workflow("deploy")["jobs"]
    assert {name for name, job in jobs.items() if holds(job["if"], EVENTS[case][0], {})} == expected


# -- what they say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GITHUB)
def test_a_deployment_is_alone_and_never_broken_off(name):
    jobs = workflow(name)["jobs"]
    assert jobs["up"]["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": "false"}
    assert jobs["up"]["environment"] == "prod"
    for job in jobs.values():
        assert set(job["permissions"]) <= RIGHTS
        assert (job["permissions"]["id-token"], job["permissions"]["contents"]) == ("write", "read")
        assert int(job["timeout-minutes"]) <= 60
    assert "pull-requests" not in jobs["up"]["permissions"]


@pytest.mark.parametrize("name", GITHUB)
@pytest.mark.parametrize("job", ["plan", "up"])
def test_git_knows_the_history_and_keeps_no_token(name, job):
    (checkout,) = (each for each in workflow(name)["jobs"][job]["steps"] if "checkout@" in each.get("uses", ""))
    assert checkout["with"] == {"fetch-depth": "0", "persist-credentials": "false"}


@pytest.mark.parametrize("name", GITHUB)
def test_steps_use_outputs_that_there_are(name):
    for job in workflow(name)["jobs"].values():
        used = re.findall(r"steps\.(\w+)\.outputs\.(\w+)", str(job))
        ids = {each["id"] for each in job["steps"] if "id" in each}
        assert {step_id for step_id, _ in used} <= ids
        assert {output for _, output in used} <= OUTPUTS
        assert set(re.findall(r"steps\.(\w+)\.outcome", str(job))) <= ids


@pytest.mark.parametrize("name", GITHUB)
def test_what_is_kept_between_jobs_is_the_same_wherever_it_is_named(name):
    """And it holds no secret: others may read a cache."""
    kept = [
        each["with"]
        for job in workflow(name)["jobs"].values()
        for each in job["steps"]
        if "actions/cache/" in each.get("uses", "")
    ]
    assert len(kept) >= 2
    assert {each["path"] for each in kept} == {"~/.cache/rajee-deploy\n~/.local/state/rajee-deploy/history.jsonl\n"}
    assert len({each["key"] for each in kept}) == 1
    assert all(kept[0]["key"].startswith(each["restore-keys"]) for each in kept if "restore-keys" in each)


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_is_put_into_a_shell_line(name):
    """What a pull request brings would be run: it is given by variables."""
    assert [line for line in commands(workflow(name)) if "${{" in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_one_that_the_tool_takes(name):
    lines = [line for line in commands(workflow(name)) if line.startswith("rajee-deploy ")]
    assert lines
    for line in lines:
        program, verb, *rest = shlex.split(re.split(r"&&|[>|]", line)[0])
        assert program == "rajee-deploy"
        assert verb in VERBS
        with click_command(verb).make_context(verb, rest, resilient_parsing=False) as context:
            assert context.params


# -- the comment -----------------------------------------------------------------------------------------------------

# The client and the context that actions/github-script gives to a script, as far as it uses them.
GIVEN = """
const [script, comments] = JSON.parse(process.argv[1])
const calls = []
const github = {
  paginate: async (method, of) => await method(of),
  rest: { issues: {
    listComments: async (of) => { calls.push(['list', of]); return comments },
    updateComment: async (of) => calls.push(['update', of]),
    createComment: async (of) => calls.push(['create', of]),
  } },
}
const context = { repo: { owner: 'us', repo: 'rajee' }, issue: { number: 7 } }
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor
new AsyncFunction('github', 'context', 'require', script)(github, context, require)
  .then(() => console.log(JSON.stringify(calls)))
"""
SCRIPT = step(OWN, "plan", "name", "the plan as a comment")["with"]["script"]
MARK = "<!-- rajee-deploy plan -e prod -->"
BOT, ANN = {"type": "Bot", "login": "github-actions[bot]"}, {"type": "User", "login": "ann"}


@pytest.fixture
def comment(tmp_path):
    """Runs the step over the comments that there are; returns what it asked for, and the text."""

    def run(plan: str, *comments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        (tmp_path / "plan.md").write_text(plan)
        argv = ["node", "-e", GIVEN, json.dumps([SCRIPT, comments])]
        place = {**os.environ, "RUNNER_TEMP": str(tmp_path)}
        done = subprocess.run(argv, env=place, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        (_, asked), (what, given) = json.loads(done.stdout)
        assert asked == {"owner": "us", "repo": "rajee", "issue_number": 7, "per_page": 100}
        assert (given["owner"], given["repo"]) == ("us", "rajee")
        return what, given

    return run


@pytest.mark.cdk
def test_the_first_plan_is_a_comment(comment):
    what, given = comment("### the plan\n")
    assert (what, given["issue_number"], given["body"]) == ("create", 7, f"{MARK}\n### the plan\n")


@pytest.mark.cdk
def test_a_later_plan_takes_its_place(comment):
    others = [
        {"id": 1, "user": ANN, "body": f"{MARK}\nquoted by somebody"},
        {"id": 2, "user": BOT, "body": "### another workflow's"},
        {"id": 3, "user": None, "body": None},
    ]
    assert comment("new", *others)[0] == "create"
    what, given = comment("new", *others, {"id": 4, "user": BOT, "body": f"{MARK}\nold"})
    assert (what, given["comment_id"], given["body"]) == ("update", 4, f"{MARK}\nnew")


@pytest.mark.cdk
def test_a_plan_that_is_longer_than_a_comment_may_be_ends_with_a_whole_line(comment):
    lines = [f"| {number} | é |" for number in range(20_000)]
    body = comment("\n".join(lines))[1]["body"]
    assert len(body.encode("utf-16-le")) // 2 < 65_536
    *shown, empty, last = body.splitlines()[1:]
    assert shown == lines[: len(shown)]
    assert (empty, last) == ("", "All of it is in the job's summary.")


def test_the_page_has_the_steps_of_our_own():
    assert step("deploy", "plan", "name", "the plan as a comment") == step(OWN, "plan", "name", "the plan as a comment")
    own, shown = (step(name, "plan", "id", "plan")["run"].split() for name in GITHUB)
    assert [word for word in shown if word != "--infra-check=hash"] == own
