"""The story of a run for an app that takes its tag as a context value, over fakes: no record is believed alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from run_worlds import World

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.state import StackContent
from rajee_deploy.plan.steps import DeployStack, StackChange, Tier
from rajee_deploy.stack.deployment_record import RecordedStacks

if TYPE_CHECKING:
    from rajee_deploy.actions.run import CurrentRun


@dataclass
class Records:
    """Records in a dictionary; with `fails` nothing is written."""

    texts: dict[str, str] = field(default_factory=dict)
    fails: bool = False

    def read(self, stack: str) -> str | None:
        return self.texts.get(stack)

    def write(self, stack: str, text: str) -> None:
        if self.fails:
            raise DeployError("aws-denied", "ssm:PutParameter is not allowed")
        self.texts[stack] = text


class Plain(World):
    """A world whose stack App declares nothing of ours, and is the only one."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.records = Records()
        self.stacks.parameters = ()
        self.stacks.app = {"App": "one"}
        self.registry.repositories["team/app"] = {}
        path = root / "rajee-deploy.toml"
        text = path.read_text().replace('stack = "App"\n', 'stack = "App"\ncontext-key = "imageTag"\n')
        path.write_text(text.replace('"Registry", ', ""))

    def context(self, environment: str | None = None, check: str = "auto") -> CurrentRun:
        run = super().context(environment, check)
        reader = RecordedStacks(self.stacks, self.records, {"App": {"app": "context:imageTag"}}.get)
        run.ports = replace(run.ports, reader=reader, records=self.records)
        return run

    def plan(self) -> tuple[Tier | None, tuple[StackChange, ...]]:
        """The tier that decides, and what changed."""
        plan = plan_run(self.context()).plan
        changes = [change for step in plan.steps if isinstance(step, DeployStack) for change in step.changes]
        return plan.tier, tuple(changes)

    def forget(self, monkeypatch, tmp_path) -> None:
        """Another machine, which remembers no synth."""
        monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "elsewhere"))


@pytest.fixture
def world(tmp_path, monkeypatch) -> Plain:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = Plain(root)
    found.up()
    found.forget(monkeypatch, tmp_path)
    return found


def deployed(world) -> str:
    content = world.stacks.stacks["App"].content
    assert content is not None
    return content.template


def test_nothing_changed_is_known_by_the_record_and_the_template(world):
    assert world.stacks.stacks["App"].parameters == {}
    assert world.plan() == (Tier.HASH, ())
    assert world.stacks.synths == 1


def test_another_tag_synthesises_and_is_deployed(world):
    (world.root / "app").write_text("two")
    tier, changes = world.plan()
    assert tier is Tier.SYNTH
    assert StackChange.TAG in changes
    world.up()
    assert deployed(world) == f"one imageTag={world.stacks.given[-1]['imageTag']}"
    assert world.plan() == (Tier.HASH, ())


def test_another_template_with_the_recorded_tag_is_infrastructure(world):
    world.infra, world.stacks.app = "2", {"App": "two"}
    assert world.plan() == (Tier.SYNTH, (StackChange.INFRASTRUCTURE,))


def test_an_edit_behind_our_back_is_seen_whatever_the_record_says(world):
    state = world.stacks.stacks["App"]
    world.stacks.stacks["App"] = replace(state, content=StackContent("one imageTag=theirs"))
    assert world.plan() == (Tier.SYNTH, (StackChange.INFRASTRUCTURE,))
    ours = dict(world.stacks.given[0])["imageTag"]
    world.up()
    assert deployed(world) == f"one imageTag={ours}"


@pytest.mark.parametrize("key", ["tags", "infrastructure"])
def test_no_part_of_a_record_is_believed_without_the_others(world, key):
    """A record that claims some of this checkout's inputs, while another image is deployed."""
    claimed = json.loads(world.records.texts["App"])
    (world.root / "app").write_text("two")
    world.up()
    actual = json.loads(world.records.texts["App"])
    (world.root / "app").write_text("one")
    for record in (claimed, {**claimed, key: actual[key]}, {**actual, key: claimed[key]}):
        world.records.texts["App"] = json.dumps(record)
        assert world.plan()[1], record


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_without_a_record_a_synth_decides_and_the_record_is_made_again(world, text):
    before = world.records.texts.pop("App")
    if text is not None:
        world.records.texts["App"] = text
    assert world.plan() == (Tier.SYNTH, (StackChange.TAG,))
    world.up()
    assert world.records.texts["App"] == before
    assert world.plan() == (Tier.HASH, ())


def test_a_record_that_cannot_be_written_leaves_the_deployment_and_the_next_run_repairs_it(world):
    (world.root / "app").write_text("two")
    world.records.fails = True
    world.up()
    assert "could not be recorded" in world.talk.getvalue()
    assert "ssm:PutParameter" in world.talk.getvalue()
    assert deployed(world).endswith(world.stacks.given[-1]["imageTag"])
    world.records.fails = False
    assert world.plan()[1] == (StackChange.TAG,)
    world.up()
    assert world.plan() == (Tier.HASH, ())


def test_a_failed_deployment_records_nothing(world):
    before = dict(world.records.texts)
    (world.root / "app").write_text("two")
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError):
        world.up()
    assert world.records.texts == before


def test_what_a_stack_ran_before_is_kept_by_its_record(world):
    before = world.stacks.given[0]["imageTag"]
    tags = world.registry.repositories["team/app"]
    digest = tags[before]
    (world.root / "app").write_text("two")
    world.up()
    assert tags["prev-App"] == digest
    assert tags["live-App"] != digest


def test_an_image_that_is_left_out_would_be_missing_in_the_synth(world):
    run = world.context()
    run.images = ()
    with pytest.raises(ConfigurationError, match="imageTag"):
        plan_run(run)


def test_the_slower_path_is_said(world):
    world.plan()
    assert "slower" in world.talk.getvalue()


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('parameter = "X"\n', "not both"),
        ('deploy-by = "digest"\n', "deploy-by"),
        ('[images.b]\nrepository = "team/b"\nstack = "App"\ncontext-key = "imageTag"\n', "twice"),
        ('[images.b]\nrepository = "team/b"\nstack = "App"\ncontext-key = "a b"\n', "letters"),
        ('[images.b]\nrepository = "team/b"\ncontext-key = "b"\n', "stack"),
        ('[cdk.context]\nimageTag = "x"\n', "twice"),
    ],
)
def test_settings_that_would_give_a_key_two_meanings_are_refused(world, lines, problem):
    path = world.root / "rajee-deploy.toml"
    before, cdk = path.read_text().split("[cdk]")
    text = f"{before}[cdk]{cdk}{lines}" if lines.startswith("[cdk") else f"{before}{lines}[cdk]{cdk}"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=problem):
        world.context()


def test_cloudformation_alone_cannot_change_a_template(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace("[cdk]\n", '[cdk]\ntag-only = "cloudformation"\n'))
    with pytest.raises(ConfigurationError, match="tag-only"):
        world.context()
