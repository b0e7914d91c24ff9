"""The story of a run, over fakes: what is done in which order, and what a failure leaves."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakeContents, FakeStacks
from run_worlds import SETTINGS, SHARED, refused, tier

from rajee_deploy.actions.json_documents import of_plan
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.render import show_plan
from rajee_deploy.actions.run import check_flags
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.parameters import Declared
from rajee_deploy.report.history import History
from rajee_deploy.rollout import Deployment, ResourceEvent, Service


def test_from_nothing_and_then_nothing(world):
    assert world.up() == "first"
    assert world.done() == (1, ["Registry", "App"])
    assert world.engine.saw == [{"app": b"one"}]
    assert world.up() == "noop"
    assert world.done() == (0, [])
    assert world.stacks.synths == 1
    assert "Nothing to do" in world.talk.getvalue()


def test_each_edit_does_the_least(world):
    world.up()
    world.done()
    (world.root / "README.md").write_text("edited")
    assert (world.up(), world.done()) == ("noop", (0, []))
    (world.root / "app").write_text("two")
    assert (world.up(), world.done()) == ("code", (1, ["App"]))
    world.infra = "2"
    world.stacks.app = {"Registry": "two", "App": "two"}
    assert (world.up(), world.done()) == ("infra", (0, ["Registry", "App"]))
    (world.root / "app").write_text("one")
    assert (world.up(), world.done()) == ("code", (0, ["App"]))


def test_a_deploy_that_rolled_back_is_not_believed_and_tried_again(world):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.up()
    assert caught.value.code == "deploy-not-confirmed"
    world.stacks.ends_in = "UPDATE_COMPLETE"
    world.done()
    assert (world.up(), world.done()) == ("code", (0, ["App"]))


def test_an_edit_that_failed_and_was_taken_back_is_no_dead_end(world):
    world.up()
    (world.root / "app").write_text("two")
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError):
        world.up()
    (world.root / "app").write_text("one")
    world.done()
    assert (world.up(), world.done()) == ("retry", (0, ["App"]))


def test_a_failed_build_deploys_nothing_more(world):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    world.engine.fails = True
    with pytest.raises(DeployError):
        world.up()
    assert world.done() == (0, [])
    runs, _ = History().runs()
    assert [(run.outcome, run.error) for run in runs] == [("done", ""), ("failed", "build-failed")]


def test_the_account_guard(world):
    with pytest.raises(DeployError) as caught:
        world.up(environment="other")
    assert caught.value.code == "wrong-account"
    assert world.done() == (0, [])


def test_plan_changes_nothing_and_says_what_up_does(world):
    planned = plan_run(world.context()).plan
    assert world.done() == (0, [])
    assert world.stacks.synths == 1, "it has to know that the app has such stacks"
    world.up()
    assert [step.stack for step in planned.steps if hasattr(step, "stack")] == world.done()[1]


def test_an_option_of_the_cdk_cli_in_the_environment_stops_before_anything(world, monkeypatch):
    monkeypatch.setenv("CDK_CONTEXT", "size=large")
    for attempt in (lambda: plan_run(world.context()), world.up):
        with pytest.raises(ConfigurationError) as caught:
            attempt()
        assert caught.value.code == "cdk-option-in-environment"
    assert (world.done(), world.stacks.synths) == ((0, []), 0)


def test_a_project_without_stacks_may_have_any_variable(world, monkeypatch):
    monkeypatch.setenv("CDK_CONTEXT", "size=large")
    world.registry.repositories["team/app"] = {}
    run = world.context()
    run = replace(run, settings=replace(run.settings, cdk=replace(run.settings.cdk, stacks=())))
    assert plan_run(run).plan.steps


def test_a_missing_copy_source_stops_before_anything(world):
    (world.root / "app").unlink()
    with pytest.raises(DeployError) as caught:
        world.up()
    assert caught.value.code == "source-not-found"
    assert world.done() == (0, [])


def test_a_rolled_back_stack_with_equal_parameters_is_deployed(world):
    world.up()
    world.done()
    found = world.stacks.stacks["App"]
    world.stacks.stacks["App"] = replace(found, status="UPDATE_ROLLBACK_COMPLETE")
    assert (world.up(), world.done()) == ("retry", (0, ["App"]))


def test_one_image_of_a_shared_stack_deploys_that_stack(world):
    (world.root / "rajee-deploy.toml").write_text(SHARED + SETTINGS)
    run = world.context()
    run.images = [image for image in run.images if image.name == "app"]
    recorded_run(run, 5)
    assert world.done() == (1, ["Registry", "App"])


def test_a_plan_s_document_has_every_warning_that_the_screen_shows(world):
    (world.root / "Dockerfile").write_text("FROM busybox:1.37\nCOPY app /app\nCOPY nothing* /app\n")
    run = world.context()
    planned = plan_run(run)
    show_plan(run, planned)
    said = {(one.get("subject") or f"image {one['image']}", one["message"]) for one in of_plan(planned, 0)["warnings"]}
    assert {(one.subject, one.message) for one in run.console.warned} == said
    assert {code for _, code, _ in run.console.warned} >= {"base-unpinned", "source-matches-nothing"}


def test_what_is_warned_of_during_a_run_is_in_its_document(capsys, world):
    console = Console(stderr=world.talk)
    console.warn("stack App", "it is odd", "odd")
    console.warn("", "twice")
    console.warn("", "twice")
    console.document({"schema": "x", "warnings": [{"subject": "stack App", "code": "odd", "message": "it is odd"}]})
    said = json.loads(capsys.readouterr().out)["warnings"]
    assert [one["message"] for one in said] == ["it is odd", "twice"]
    assert "! App: it is odd" in world.talk.getvalue()


def test_nothing_stays_on_the_disk(world, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    world.up()
    world.infra = "2"
    world.stacks.app = {"Registry": "two", "App": "two"}
    tier(world)
    world.up()
    assert list(scratch.iterdir()) == []


def test_a_new_image_alone_goes_by_cloudformation_where_the_settings_say_so(world):
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", '[cdk]\ntag-only = "cloudformation"'))
    assert world.up() == "first"
    assert world.stacks.updated == []
    (world.root / "app").write_text("two")
    synths = world.stacks.synths
    assert (world.up(), world.stacks.updated, world.stacks.synths) == ("code", ["App"], synths)
    assert world.up() == "noop"
    world.infra, world.stacks.app = "2", {"Registry": "one", "App": "two"}
    (world.root / "app").write_text("three")
    assert (world.up(), world.stacks.updated) == ("code+infra", ["App"])


def test_no_wait_returns_once_the_last_stack_is_accepted(world):
    planned, record = recorded_run(replace(world.context(), wait_for_end=False), 5)
    assert [step.stack for step in planned.plan.steps if hasattr(step, "stack")] == ["Registry", "App"]
    assert record.outcome == "accepted"
    assert "accepted; CloudFormation goes on" in world.talk.getvalue()
    assert world.up() == "noop"


def test_what_ecs_runs_decides_whether_a_deployment_arrived(world):
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.hold(Service("api", (primary,)))
    world.watcher.task_definitions = {"task:1": ("registry.test/team/app:c-another",)}
    error = refused(world, "rollout-not-confirmed")
    assert "registry.test/team/app:c-another" in error.problem
    tag = plan_run(world.context()).wanted.images[0].tag
    world.watcher.task_definitions = {"task:1": (f"registry.test/team/app:{tag}",)}
    assert world.up() == "noop"


def test_a_failed_deployment_names_the_resource_and_its_reason(world):
    world.up()
    (world.root / "app").write_text("two")

    class Failing(FakeStacks):
        def deploy(self, *_arguments):
            reason = "ECS Deployment Circuit Breaker was triggered"
            at = datetime.now(UTC).timestamp()
            world.watcher.happened.append(
                ResourceEvent("1", at, "Service", "AWS::ECS::Service", "UPDATE_FAILED", reason)
            )
            raise DeployError("deploy-failed", "cdk deploy of App failed", cause="exit code 1")

    run = world.context()
    run.ports = replace(run.ports, deployer=Failing())
    with pytest.raises(DeployError) as caught:
        recorded_run(run, 5)
    assert caught.value.code == "deploy-failed"
    assert "Service (AWS::ECS::Service) UPDATE_FAILED: ECS Deployment Circuit Breaker" in caught.value.cause


def test_a_parameter_of_a_stack_that_is_left_out_is_refused(world):
    check_flags(world.context(), ["App:Size=a:b", "Registry:Size=1", "Size=1"])
    text = SETTINGS.replace('"App"]', '"App", "Web"]') + '[images.web]\nrepository = "team/web"\nstack = "Web"\n'
    (world.root / "rajee-deploy.toml").write_text(text)
    run = world.context()
    check_flags(run, ["App:Size=1", "Web:Size=1"])
    run.images = [image for image in run.images if image.name == "app"]
    check_flags(run, ["App:Size=1", "Size=1"])
    with pytest.raises(ConfigurationError, match="--image leaves the stack Web out"):
        check_flags(run, ["Web:Size=1"])


def test_an_image_that_is_left_out_is_named_where_its_stack_is_made(world):
    """Its parameter has no value yet, and the settings would refuse one."""

    class Declaring(FakeStacks):
        def synth(self, *arguments):
            declared = {"ImageTag": Declared(), "WorkerTag": Declared()}
            made = super().synth(*arguments)
            return {stack: replace(each, declared=declared if stack == "App" else {}) for stack, each in made.items()}

    worker = '[images.worker]\nrepository = "team/worker"\nstack = "App"\nparameter = "WorkerTag"\n'
    (world.root / "rajee-deploy.toml").write_text(SETTINGS + worker)
    run = world.context()
    stacks = Declaring(app=world.stacks.app, parameters=(*world.stacks.parameters, "WorkerTag"))
    run.ports = replace(run.ports, reader=stacks, deployer=stacks)
    run.images = [image for image in run.images if image.name == "app"]
    with pytest.raises(ConfigurationError, match="parameter WorkerTag") as caught:
        plan_run(run)
    assert caught.value.hint == "add --image worker, or leave --image out"


def last_run():
    return History().runs()[0][-1]


def test_what_a_run_did_and_of_which_commit_is_kept(world):
    world.committed = "2026-01-01T00:00:00+00:00"
    world.up()
    first = last_run()
    assert (first.revision, first.committed, first.project_id) == (world.revision, world.committed, "0123456789abcdef")
    assert first.reason == "the repository team/app does not exist yet"
    assert first.layers == {}  # there was none before
    world.up()
    second = last_run()
    assert (second.kind, second.revision, second.committed, second.reason) == ("noop", "", "", "")
    assert len({first.id, second.id}) == 2


@pytest.mark.parametrize(("edit", "told"), [("LABEL a=1\n", "same"), ("", "other")])
def test_a_build_that_makes_what_ran_before_is_a_needless_one(world, edit, told):
    world.up()
    (world.root / "app").write_text("one" if edit else "two")
    with (world.root / "Dockerfile").open("a") as file:
        file.write(edit)
    assert world.up() == "code"
    assert last_run().layers == {"app": told}
    assert re.fullmatch(r"team/app has no image c-[0-9a-f]{12}", last_run().reason)


@pytest.mark.parametrize("is_lost", [True, False])
def test_what_nobody_can_compare_is_not_worth_a_failure(world, is_lost):
    world.up()
    (before,) = {*world.registry.repositories["team/app"].values()}
    if is_lost:
        world.registry.lost.add(before)
    else:  # remembered by an older release
        world.registry.contents[before] = replace(world.registry.contents[before], layers="")
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    assert last_run().layers == {}


def test_that_a_synth_agreed_with_the_hash_is_kept(world):
    world.up()
    assert last_run().agreed == ()
    world.up(check="synth")
    assert (last_run().agreed, last_run().disagreed) == (("Registry", "App"), ())


def test_why_a_run_failed_is_kept(world):
    world.engine.fails = True
    with pytest.raises(DeployError):
        world.up()
    assert (last_run().error, last_run().cause) == ("build-failed", "the build failed")


@pytest.mark.parametrize(
    ("edits", "told"),
    [({"app": "two"}, "app: ~ app"), ({"app": "two", "Dockerfile": "FROM scratch\nCOPY app /b\n"}, "")],
)
def test_what_made_an_image_new_is_why_it_was_built(world, edits, told):
    world.build_records = [FakeContents()]
    world.up()
    for name, text in edits.items():
        (world.root / name).write_text(text)
    world.up()
    reason = last_run().reason
    assert reason == told or (not told and reason.endswith(", and 1 more"))
