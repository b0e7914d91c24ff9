"""What `up` refuses before it changes anything, `plan` refuses too, and the other way round."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from run_worlds import SETTINGS, World

import rajee_deploy
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.preflight import preflight
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import Digest
from rajee_deploy.plan.ancestry import Rules
from rajee_deploy.plan.state import Ancestry, ImageContent

SOURCE = Path(rajee_deploy.__file__).parent
IMAGE = '[images.app]\nrepository = "team/app"\nstack = "App"\n'


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return World(root)


def settings(world, more: str) -> None:
    """The settings with more lines for the image."""
    (world.root / "rajee-deploy.toml").write_text(SETTINGS.replace(IMAGE.strip(), IMAGE.strip() + "\n" + more))


def app_status(world, status: str) -> None:
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], status=status)


def unknown_parameter(world):
    settings(world, 'parameter = "Nope"')


def unknown_parameter_by_hash(world):
    """Whatever machine this is: the deployed template is the one that is wanted."""
    world.move()
    settings(world, 'parameter = "Nope"')


def template_that_refuses(world):
    world.stacks.app["App"] = "two"
    world.infra = "2"
    world.stacks.refuses = ConfigurationError("empty-stack", "the template of App has no resources")


def kept_template_that_refuses(world):
    """No synth is needed for a new image: what was kept of the last one is looked at."""
    (world.root / "app").write_text("two")
    world.stacks.refuses = DeployError("not-bootstrapped", "the account is not bootstrapped")


def no_such_stack(world):
    del world.stacks.app["App"]
    world.infra = "2"


def older_revision(world):
    (world.root / "app").write_text("two")
    world.revision, world.ancestry = "2" * 40, Ancestry.OLDER


def foreign_image(world):
    (world.root / "app").write_text("two")
    tag = plan_run(world.context()).wanted.images[0].tag
    digest = Digest("sha256", "e" * 64)
    world.registry.repositories["team/app"][tag] = digest
    world.registry.contents[digest] = ImageContent("linux/amd64", "sha256:other")


def taken_tag(world):
    settings(world, 'tags = ["v1"]')
    world.registry.frozen.add("v1")
    world.registry.repositories["team/app"]["v1"] = Digest("sha256", "e" * 64)
    world.registry.contents[Digest("sha256", "e" * 64)] = ImageContent("linux/amd64", "")


def two_images_of_one_tag(world):
    other = '[images.other]\nrepository = "team/app"\ntags = ["v1"]\n'
    (world.root / "rajee-deploy.toml").write_text(other + SETTINGS.replace(IMAGE, IMAGE + 'tags = ["v1"]\n'))


def broken_stack(world):
    app_status(world, "UPDATE_ROLLBACK_FAILED")


def deleted_stack(world):
    app_status(world, "DELETE_FAILED")


def no_repository(world):
    world.registry.repositories.clear()


def unknown_value(world):
    (world.root / "rajee-deploy.toml").write_text(SETTINGS + '[cdk.parameters.App]\nSize = "large"\n')


def no_source(world):
    (world.root / "app").unlink()


def option_of_the_cli(world):
    world.environment = {"CDK_HOTSWAP": "true"}


# What the world is made to be after a first deployment → the error of both.
REFUSED = {
    unknown_parameter: "no-such-parameter",
    unknown_parameter_by_hash: "no-such-parameter",
    template_that_refuses: "empty-stack",
    kept_template_that_refuses: "not-bootstrapped",
    no_such_stack: "no-such-stack",
    older_revision: "older-revision",
    foreign_image: "image-not-ours",
    taken_tag: "tag-taken",
    two_images_of_one_tag: "tag-shared",
    broken_stack: "stack-needs-rollback",
    deleted_stack: "stack-not-deployable",
    no_repository: "no-repository",
    unknown_value: "no-such-parameter",
    no_source: "source-not-found",
    option_of_the_cli: "cdk-option-in-environment",
}


def preview(world, **flags):
    """What `plan` does."""
    run = world.context(**flags)
    run.rules = Rules(require_ancestry=run.settings.require_ancestry)
    try:
        return preflight(plan_run(run))
    finally:
        run.close()


def refused(act) -> DeployError:
    with pytest.raises(DeployError) as caught:
        act()
    return caught.value


def writes(world) -> list[object]:
    stacks = world.stacks
    return [*world.registry.writes, *world.engine.built, *stacks.deployed, *stacks.updated, *stacks.change_sets]


def forget_writes(world) -> None:
    for each in (world.registry.writes, world.engine.built, world.stacks.deployed, world.stacks.updated):
        each.clear()


@pytest.mark.parametrize("first", ["plan", "up"])
@pytest.mark.parametrize("change", REFUSED)
def test_what_one_refuses_the_other_does(world, monkeypatch, change, first):
    world.up()
    change(world)
    for name, value in getattr(world, "environment", {}).items():
        monkeypatch.setenv(name, value)
    forget_writes(world)
    found = {}
    for verb in (first, {"plan": "up", "up": "plan"}[first]):
        error = refused(lambda: preview(world) if verb == "plan" else recorded_run(world.context(), 0))  # noqa: B023
        found[verb] = error.code, error.problem
    assert found["plan"] == found["up"]
    assert found["plan"][0] == REFUSED[change]
    assert writes(world) == []


def test_what_nothing_forbids_is_done_as_it_was_previewed(world):
    world.up()
    for number in range(3):
        (world.root / "app").write_text(f"edit {number}")
        promised = preview(world).plan
        forget_writes(world)
        assert world.up() == promised.kind == "code"
        assert preview(world).plan.is_empty


def test_a_secret_of_the_machine_that_builds_forbids_no_plan_and_is_missed_before_any_build(world, monkeypatch):
    """`plan` runs on pull requests, which have no secrets; of two images none is built when one lacks its secret."""
    world.up()
    other = '[images.a]\nrepository = "team/app"\nplatform = "linux/arm64"\n'
    settings(world, 'secrets = { key = "env:THE_KEY" }')
    path = world.root / "rajee-deploy.toml"
    path.write_text(other + path.read_text())
    (world.root / "app").write_text("two")
    forget_writes(world)
    (caution,) = preview(world).plan.cautions
    assert (caution.code, "THE_KEY" in caution.text) == ("secret-missing", True)
    assert refused(world.up).code == "secret-missing"
    assert writes(world) == []
    monkeypatch.setenv("THE_KEY", "x")
    assert preview(world).plan.cautions == ()


def test_a_missing_cli_forbids_no_plan_and_is_missed_before_any_build(world):
    def missing():
        raise DeployError("node-missing", "node is not installed")

    world.up()
    (world.root / "app").write_text("two")
    forget_writes(world)
    run = world.context()
    run.ports = replace(run.ports, check_cli=missing)
    assert [each.code for each in preflight(plan_run(run)).plan.cautions] == ["node-missing"]
    assert refused(lambda: recorded_run(run, 0)).code == "node-missing"
    assert writes(world) == []


def test_a_role_that_may_not_ask_whether_the_account_is_bootstrapped_has_its_plan(world):
    world.up()
    (world.root / "app").write_text("two")
    world.stacks.refuses = DeployError("access-denied", "AWS refused ssm:GetParameter")
    found = preview(world).plan
    assert (found.kind, [each.code for each in found.cautions]) == ("code", ["bootstrap-unknown"])


def test_a_synth_that_failed_is_said_by_the_next_run(world):
    world.up()
    world.infra, world.stacks.app["App"] = "2", "two"
    for check, said in (("auto", "is made again"), ("hash", "--infra-check=synth")):
        run = world.context(check=check)
        run.ports = replace(run.ports, last_failure=lambda: "2026-01-02T03:04:05+00:00")
        plan = preflight(plan_run(run)).plan
        assert ("last-synth-failed" in {each.code for each in plan.cautions}) == (check == "hash")
        told = world.talk.getvalue() + " ".join(each.text for each in plan.cautions)
        assert "the last synth here failed, at 2026-01-02T03:04:05+00:00" in told
        assert said in told
    (world.root / "app").write_text("two")
    world.infra = "1"
    run = world.context()
    run.ports = replace(run.ports, last_failure=lambda: "2026-01-02T03:04:05+00:00")
    assert plan_run(run).plan.cautions == (), "an image is no matter of a synth"


def test_what_the_app_warns_of_is_told_where_it_is_synthesised(world):
    world.stacks.warns["App"] = "a listener of plain HTTP " + "x" * 9000
    run = world.context()
    preflight(plan_run(run))
    (warned,) = run.console.warned
    assert (warned.subject, warned.code, warned.message[:24]) == ("App", "cdk-warning", "a listener of plain HTTP")
    assert len(warned.message) <= 500


# -- every error there is on the way ---------------------------------------------------------------------------------

# Where `up` meets errors, and why `plan` does not refuse the same: "" where it does.
BOTH = ""
ENGINE = "asked of an engine, or while it works"
RACE = "something changed between the plan and the deed: planned again, or run again"
PERSON = "a person's answer, or its absence"
LATER = "something was written already"
HERE = "of the machine that builds or deploys: plan tells it"
WHY = {
    "actions/plan": {BOTH: "image-needed", RACE: "file-changed"},
    "actions/run": {BOTH: "bad-flag"},
    "actions/observe": {BOTH: "wrong-account"},
    "actions/desired_state": {},
    "actions/own_revision": {},
    "plan/planner": {BOTH: "no-repository tag-shared"},
    "plan/stack_step": {BOTH: "no-such-stack stack-needs-rollback stack-not-deployable"},
    "plan/parameter_changes": {BOTH: "missing-parameter no-such-parameter parameter-refused secret-parameter"},
    "actions/locate": {BOTH: "names-unknown"},
    "actions/meanings": {BOTH: "ambiguous-stack bad-settings wrong-account"},
    "plan/ancestry": {BOTH: "older-revision unknown-ancestry"},
    "plan/retention": {BOTH: "tag-taken"},
    "image/extra_tags": {BOTH: "bad-tag no-revision"},
    "plan/image_check": {BOTH: "image-archived image-not-ours image-wrong-platform"},
    "actions/synthesise": {RACE: "file-changed"},
    "actions/preflight": {},
    "actions/up": {},
    "actions/converge": {},
    "actions/execute": {},
    "actions/jobs": {},
    "model/stack_status": {RACE: "stack-busy"},
    "actions/recheck": {RACE: "checkout-changed image-changed stack-changed"},
    "actions/move_tags": {},
    "registry/__init__": {RACE: "image-gone"},
    "actions/approve": {PERSON: "approval-needed not-approved"},
    "actions/deploy": {LATER: "deploy-failed deploy-not-confirmed deploy-unfinished"},
    "actions/arrival": {LATER: "rollout-not-confirmed", RACE: "stack-changed"},
    "actions/confirm": {LATER: "rollout-not-confirmed"},
    "actions/build": {ENGINE: "base-has-onbuild builds-failed push-not-confirmed"},
    # No device comes with a checkout, and to look for one costs what hashing costs.
    "context/stage": {ENGINE: "attribute-not-copied device-in-context"},
    "engine/secrets": {HERE: "secret-missing"},
    "synth/cli_files": {HERE: "cdk-missing cdk-version node-missing"},
    "synth/cli_endpoint": {HERE: "cdk-ignores-endpoint"},
    "synth/cli_options": {BOTH: "cdk-option-in-environment"},
    "synth/cli_profile": {BOTH: "profile-contradiction"},
    "synth/variables": {BOTH: "profile-contradiction"},
    "synth/passing": {BOTH: "parameter-refused", LATER: "parameter-not-passed"},
    "synth/security_diff": {PERSON: "diff-failed"},
    "synth/cdk_cli": {BOTH: "synth-failed", LATER: "deploy-failed"},
    "synth/deploy_checks": {BOTH: "context-not-read empty-stack not-bootstrapped parameter-refused"},
    "stack/whereabouts": {BOTH: "no-role"},
}
RAISED = re.compile(r'(?:DeployError|ConfigurationError)\(\s*"([a-z-]+)"')


@pytest.mark.parametrize("room", WHY)
def test_every_error_on_the_way_is_one_of_plan_too_or_it_is_said_why_not(room):
    """A new error breaks this: say whose it is, and let `preflight` find it where it needs no engine and no write."""
    said = sorted(code for codes in WHY[room].values() for code in codes.split())
    assert sorted(set(RAISED.findall((SOURCE / f"{room}.py").read_text()))) == said
