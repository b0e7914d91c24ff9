"""The story of a rollback, over fakes: which image, what is changed, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeStacks
from rollback_worlds import OWN, Project

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.rollback import Asked
from rajee_deploy.actions.rollback.recorded import of_rollback, recorded_rollback
from rajee_deploy.actions.rollback.target import previous
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.model.stack_status import STATUSES
from rajee_deploy.plan import planner
from rajee_deploy.plan.state import ImageContent, StackPresent, WantedImage
from rajee_deploy.report.history import History
from rajee_deploy.rollout import Deployment, Service

BOTH = '["linux/amd64", "linux/arm64"]'


@pytest.fixture
def world(tmp_path, monkeypatch) -> Project:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)


def refused(world, code, tag=None, **more):
    with pytest.raises(DeployError) as caught:
        world.back(tag, **more)
    assert caught.value.code == code
    return caught.value


def test_back_and_forth_by_cloudformation_alone(world):
    before, first_revision = world.stacks.stacks["App"], world.git("rev-parse", "HEAD~1")
    returns, record = world.back()
    assert (world.runs(), world.stacks.updated, world.done()[0]) == (world.first, ["App"], 0)
    now = world.stacks.stacks["App"].parameters
    assert now == {**before.parameters, "ImageTag": world.first, "RajeeRevision": first_revision}
    tags = world.registry.repositories["team/app"]
    assert (tags["live-App"], tags["prev-App"]) == (tags[world.first], tags[world.second])
    assert (record.kind, record.tags, record.deployed) == ("rollback", {"app": world.first}, ("App",))
    assert History().runs()[0][-1].kind == "rollback"
    document = of_rollback(returns, record)
    assert (document["changes"], document["images"]["app"]["before"]) == (True, world.second)
    assert "returns to what ran until now" in world.talk.getvalue()
    world.back()
    assert world.runs() == world.second
    assert world.up() == "noop"


def test_up_deploys_the_newer_image_again(world):
    world.back()
    assert world.up() == "code"
    assert world.runs() == world.second


def test_nothing_to_do_where_the_tag_runs(world):
    returns, record = world.back(world.second)
    assert (returns[0].is_there, record.kind, world.stacks.updated) == (True, "noop", [])
    assert world.up() == "noop"


def test_without_a_shield_this_machines_history_tells(world):
    del world.registry.repositories["team/app"]["prev-App"]
    returns, _ = world.back()
    assert world.runs() == world.first
    assert "on this machine" in returns[0].target.why


def test_an_older_version_s_shield_tells_until_there_is_one_of_today(world):
    tags = world.registry.repositories["team/app"]
    tags["prev-App-ImageTag"] = tags.pop("prev-App")
    image = WantedImage(
        "app",
        Fingerprint("s", Digest("sha256", "0" * 64), ()),
        Repository("team/app"),
        "App",
        "ImageTag",
        parse_platforms(["linux/amd64"]),
        keeper="App_ImageTag",
        former_keeper="App-ImageTag",
    )
    found = previous(world.registry, image, world.second, [], world.context().settings)
    assert (found.tag, "prev-App-ImageTag" in found.why) == (world.first, True)
    tags["prev-App_ImageTag"] = tags[world.second]
    found = previous(world.registry, image, world.first, [], world.context().settings)
    assert (found.tag, "prev-App_ImageTag" in found.why) == (world.second, True)


def test_what_was_looked_at_is_said_where_nothing_tells(world):
    del world.registry.repositories["team/app"]["prev-App"]
    History().path.unlink()
    error = refused(world, "no-previous")
    assert error.hint.split("\n")[0].endswith("rajee-deploy rollback TAG")
    assert error.hint.endswith("aws ecr list-images --repository-name team/app")
    assert "prev-App of team/app is not there" in error.cause
    assert "none of this machine's runs" in error.cause
    assert world.stacks.updated == []


def test_a_lost_image_is_built_from_its_revision(world):
    world.lose(world.first)
    (world.root / "app").write_text("not committed")
    returns, record = world.back(world.first)
    assert (world.engine.saw[-1], world.runs()) == ({"app": b"one"}, world.first)
    assert (returns[0].is_built, record.built) == (True, ("app",))
    assert (world.root / "app").read_text() == "not committed"
    labels = world.engine.pushed[f"registry.test/team/app:{world.first}"]["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == world.git("rev-parse", "HEAD~1")


def test_a_revision_that_gives_another_image_is_refused(world):
    (world.root / "app").write_text("dirty")
    world.up()
    dirty = world.runs()
    world.deploy("three")
    world.lose(dirty)
    error = refused(world, "revision-differs", dirty)
    assert "not committed" in error.cause
    assert world.stacks.updated == []


def test_an_unknown_revision_is_said_so(world):
    world.lose(world.first)
    world.build_records[0].records.clear()
    assert "no record" in refused(world, "revision-not-recorded", world.first).cause
    world.build_records[0].fails = True
    assert "could not be reached" in refused(world, "revision-not-recorded", world.first).cause


def test_a_planted_image_is_never_deployed(world):
    digest = Digest("sha256", "e" * 64)
    world.registry.contents[digest] = ImageContent("linux/amd64", str(Digest("sha256", "f" * 64)))
    world.registry.repositories["team/app"][world.first] = digest
    refused(world, "image-not-ours", world.first)
    assert world.stacks.updated == []


def test_an_image_of_another_platform_is_never_deployed(world):
    digest = world.registry.repositories["team/app"][world.first]
    world.registry.contents[digest] = replace(world.registry.contents[digest], platform="linux/arm64")
    refused(world, "image-wrong-platform", world.first)


def test_an_image_of_fewer_platforms_is_no_planted_one(world):
    """A platform was added since: nobody has pushed anything wrong, and the tasks of the new one could not run."""
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace("[images.app]", f"[images.app]\nplatform = {BOTH}"))
    third = world.deploy("three")
    assert third != world.second
    for lost in (False, True):
        if lost:
            world.lose(world.second)
        world.done()
        error = refused(world, "image-wrong-platform", world.second)
        assert "was built for linux/amd64, and app is for linux/amd64, linux/arm64 now" in error.problem
        assert "images.app.platform" in error.hint
        assert (world.runs(), world.done()[0]) == (third, 0)


def test_back_to_an_image_for_several_platforms(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace("[images.app]", f"[images.app]\nplatform = {BOTH}"))
    third, _ = world.deploy("three"), world.deploy("four")
    world.back()
    assert world.runs() == third
    world.lose(third)
    world.deploy("four")
    world.back(third)
    assert world.runs() == third


def test_a_stack_that_takes_digests_gets_one(world):
    digest = str(world.registry.repositories["team/app"][world.second])
    world.put(parameters={**world.stacks.stacks["App"].parameters, "ImageTag": digest})
    world.back()
    assert world.runs() == str(world.registry.repositories["team/app"][world.first])


def test_somebody_elses_operation_is_waited_for_and_looked_at_anew(world):
    world.stacks.script = ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
    world.back()
    assert world.runs() == world.first
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 3
    refused(world, "stack-busy", wait=-1)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_every_status_has_an_answer(world, status):
    if planner.is_busy(StackPresent(status, {}, {})):
        world.put(status=status)
        refused(world, "stack-busy", wait=-1)
    elif status.removeprefix("UPDATE_").removeprefix("IMPORT_").removeprefix("CREATE_") == "COMPLETE" or status in (
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    ):
        world.put(status=status)
        world.back(world.first)
        assert world.runs() == world.first
    else:
        world.put(status=status, reason="it says why")
        assert refused(world, "stack-not-updatable").cause == "it says why"


def test_a_rolled_back_stack_is_not_believed_to_run_what_it_shows(world):
    """Whether DescribeStacks shows the former parameters then is not documented: CloudFormation compares."""
    world.put(status="UPDATE_ROLLBACK_COMPLETE")
    asked = []

    class Asking(FakeStacks):
        def update(self, stack, state, parameters, token, tags):
            asked.append(parameters)
            return world.stacks.update(stack, state, parameters, token, tags)

    run = world.context()
    world.back(world.second, ports=replace(run.ports, updater=Asking()))
    assert asked == [{"ImageTag": world.second}]


def test_an_update_that_was_rolled_back_is_a_failure_and_the_shields_return(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    refused(world, "deploy-not-confirmed")
    tags = world.registry.repositories["team/app"]
    assert tags["live-App"] == tags[world.second]
    assert History().runs()[0][-1].outcome == "failed"


def test_ecs_must_run_it(world):
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.hold(Service("api", (primary,)))
    world.watcher.task_definitions = {"task:1": (f"registry.test/team/app:{world.second}",)}
    refused(world, "rollout-not-confirmed")


@pytest.mark.parametrize(
    ("deployments", "code", "text"),
    [
        ([replace(OWN, state="FAILED", reason="no such image")], "rollout-not-confirmed", ""),
        (
            [replace(OWN, task_definition="task/other:1"), replace(OWN, status="ACTIVE", desired=0, state="FAILED")],
            "rollout-not-confirmed",
            "service-drift",
        ),
        ([replace(OWN, task_definition="task/other:1")], "", "service-drift"),
        ([OWN], "", ""),
    ],
)
def test_a_stack_that_records_the_tag_already_must_run_it(world, deployments, code, text):
    world.hold(Service("api", tuple(deployments)), "task/app:2")
    world.watcher.task_definitions = {"task/app:2": ("team/app:x",), "task/other:1": ("nginx:1",)}
    if code:
        refused(world, code, tag=world.second)
    else:
        world.back(world.second)
    assert (text or "service-drift") in world.talk.getvalue() or not text
    assert world.done() == (0, [])


@pytest.mark.parametrize(("code", "word"), [("deploy-failed", "--allow-rollback"), ("access-denied", "UpdateStack")])
def test_a_refusal_of_cloudformation_teaches_the_other_way(world, code, word):
    class Refusing(FakeStacks):
        def update(self, stack, state, parameters, token, tags):
            assert (stack, token, parameters["ImageTag"], dict(tags)) == ("App", token, world.first, {})
            assert isinstance(state, StackPresent)
            raise DeployError(code, "no")

    error = refused(world, code, ports=replace(world.context().ports, updater=Refusing()))
    assert word in error.hint
    assert world.git("rev-parse", "HEAD~1") in error.hint


def test_a_stack_that_is_not_there_cannot_roll_back(world):
    del world.stacks.stacks["App"]
    refused(world, "not-deployed")


def test_of_several_images_each_is_named(world):
    run = world.context()
    two = [*run.images, replace(run.images[0], name="other", parameter="OtherTag")]
    origin = Origin(None, None, lambda image: image)
    for asked in (Asked(two, None, origin), Asked(two, world.first, origin, is_chosen=True)):
        with pytest.raises(DeployError) as caught:
            recorded_rollback(run, asked)
        assert (caught.value.code, "--image" in caught.value.hint) == ("bad-flag", True)
