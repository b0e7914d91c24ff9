"""What a step of GitHub Actions gets of a plan and of a run, and that a run ends as it would have without."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from run_worlds import D, World

from rajee_deploy import console
from rajee_deploy.actions.github import outputs_of, tell_plan, tell_run
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.summary import error_summary
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.system.github import OUTPUT, SUMMARY


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Reads what the step was given: the summary, and the outputs."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for variable in (SUMMARY, OUTPUT):
        monkeypatch.setenv(variable, str(tmp_path / variable))

    def read() -> tuple[str, dict[str, str]]:
        lines = (tmp_path / OUTPUT).read_text().splitlines()
        return (tmp_path / SUMMARY).read_text(), dict(line.split("=", 1) for line in lines)

    return read


def planned(world: World, environment: str | None = None):
    run = world.context(environment)
    try:
        return plan_run(run)
    finally:
        run.close()


def test_a_plan_of_the_first_run(world, files):
    tell_plan(planned(world), 1.5)
    summary, outputs = files()
    assert summary.startswith("### rajee-deploy plan: 1 image to build, 2 stacks to create\n")
    assert "| <code>build app</code> |" in summary
    assert "Planned in 1.50s." in summary
    (image,) = json.loads(outputs["images"]).values()
    assert (outputs["changed"], outputs["tag"], outputs["digest"]) == ("true", image["tag"], "")
    assert image["repository"].endswith("team/app")


def test_the_environment_is_named(world, files):
    tell_plan(planned(world, "prod"), 1.5)
    assert files()[0].startswith("### rajee-deploy plan · prod: ")


def test_a_run_has_the_digest_of_what_it_built_and_then_there_is_nothing_to_do(world, files):
    done = recorded_run(world.context(), 5)
    tell_run(*done)
    summary, outputs = files()
    digest = str(world.registry.repositories["team/app"][outputs["tag"]])
    assert (outputs["changed"], outputs["digest"]) == ("true", digest)
    assert digest.replace(":", "&#58;") in summary
    assert "Where the time went" in summary

    tell_run(*recorded_run(world.context(), 5))
    summary, outputs = files()
    assert (outputs["changed"], outputs["digest"]) == ("false", digest)
    assert "rajee-deploy up: nothing to do, in " in summary
    assert "need nothing" in summary


def test_several_images_are_one_output(world):
    found = planned(world)
    (image,) = found.wanted.images
    wanted = replace(found.wanted, images=(image, replace(image, name="other")))
    outputs = outputs_of(replace(found, wanted=wanted), {"other": str(D)})
    assert set(outputs) == {"changed", "images"}
    assert {name: one["digest"] for name, one in json.loads(outputs["images"]).items()} == {"app": "", "other": str(D)}


def test_what_cannot_be_written_is_one_warning(world, tmp_path, monkeypatch):
    for variable in (SUMMARY, OUTPUT):
        monkeypatch.setenv(variable, str(tmp_path / "no" / variable))
    found = planned(world)
    tell_plan(found, 1.0)
    (warning,) = [one for one in found.run.console.warned if one.code == "github-not-told"]
    assert warning.message == f"{SUMMARY}: No such file or directory; {OUTPUT}: No such file or directory"


def test_a_registry_that_does_not_answer_any_more_leaves_the_digest_out(world, files):
    done, record = recorded_run(world.context(), 5)

    class Silent:
        def find(self, *_arguments):
            raise DeployError("registry-unreachable", "no")

    ports = replace(done.run.ports, registry=Silent())
    tell_run(replace(done, run=replace(done.run, ports=ports)), record)
    assert files()[1]["digest"] == ""


def test_no_output_has_a_second_line(world):
    found = planned(world)
    (image,) = found.wanted.images
    wanted = replace(found.wanted, images=(replace(image, name="a\nchanged=false"),))
    outputs = outputs_of(replace(found, wanted=wanted), {"a\nchanged=false": str(D)})
    assert all("\n" not in value for value in outputs.values())
    assert set(json.loads(outputs["images"])) == {"a\nchanged=false"}


def test_a_secret_is_in_neither_file(world, files, monkeypatch):
    monkeypatch.setattr(console, "_secrets", [])
    console.hide(["hunter2_and|more"])
    found = planned(world)
    found.run.console.warn("stack App", "refused: hunter2_and|more")
    tell_plan(found, 1.0)
    summary, outputs = files()
    assert "refused&#58; " in summary
    assert not any("hunter2" in text for text in (summary, *outputs.values()))


def test_a_group_folds_builds_alone(world, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    recorded_run(world.context(), 5)
    commands = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    assert commands == ["::group::build app", "::endgroup::"]


def test_where_little_is_said_nothing_is_folded(world, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run = world.context()
    run.console.quiet = True
    recorded_run(run, 5)
    assert "::" not in capsys.readouterr().err


def test_elsewhere_nothing_is_told(world, monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    recorded_run(world.context(), 5)
    assert "::" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "markdown"),
    [
        (
            DeployError("bug", "a problem"),
            (
                "### ✗ rajee-deploy up: a problem\n\n|  |  |\n| --- | --- |\n"
                "| code | <code>bug</code> <code>rajee-deploy explain-error bug</code> |\n"
            ),
        ),
        (
            DeployError("build-failed", "no", where="a|b:3", cause="x\n| y |", hint="run `z`"),
            (
                "### ✗ rajee-deploy up: no\n\n|  |  |\n| --- | --- |\n"
                "| why | x<br>&#124; y &#124; |\n| where | a&#124;b&#58;3 |\n| next | <code>run &#96;z&#96;</code> |\n"
                "| code | <code>build-failed</code> <code>rajee-deploy explain-error build-failed</code> |\n"
            ),
        ),
    ],
)
def test_an_error(error, markdown):
    assert error_summary("up", error) == markdown
