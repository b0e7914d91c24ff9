"""The steps of a job of GitHub Actions through the shell, as this repository's workflow and docs/ci.md have them, and a
job elsewhere.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import pytest
from workflow_files import OWN, step

pytestmark = [pytest.mark.docker, pytest.mark.cdk]


@pytest.fixture(scope="module")
def job(synthesised, tmp_path_factory):
    """Runs a step of a job of a workflow as the runner does (by default its rajee-deploy step, which has its name);
    returns its outputs, its summary, and what it said."""
    place = tmp_path_factory.mktemp("runner")

    def run(
        name: str, code: int = 0, of: str = OWN, where: tuple[str, str] | None = None, **environment: str
    ) -> tuple[dict[str, str], str, str]:
        key, value = where or ("id", name)
        told = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(synthesised.folder), "RUNNER_TEMP": str(place)}
        files = {variable: place / variable for variable in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for variable, path in files.items():
            path.write_text("")  # the runner makes them
            told[variable] = str(path)
        # The sandbox is the environment of another name.
        script = step(of, name, key, value)["run"].replace(
            "-e prod", f"-e {synthesised.environment['RAJEE_DEPLOY_ENVIRONMENT']}"
        )
        ended = synthesised.run(f"set -e\n{script}", code=code, **told, **environment)
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return outputs, files["GITHUB_STEP_SUMMARY"].read_text(), ended.stderr

    run.place = place
    return run


def commands(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize("of", ["deploy", OWN])
def test_a_pull_request_gets_the_plan_and_its_body(job, synthesised, of):
    outputs, summary, said = job("plan", of=of)
    assert set(outputs) == {"changed", "images", "tag", "digest"}
    assert (outputs["changed"], outputs["digest"]) == ("true", "")
    assert outputs["tag"] == synthesised.run("rajee-deploy fingerprint").stdout.strip()
    assert summary.startswith("### rajee-deploy plan · sandbox-offline: 1 image to build, 2 stacks to create\n")
    assert commands(said) == []
    assert (job.place / "plan.md").read_text() == summary, "what the comment has"


def test_main_is_deployed_and_later_steps_learn_what(job):
    outputs, summary, said = job("up")
    (image,) = json.loads(outputs["images"]).values()
    assert image["digest"].startswith("sha256:")
    assert (outputs["changed"], outputs["tag"], outputs["digest"]) == ("true", image["tag"], image["digest"])
    assert image["digest"] in summary.replace("&#58;", ":")
    assert "| stack | output | value |" in summary
    assert commands(said) == ["::group::build envoy", "::endgroup::"]


def test_then_the_job_shows_how_long_runs_take(job):
    _, summary, _ = job("up", where=("name", "how long runs take"))
    assert "sandbox-offline" in summary
    assert (job.place / "report.html").read_text().lower().startswith("<!doctype html>")


@pytest.mark.parametrize("of", ["deploy", OWN])
def test_then_there_is_nothing_to_do(job, of):
    for name in ("plan", "up"):
        outputs, summary, _ = job(name, of=of)
        assert outputs["changed"] == "false"
        assert outputs["digest"].startswith("sha256:")
        assert "nothing to do" in summary.splitlines()[0]


def test_a_build_that_fails_is_an_annotation_of_its_line(job, synthesised):
    dockerfile = synthesised.folder / "infra/raja_poc/assets/envoy/Dockerfile"
    text = dockerfile.read_text()
    dockerfile.write_text(text.replace("COPY --chown", "COPY no-such-file /\nCOPY --chown", 1))
    try:
        outputs, summary, said = job("plan", code=1)
    finally:
        dockerfile.write_text(text)
    line = 1 + text[: text.index("COPY --chown")].count("\n")
    (command,) = commands(said)
    assert command.startswith(
        f"::error file=infra/raja_poc/assets/envoy/Dockerfile,line={line},title=source-not-found::"
    )
    assert outputs == {}
    assert summary.startswith("### ✗ rajee-deploy plan: ")
    assert (job.place / "plan.md").read_text() == summary, "the comment says so, too"


@pytest.mark.parametrize("task", ["build-envoy", "deploy"])
def test_the_tasks_of_old_are_one_line_each(synthesised, task):
    """What they print is what the command prints, with its flags passed on."""
    ended = synthesised.run(f"poe {task} --json")
    assert json.loads(ended.stdout)["kind"] == "noop"


def test_elsewhere_no_file_is_written_and_nothing_is_a_command(synthesised, tmp_path):
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    ended = synthesised.run("rajee-deploy up", GITHUB_ACTIONS="", **files)
    assert commands(ended.stderr) == []
    assert list(tmp_path.iterdir()) == []
