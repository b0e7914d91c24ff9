"""What a registry holds is believed only where it is the image that was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes import FakeContents, FakeEngine, FakeRegistry
from run_worlds import SETTINGS, D, tags

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.lock import Lock, LockLine, write
from rajee_deploy.model import BaseConfig
from rajee_deploy.plan.state import ImageContent


def test_what_was_pushed_is_recorded_and_nothing_else_asks(world):
    store = FakeContents()
    world.build_records = [FakeContents(fails=True), store]
    world.up()
    ((repository, tag),) = store.records
    assert (str(repository), tag) == ("team/app", next(iter(world.registry.repositories["team/app"])))
    assert world.talk.getvalue().count("what it was made of could not be recorded") == 1
    store.fails = True
    assert world.up() == "noop"
    assert world.talk.getvalue().count("could not be recorded") == 1


def test_a_push_that_is_not_confirmed_leaves_no_record(world):
    store = FakeContents()
    world.build_records, world.engine.loses_pushes = [store], True
    with pytest.raises(DeployError):
        world.up()
    assert store.records == {}


def test_an_expired_image_is_built_again(world):
    world.up()
    world.done()
    world.registry.repositories["team/app"].clear()
    assert (world.up(), world.done()) == ("code", (1, []))


def test_a_push_that_left_nothing_is_not_believed(world):
    world.engine.loses_pushes = True
    with pytest.raises(DeployError) as caught:
        world.up()
    assert caught.value.code == "push-not-confirmed"
    assert world.done()[1] == ["Registry"]
    world.engine.loses_pushes = False
    assert (world.up(), world.done()) == ("first", (1, ["App"]))


@pytest.mark.parametrize("trigger", ["COPY . /app", "add a b", "RUN --mount=target=/src make"])
def test_a_base_that_copies_by_onbuild_is_refused_before_anything_is_pushed(world, trigger):
    (world.root / "Dockerfile").write_text("FROM team/base:1\nCOPY app /app\n")
    world.engine.triggers = {"team/base:1": ("ENV A=1", trigger)}
    with pytest.raises(DeployError) as caught:
        world.up()
    assert (caught.value.code, caught.value.cause) == ("base-has-onbuild", trigger)
    assert world.done() == (0, ["Registry"])


def test_triggers_that_the_lock_has_are_built_and_others_refused(world):
    (world.root / "Dockerfile").write_text("FROM team/base:1\nCOPY app /app\n")
    config = BaseConfig((("P", "README.md"),), ("COPY $P /", "ADD app /x"))
    write(world.root / "rajee-deploy.lock", Lock((LockLine("team/base:1", D, "2026-11-25", "linux/amd64", config),)))
    base = f"team/base:1@{D}"
    world.engine.triggers = {base: ("COPY README.md /", "ADD app /x", "ADD . /y")}
    with pytest.raises(DeployError) as caught:
        world.up()
    assert (caught.value.code, caught.value.cause) == ("base-has-onbuild", "ADD . /y")
    world.engine.triggers = {base: ("COPY README.md /", "ADD app /x")}
    world.up()
    assert world.done()[0] == 1
    assert world.engine.saw[-1] == {"app": b"one", "README.md": b"read me"}


@pytest.mark.parametrize(("days", "said"), [(0, "today"), (1, "1 day ago"), (12, "12 days ago")])
def test_a_plan_tells_how_old_the_lock_is(days, said, world):
    path = world.root / "rajee-deploy.lock"
    day = str(datetime.now(UTC).date() - timedelta(days))
    write(path, Lock((LockLine("team/base:1", D, day), LockLine("team/other:1", D, str(datetime.now(UTC).date())))))
    world.up()
    assert f"rajee-deploy.lock: 2 bases, the oldest locked {said}\n" in world.talk.getvalue()


def test_other_triggers_of_a_base_do_not_matter(world):
    (world.root / "Dockerfile").write_text("FROM team/base:1\nCOPY app /app\n")
    world.engine.triggers = {"team/base:1": ("ENV A=1", "COPY --from=tools /t /t", "RUN make")}
    assert world.up() == "first"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (ImageContent("linux/amd64", "sha256:" + "0" * 64), "image-not-ours"),
        (ImageContent("linux/amd64", ""), "image-not-ours"),
        (ImageContent("linux/arm64", "ours"), "image-wrong-platform"),
    ],
)
def test_a_planted_image_is_neither_skipped_nor_deployed(world, content, code):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    tag = plan_run(world.context()).wanted.images[0].tag
    tags(world)[tag] = D
    world.registry.contents[D] = content
    with pytest.raises(DeployError) as caught:
        world.up()
    assert (caught.value.code, world.done()) == (code, (0, []))
    del tags(world)[tag]
    assert (world.up(), world.done()) == ("code", (1, ["App"]))


@pytest.mark.parametrize("planted", [False, True])
def test_losing_a_race_to_push_is_success_when_what_is_there_is_ours(world, planted):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    image = plan_run(world.context()).wanted.images[0]
    ours = "sha256:" + "0" * 64 if planted else str(image.fingerprint.digest)

    class Slower(FakeEngine):
        def build_and_push(self, *_arguments):
            tags(world)[image.tag] = D
            world.registry.contents[D] = ImageContent("linux/amd64", ours)
            raise DeployError("build-failed", "the tag exists and is immutable")

    run = world.context()
    run.ports = replace(run.ports, engine=Slower(world.registry))
    if planted:
        with pytest.raises(DeployError) as caught:
            recorded_run(run, 5)
        assert (caught.value.code, world.done()) == ("image-not-ours", (0, []))
    else:
        recorded_run(run, 5)
        assert world.done() == (0, ["App"])
        assert tags(world)["live-App"] == D


def test_a_build_that_failed_is_the_news_even_when_the_registry_fails_too(world):
    class Unreachable(FakeRegistry):
        def find(self, repository, references):
            if world.engine.fails_now:
                raise DeployError("aws-unreachable", "AWS could not be reached")
            return super().find(repository, references)

    class Failing(FakeEngine):
        def build_and_push(self, *_arguments):
            world.engine.fails_now = True
            raise DeployError("build-failed", "the build failed")

    world.engine.fails_now = False
    registry = Unreachable({"team/app": {}})
    run = world.context()
    run.ports = replace(run.ports, registry=registry, engine=Failing(registry))
    with pytest.raises(DeployError) as caught:
        recorded_run(run, 5)
    assert caught.value.code == "build-failed"


def test_an_archived_image_is_neither_built_over_nor_deployed(world):
    world.up()
    world.registry.archived = {tag for tag in tags(world) if tag.startswith("c-")}
    world.done()
    with pytest.raises(DeployError) as caught:
        world.up()
    assert (caught.value.code, world.done()) == ("image-archived", (0, []))


def test_by_digest_what_was_pushed_is_what_is_deployed(world):
    (world.root / "rajee-deploy.toml").write_text(SETTINGS.replace("[cdk]", 'deploy-by = "digest"\n[cdk]'))
    world.up()
    recorded = world.stacks.stacks["App"].parameters["ImageTag"]
    assert recorded == str(tags(world)["live-App"])
    assert world.up() == "noop"
    # The image expires, the stack keeps its digest: it is built, and what was built is deployed.
    world.registry.repositories["team/app"].clear()
    world.done()
    assert world.up() in ("code", "noop")
    assert world.done()[0] == 1
    assert world.up() == "noop"
