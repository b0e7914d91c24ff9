"""Which tags a run leaves in the repositories: protected ones, and those that were asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeStacks
from run_worlds import SETTINGS, SHARED, tags

from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.expiry import LifecycleRule, RuleLimit, RuleTags


def test_a_stack_of_an_older_version_is_shielded_until_it_is_deployed_again(world):
    """Whose tags of a stack with two images of one repository were those of a stack `App-OtherTag`, too."""
    (world.root / "other").mkdir()
    for name in ("other/Dockerfile", "other/app"):
        (world.root / name).write_text("FROM scratch\nCOPY app /other\n")
    other = SHARED.replace('platform = "linux/arm64"', 'context = "other"')
    world.stacks.parameters += ("OtherTag",)
    (world.root / "rajee-deploy.toml").write_text(other + SETTINGS)
    world.up()
    older = {name: f"{name[:5]}App-{name[9:]}" for name in tags(world) if "_" in name}
    assert set(older) == {"live-App_ImageTag", "live-App_OtherTag"}
    for name, former in older.items():
        tags(world)[former] = tags(world).pop(name)
    before = dict(tags(world))
    world.registry.writes.clear()
    assert (world.up(), world.registry.writes) == ("noop", [])
    for name in ("app", "other/app"):
        (world.root / name).write_text(f"two {name}")
    world.up()
    assert {name: digest for name, digest in tags(world).items() if name in before} == before
    moved = {name: digest for name, digest in tags(world).items() if "App_" in name}
    assert moved["prev-App_ImageTag"] == before["live-App-ImageTag"] != moved["live-App_ImageTag"]
    assert moved["prev-App_OtherTag"] == before["live-App-OtherTag"] != moved["live-App_OtherTag"]


def test_what_runs_and_what_ran_before_are_shielded(world):
    world.up()
    (first,) = {digest for tag, digest in tags(world).items() if tag.startswith("c-")}
    assert tags(world)["live-App"] == first
    (world.root / "app").write_text("two")
    world.up()
    assert tags(world)["prev-App"] == first
    assert tags(world)["live-App"] not in (first, None)
    world.registry.writes.clear()
    assert world.up() == "noop"
    assert world.registry.writes == []
    world.infra, world.stacks.app = "2", {"Registry": "two", "App": "two"}
    assert (world.up(), world.registry.writes) == ("infra", [])


def test_a_run_with_nothing_to_do_asks_the_registry_once(world):
    world.up()
    world.registry.looks = 0
    assert (world.up(), world.registry.looks) == ("noop", 1)


def test_a_failed_deploy_puts_live_back_and_the_next_run_converges(world):
    world.up()
    first = tags(world)["live-App"]
    (world.root / "app").write_text("two")
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError):
        world.up()
    assert (tags(world)["live-App"], tags(world)["prev-App"]) == (first, first)
    world.stacks.ends_in = "UPDATE_COMPLETE"
    world.up()
    assert tags(world)["prev-App"] == first != tags(world)["live-App"]
    assert world.up() == "noop"


def test_tags_that_cannot_move_are_said_and_the_deploy_goes_on(world):
    world.up()
    world.registry.frozen |= {"live-App", "prev-App"}
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    assert "does not let live-App be moved" in world.talk.getvalue()
    (world.root / "app").write_text("three")
    assert (world.up(), world.up()) == ("code", "noop")


def test_an_interrupt_leaves_both_images_shielded(world):
    world.up()
    first = tags(world)["live-App"]
    (world.root / "app").write_text("two")
    run = world.context()

    class Interrupted(FakeStacks):
        def deploy(self, *_arguments):
            raise KeyboardInterrupt

    run.ports = replace(run.ports, deployer=Interrupted())
    with pytest.raises(KeyboardInterrupt):
        recorded_run(run, 5)
    assert tags(world)["prev-App"] == first != tags(world)["live-App"]
    # The edit is taken back: nothing is deployed, and the shield returns to what runs.
    (world.root / "app").write_text("one")
    world.done()
    assert (world.up(), world.done()) == ("tags", (0, []))
    assert tags(world)["live-App"] == first
    assert world.up() == "noop"


def test_additional_tags(world):
    run = replace(world.context(), also_tags=("v1.2.3", "{image}-latest"))
    phases = [phase.name for phase in recorded_run(run, 5)[1].phases]
    # Two pieces of work of one name would be shown as one.
    assert [name for name in phases if name.startswith("tag ")] == ["tag app v1.2.3", "tag app app-latest"]
    digest = tags(world)["live-App"]
    assert (tags(world)["v1.2.3"], tags(world)["app-latest"]) == (digest, digest)
    world.registry.writes.clear()
    assert recorded_run(replace(world.context(), also_tags=("v1.2.3",)), 5)[1].kind == "noop"
    assert world.registry.writes == []
    assert recorded_run(replace(world.context(), also_tags=("v1.2.4",)), 5)[1].kind == "tags"
    assert world.registry.writes == ["v1.2.4"]


def with_tags(world, *given: str, ask):
    run = world.context()
    return replace(run, also_tags=given, ports=replace(run.ports, lifecycle=ask))


def test_rules_are_asked_for_where_a_version_is_given_and_nowhere_else(world):
    asked = []

    def ask(repository):
        asked.append(str(repository))
        return (LifecycleRule(7, RuleTags.ANY, (), RuleLimit.DAYS_SINCE_PUSH, 90),)

    recorded_run(with_tags(world, "nightly", ask=ask), 5)
    assert asked == []
    recorded_run(with_tags(world, "v1.2.3", ask=ask), 5)
    assert set(asked) == {"team/app"}
    assert "will lose v1.2.3 some day" in " ".join(world.talk.getvalue().split())


def test_who_may_not_ask_for_rules_gives_the_version_all_the_same(world):
    def ask(_repository):
        raise DeployError("access-denied", "no")

    recorded_run(with_tags(world, "v1.2.3", ask=ask), 5)
    assert "v1.2.3" in tags(world)
    assert "will lose" not in world.talk.getvalue()


def test_a_placeholder_that_git_cannot_fill_stops_before_anything(world):
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(world.context(), also_tags=("{revision}",)), 5)
    assert (caught.value.code, world.done()) == ("no-revision", (0, []))
