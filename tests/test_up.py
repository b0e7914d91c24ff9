"""The story of a run, over fakes: what is done in which order, and what a failure leaves."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeContents, FakeEngine, FakeRecords, FakeRegistry, FakeServices, FakeStacks, FakeWatcher

from rajee_deploy.actions.documents import of_plan
from rajee_deploy.actions.history import recorded_run
from rajee_deploy.actions.plan import check_flags, plan_run
from rajee_deploy.actions.render import show_plan
from rajee_deploy.actions.run import CurrentRun, Ports
from rajee_deploy.aws import Identity
from rajee_deploy.build_record.store import Record
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import Input, of_infrastructure
from rajee_deploy.lock import Lock, LockLine, write
from rajee_deploy.model import BaseConfig, Digest
from rajee_deploy.plan.ancestry import Rules
from rajee_deploy.plan.carried import MOST_BYTES, SCHEMA, encoded
from rajee_deploy.plan.parameters import Declared
from rajee_deploy.plan.state import Ancestry, ImageContent
from rajee_deploy.report.history import History
from rajee_deploy.rollout import Deployment, ResourceEvent, Service
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.settings import load
from rajee_deploy.system.places import cache_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

D = Digest("sha256", "d" * 64)
LIST = {"schema": SCHEMA, "entries": [["file", "app.py"]], "variables": [], "toolchain": {}, "obstacles": []}
OTHER_LIST = {**LIST, "entries": [["file", "other.py"]]}
UNREADABLE = {**LIST, "entries": [["file", "secret"]]}
SHARED = '[images.other]\nrepository = "team/app"\nplatform = "linux/arm64"\nstack = "App"\nparameter = "OtherTag"\n'
SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["Registry", "App"]
[environments.other]
account = "999999999999"
[environments.prod]
"""


class World:
    """A project directory and the fakes around it."""

    def __init__(self, root) -> None:
        self.root = root
        self.registry = FakeRegistry()
        self.engine = FakeEngine(self.registry)
        self.stacks = FakeStacks(makes_repositories={"Registry": (self.registry, "team/app")})
        self.infra = "1"  # what synth reads; `stacks.app` is what it makes
        self.contents: list[FakeContents] = []
        self.traced: tuple[Input, ...] = ()
        self.own: Mapping[str, Any] | None = None  # the list of this machine's last synth
        self.publishes = True
        self.proofs: FakeRecords | None = FakeRecords(registry=self.registry)
        self.hashed: list[Mapping[str, Any] | None] = []
        self.revision = "1" * 40
        self.ancestry = Ancestry.NEWER
        self.watcher = FakeWatcher()
        self.services = FakeServices(self.watcher)
        self.talk = io.StringIO()
        (root / "cdk").mkdir()
        (root / "cdk" / "cdk.json").write_text("{}")
        (root / "rajee-deploy.toml").write_text(SETTINGS)
        (root / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
        (root / "app").write_text("one")
        (root / "README.md").write_text("read me")

    def context(self, environment: str | None = None, check: str = "auto") -> CurrentRun:
        settings = load(self.root / "rajee-deploy.toml", environment)
        settings = replace(settings, cdk=replace(settings.cdk, infra_check=check))
        ports = Ports(
            registry=self.registry,
            reader=self.stacks,
            deployer=self.stacks,
            engine=self.engine,
            watcher=self.watcher,
            updater=self.stacks,
            services=self.services,
            identity=lambda: Identity("123456789012", "us-east-1"),
            infrastructure=self.infrastructure,
            contents=lambda: self.contents,
            commit=lambda: self.revision,
            ancestry=lambda _one, _other: self.ancestry,
            publishable=lambda: self.own if self.publishes else None,
            proofs=lambda: self.proofs,
        )
        return CurrentRun(settings, settings.images, ports, Console(stderr=self.talk), apart_seconds=0)

    def hold(self, service: Service, own: str = "", desired: int | None = None) -> None:
        """The stack App holds this service, and says that it runs `own` ("": it does not tell)."""
        self.stacks.declares = {"App": DeclaredServices((DeclaredService("Service"),))}
        self.watcher.held = {"arn": [service]}
        self.services.stacks_own = {"arn": (own, desired)}

    def infrastructure(self, carried):
        """What is read by a list: that one, or this machine's own. The list itself counts."""
        self.hashed.append(carried)
        listed = carried or self.own
        if listed is UNREADABLE:
            raise DeployError("unreadable", "an input of the CDK app cannot be read")
        by = [Input(f"traced:{path}", kind) for kind, path in listed["entries"]] if listed else []
        return of_infrastructure((), {}, {}, {"infra": self.infra}, [*by, *self.traced])

    def synthesise_by(self, listed):
        """From now on each synth leaves this list."""
        self.stacks.meanwhile = lambda: setattr(self, "own", listed)

    def move(self):
        """Go on at another machine, which has run nothing yet."""
        self.own = None
        shutil.rmtree(cache_directory(), ignore_errors=True)
        self.hashed.clear()

    def up(self, **flags) -> str:
        """Run `up`; returns the kind of run it was."""
        return recorded_run(self.context(**flags), 5)[1].kind

    def done(self) -> tuple[int, list[str]]:
        """How many images were built and which stacks were deployed since the last look."""
        seen = len(self.engine.built), [step.stack for step in self.stacks.deployed]
        self.engine.built.clear()
        self.stacks.deployed.clear()
        return seen


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    return World(root)


def test_from_nothing_and_then_nothing(world):
    assert world.up() == "first"
    assert world.done() == (1, ["Registry", "App"])
    assert world.engine.saw == [{"app": b"one"}]
    assert world.up() == "noop"
    assert world.done() == (0, [])
    assert world.stacks.synths == 1
    assert "Nothing to do" in world.talk.getvalue()


def test_what_was_pushed_is_recorded_and_nothing_else_asks(world):
    store = FakeContents()
    world.contents = [FakeContents(fails=True), store]
    world.up()
    ((repository, tag),) = store.records
    assert (str(repository), tag) == ("team/app", next(iter(world.registry.repositories["team/app"])))
    assert world.talk.getvalue().count("what it was made of could not be recorded") == 1
    store.fails = True
    assert world.up() == "noop"
    assert world.talk.getvalue().count("could not be recorded") == 1


def test_a_push_that_is_not_confirmed_leaves_no_record(world):
    store = FakeContents()
    world.contents, world.engine.loses_pushes = [store], True
    with pytest.raises(DeployError):
        world.up()
    assert store.records == {}


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


def test_another_operation_is_waited_for_and_everything_planned_again(world):
    world.up()
    world.done()
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], parameters={})
    world.stacks.script = ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert (world.up(), world.done()) == ("code", (0, ["App"]))


def test_an_operation_that_does_not_end_is_an_error(world):
    world.up()
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 50
    with pytest.raises(DeployError) as caught:
        recorded_run(world.context(), 0)
    assert caught.value.code == "stack-busy"


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


def test_why_the_kernel_kept_no_record_is_told_once_where_a_synth_was_made(world):
    world.up()
    for check, times in (("synth", 1), ("hash", 0)):
        world.talk = io.StringIO()
        run = world.context(check=check)
        run.ports = replace(run.ports, obstacle=lambda: "strace is not on PATH; install it")
        plan_run(run)
        assert world.talk.getvalue().count("in Python and node alone, so hashes decide less often: strace is") == times
    world.talk = io.StringIO()
    plan_run(world.context(check="synth"))
    assert "hooks" not in world.talk.getvalue()


def test_an_app_that_compiles_itself_is_synthesised_again(world):
    """What is recorded is the hash of what the second synth read, so that the next run needs none."""

    def compiled():
        world.infra = "compiled"

    world.stacks.meanwhile = compiled
    assert world.up() == "first"
    assert world.done() == (1, ["Registry", "App"])
    assert world.stacks.synths == 2
    assert world.up() == "noop"
    assert world.stacks.synths == 2


def test_an_app_that_changes_while_it_is_synthesised_is_not_deployed(world):
    def edited():
        world.infra += " and edited"

    world.stacks.meanwhile = edited
    with pytest.raises(DeployError) as caught:
        world.up()
    assert (caught.value.code, caught.value.where) == ("file-changed", "version:infra")
    assert world.done() == (0, [])


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


def test_what_synth_writes_for_its_lookups_is_recorded(world):
    run = world.context()
    fingerprints = iter([(), (), (("cdk.context.json", "644", D),)])
    run.ports = replace(run.ports, infrastructure=lambda _carried: of_infrastructure(next(fingerprints), {}, {}, {}))
    recorded_run(run, 5)
    run.ports = replace(
        run.ports, infrastructure=lambda _carried: of_infrastructure((("cdk.context.json", "644", D),), {}, {}, {})
    )
    assert plan_run(run).plan.is_empty


# -- the registry's tags -------------------------------------------------------------------------------------------


def tags(world) -> dict[str, Digest]:
    return world.registry.repositories["team/app"]


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
    assert "stack App                    it is odd [odd]" in world.talk.getvalue()


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


def test_a_placeholder_that_git_cannot_fill_stops_before_anything(world):
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(world.context(), also_tags=("{revision}",)), 5)
    assert (caught.value.code, world.done()) == ("no-revision", (0, []))


def tier(world, **flags):
    """What a plan stands on, whether it is empty, and how many synths it took."""
    before = world.stacks.synths
    run = world.context(**flags)
    try:
        planned = plan_run(run).plan
    finally:
        run.close()
    return planned.tier.value, planned.is_empty, world.stacks.synths - before


def test_an_edit_that_makes_the_same_template_is_found_out_by_one_synth_and_deploys_nothing(world):
    world.up()
    world.done()
    world.infra = "a comment was edited"
    assert tier(world) == ("synth", True, 1)
    assert tier(world) == ("hash", True, 0), "remembered"
    assert (world.up(), world.done()) == ("noop", (0, []))
    world.infra = "1"
    assert tier(world) == ("hash", True, 0)


def test_a_comment_and_a_new_image_deploy_with_the_kept_assembly_and_record_the_new_hash(world):
    world.up()
    world.infra = "a comment was edited"
    (world.root / "app").write_text("two")
    world.done()
    synths = world.stacks.synths
    assert tier(world) == ("synth", False, 1)
    assert (world.up(), world.done()) == ("code", (1, ["App"]))
    assert world.stacks.synths == synths + 1
    assert tier(world) == ("hash", True, 0)


def test_a_new_image_is_deployed_without_another_synth(world):
    world.up()
    (world.root / "app").write_text("two")
    world.done()
    assert (world.up(), world.done()) == ("code", (1, ["App"]))
    assert world.stacks.synths == 1


@pytest.mark.parametrize("edit", ["template", "tags", "topics", "protection"])
@pytest.mark.parametrize("check", ["auto", "hash", "synth"])
def test_what_somebody_else_deployed_is_seen_and_put_right(world, edit, check):
    world.up()
    world.done()
    found = world.stacks.stacks["App"]
    content = {
        "template": replace(found.content, template="somebody else's"),
        "tags": replace(found.content, tags={"a": "b"}),
        "topics": replace(found.content, notification_arns=("arn:aws:sns:::t",)),
        "protection": replace(found.content, termination_protection=True),
    }[edit]
    world.stacks.stacks["App"] = replace(found, content=content)
    if edit == "topics":
        # The app names no topics, so `cdk deploy` leaves them alone, and so do we.
        assert tier(world, check=check)[1]
        return
    assert not tier(world, check=check)[1]
    assert (world.up(check=check), world.done()) == ("infra", (0, ["App"]))


def test_in_production_every_plan_synthesises_unless_told_otherwise(world):
    world.up()
    assert tier(world, environment="prod") == ("synth", True, 1)
    assert tier(world, environment="prod") == ("synth", True, 1)
    assert tier(world, environment="prod", check="hash") == ("hash", True, 0)


def test_the_hash_tier_alone_never_synthesises_a_plan(world):
    world.up()
    world.infra = "edited"
    assert tier(world, check="hash") == ("hash", False, 0)


def test_a_call_that_no_hash_can_follow_is_named_and_decided_by_a_synth_every_time(world):
    world.traced = (Input("impure:0", "app.py:3 starts a program"),)
    world.up()
    for _ in range(2):
        assert tier(world) == ("synth", True, 1)
    assert "file hashes cannot prove that nothing changed: app.py:3 starts a program" in world.talk.getvalue()
    assert tier(world, check="hash") == ("hash", False, 0)


def test_what_a_synth_was_seen_to_read_counts_from_then_on(world):
    run = world.context()
    seen = (Input("traced:read:shared.json", "644 one"),)
    synth = world.stacks.synth

    class Traced(FakeStacks):
        def synth(self, assembly, on_line, given):
            world.traced = seen
            return synth(assembly, on_line, given)

    run.ports = replace(run.ports, deployer=Traced(world.stacks.stacks, world.stacks.makes_repositories))
    recorded_run(run, 5)
    assert tier(world) == ("hash", True, 0)
    world.traced = (Input("traced:read:shared.json", "644 two"),)
    assert tier(world) == ("synth", True, 1)
    world.traced = ()
    assert tier(world) == ("synth", True, 1), "a machine without the trace does not believe its hash"


def test_an_app_without_the_records_is_decided_by_a_synth_or_by_what_this_machine_remembers(world):
    world.stacks.parameters = ("ImageTag",)
    assert world.up() == "first"
    assert "its template takes no RajeeInfraHash and no RajeeTemplateHash" in world.talk.getvalue()
    assert tier(world) == ("hash", True, 0)
    shutil.rmtree(cache_directory())
    assert tier(world) == ("synth", True, 1)
    world.stacks.app = {"Registry": "one", "App": "two"}
    world.done()
    world.infra = "2"
    assert (world.up(), world.done()) == ("infra", (0, ["App"]))


def test_the_revision_is_recorded_and_is_no_change_by_itself(world):
    world.up()
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "1" * 40
    world.revision = "2" * 40
    assert tier(world) == ("hash", True, 0)


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


# -- deploying: who agrees, who is quicker, what ECS runs ----------------------------------------------------------


def refused(world, code, **changes):
    """`up` with a changed context, which must end with this error and deploy nothing more."""
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(world.context(), **changes), 5)
    assert caught.value.code == code
    return caught.value


def test_broader_permissions_need_a_yes_where_the_settings_say_so(world):
    world.stacks.broader = {"App": "IAM Statement Changes: everything"}
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", '[cdk]\napproval = "broadening"'))
    error = refused(world, "approval-needed")
    assert "--yes" in error.hint
    assert world.done() == (0, [])
    assert "everything" in world.talk.getvalue()
    assert recorded_run(replace(world.context(), assume_yes=True), 5)[1].kind == "first"
    # A new image leaves the template as it is: nobody is asked.
    (world.root / "app").write_text("two")
    assert world.up() == "code"


def test_what_a_late_synth_makes_is_agreed_to_as_well(world):
    """The hash says that the infrastructure is unchanged, and the assembly of then is gone: another machine."""
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", '[cdk]\napproval = "broadening"'))
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    world.move()
    world.stacks.app = {name: f"{template} by the clock" for name, template in world.stacks.app.items()}
    world.stacks.broader = {"App": "IAM Statement Changes: everything"}
    for _ in range(2):  # the second time the assembly is there
        error = refused(world, "approval-needed")
        assert "App" in error.problem
        assert world.done() == (0, [])
        assert "other templates than the hash promised" in world.talk.getvalue()
        world.talk.truncate(0)
    assert recorded_run(replace(world.context(), assume_yes=True), 5)[1].kind == "code+infra"


def test_a_late_synth_that_makes_the_same_changes_no_plan(world):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    world.move()
    assert (world.up(), world.done()) == ("code", (1, ["App"]))
    assert "than the hash promised" not in world.talk.getvalue()


def test_without_a_terminal_nobody_is_asked_unless_the_settings_say_so(world):
    world.stacks.broader = {"App": "IAM Statement Changes: everything"}
    assert world.up() == "first"


def test_who_is_slower_plans_again_and_finds_nothing_to_do(world):
    world.up()
    (world.root / "app").write_text("two")
    other = plan_run(world.context())
    run = world.context()
    world.stacks.busy_once = True
    deployed = world.stacks.stacks["App"]
    tag = other.wanted.images[0].tag

    class Quicker(FakeStacks):
        """Somebody else deploys the same between our plan and our deployment."""

        def deploy(self, step, assembly, on_line):
            try:
                super().deploy(step, assembly, on_line)
            except DeployError:
                self.stacks["App"] = replace(deployed, parameters={**deployed.parameters, "ImageTag": tag})
                raise

    stacks = Quicker(world.stacks.stacks, world.stacks.makes_repositories, busy_once=True)
    run.ports = replace(run.ports, deployer=stacks, reader=stacks)
    planned, record = recorded_run(run, 5)
    assert (planned.plan.is_empty, record.outcome) == (True, "done")
    assert "planned again" in world.talk.getvalue()


def meanwhile(world, act) -> CurrentRun:
    """A run during whose first build somebody acts."""
    run = world.context()
    pending = [act]

    class Overtaken(FakeEngine):
        def build_and_push(self, *arguments, **more):
            if pending:
                pending.pop()()
            return super().build_and_push(*arguments, **more)

    run.ports = replace(run.ports, engine=Overtaken(world.registry))
    return run


def test_a_newer_commit_that_somebody_deploys_meanwhile_is_not_replaced(world):
    """He is quicker while we build, or while nobody answers our question."""
    world.up()
    world.done()
    (world.root / "app").write_text("two")

    def deploys_newer():
        deployed = world.stacks.stacks["App"]
        parameters = {**deployed.parameters, "ImageTag": f"c-{'9' * 40}", "RajeeRevision": "9" * 40}
        world.stacks.stacks["App"] = replace(deployed, parameters=parameters)
        world.ancestry = Ancestry.OLDER

    with pytest.raises(DeployError) as caught:
        recorded_run(meanwhile(world, deploys_newer), 5)
    assert caught.value.code == "older-revision"
    assert world.done()[1] == []
    assert "everything is planned again" in world.talk.getvalue()


def test_an_edit_of_the_template_meanwhile_is_seen_by_its_time(world):
    world.up()
    world.done()
    (world.root / "app").write_text("two")

    def edits():
        world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], since="2026-01-02T03:04:05+00:00")

    assert recorded_run(meanwhile(world, edits), 5)[1].outcome == "done"
    assert world.done()[1] == ["App"]
    assert "somebody else changed stack App" in world.talk.getvalue()


@pytest.mark.parametrize("wait", [0, 5])
def test_who_is_overtaken_for_ever_gives_up(world, wait):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    run = world.context()
    seen = iter(f"2026-01-02T03:04:{second:02}+00:00" for second in range(60))

    class Moving(FakeStacks):
        def describe(self, stack):
            return replace(super().describe(stack), since=next(seen))

    run.ports = replace(run.ports, reader=Moving(world.stacks.stacks))
    if wait:
        with pytest.raises(StopIteration):
            recorded_run(run, wait)
        return
    with pytest.raises(DeployError) as caught:
        recorded_run(run, wait)
    assert caught.value.code == "stack-changed"
    assert world.talk.getvalue().count("everything is planned again") == 2


def test_whose_the_cli_would_be_is_asked_where_it_is_started(world):
    world.up()
    assert world.stacks.accounts == ["123456789012"]
    world.up()
    assert world.stacks.accounts == ["123456789012"]
    (world.root / "app").write_text("two")
    world.up()
    assert world.stacks.accounts == ["123456789012"] * 2


def test_an_older_revision_does_not_replace_a_newer_one(world):
    world.up()
    world.done()
    world.ancestry = Ancestry.OLDER
    (world.root / "app").write_text("two")
    refused(world, "older-revision")
    assert world.done() == (0, [])
    allowed = replace(world.context(), rules=Rules(allow_rollback=True))
    assert recorded_run(allowed, 5)[1].kind == "code"
    assert world.up() == "noop", "a different revision alone is no change"


@pytest.mark.parametrize("ancestry", [Ancestry.UNKNOWN, Ancestry.DIVERGED])
def test_unknown_ancestry_warns_and_goes_on_unless_it_is_required(world, ancestry):
    world.up()
    world.done()
    world.ancestry = ancestry
    (world.root / "app").write_text("two")
    refused(world, "unknown-ancestry", rules=Rules(require_ancestry=True))
    assert world.done() == (0, [])
    assert world.up() == "code"
    assert "[unknown-ancestry]" in world.talk.getvalue()


def test_a_checkout_of_which_git_says_nothing_is_told_and_the_guard_is_not_silent(world):
    world.up()
    world.done()

    def commit():
        raise DeployError("git-refused", "git does not say", where="/here", cause="fatal: dubious", hint="git config x")

    world.ancestry = Ancestry.UNKNOWN
    (world.root / "app").write_text("two")
    run = world.context()
    run = replace(run, ports=replace(run.ports, commit=commit))
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(run, rules=Rules(require_ancestry=True)), 5)
    assert caught.value.code == "unknown-ancestry"
    assert "fatal: dubious" in caught.value.cause
    assert recorded_run(run, 5)[1].kind == "code"
    told = " ".join(world.talk.getvalue().split())
    assert "[git-refused]" in told
    assert "fatal: dubious" in told
    assert "git config x" in told
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "-"


def test_files_are_compared_with_the_commit_only_where_something_is_deployed(world):
    asked = []
    run = world.context()
    run = replace(run, ports=replace(run.ports, is_changed=lambda: asked.append(1) or True))
    plan_run(run)
    assert asked == []
    recorded_run(run, 5)
    assert asked
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "1" * 40 + "-dirty"


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


def test_only_another_operation_is_waited_for(world):
    """Any other trouble is told at once: planned again, it would be tried until the time is over."""

    class Refusing(FakeStacks):
        def deploy(self, step, assembly, on_line):
            self.tries = getattr(self, "tries", 0) + 1
            if self.tries == 1:
                raise DeployError("deploy-failed", "cdk failed")
            super().deploy(step, assembly, on_line)

    run = world.context()
    stacks = Refusing(world.stacks.stacks, world.stacks.makes_repositories)
    run.ports = replace(run.ports, deployer=stacks, reader=stacks)
    with pytest.raises(DeployError) as caught:
        recorded_run(run, 5)
    assert (caught.value.code, stacks.tries) == ("deploy-failed", 1)


def test_another_operation_is_waited_for_no_longer_than_allowed(world):
    world.stacks.busy_once = True
    with pytest.raises(DeployError) as caught:
        recorded_run(world.context(), 0)
    assert caught.value.code == "stack-busy"
    assert world.done() == (0, [])


# -- another machine -----------------------------------------------------------------------------------------------


def decided(world, **flags) -> tuple[list[str], str, int]:
    """The steps of a plan, the tier that it stands on, and how many synths it took."""
    before = world.stacks.synths
    plan = plan_run(world.context(**flags)).plan
    return [str(step) for step in plan.steps], plan.tier.value, world.stacks.synths - before


def test_a_machine_that_never_ran_the_tool_decides_by_the_lists_that_the_stacks_carry(world):
    world.synthesise_by(LIST)
    world.up()
    assert [state.carried for state in world.stacks.stacks.values()] == [LIST, LIST]
    world.move()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None, LIST], "one list is hashed once"
    world.infra = "2"
    assert decided(world)[1:] == ("synth", 1)


def test_where_the_own_list_agrees_nothing_is_hashed_twice(world):
    world.synthesise_by(LIST)
    world.up()
    world.hashed.clear()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None]


def test_each_stack_is_judged_by_its_own_list(world):
    world.proofs = None
    world.synthesise_by(LIST)
    world.up()
    world.infra, world.stacks.app["App"] = "2", "two"
    world.synthesise_by(OTHER_LIST)
    assert world.up() == "infra"
    assert [world.stacks.stacks[name].carried for name in ("Registry", "App")] == [LIST, OTHER_LIST]
    world.move()
    assert decided(world) == ([], "synth", 1), "what Registry was made of is gone"
    world.move()
    registry = world.stacks.stacks["Registry"]
    recorded = {**registry.parameters, "RajeeInfraHash": str(world.infrastructure(LIST).digest)}
    world.stacks.stacks["Registry"] = replace(registry, parameters=recorded)
    assert decided(world) == ([], "hash", 0)
    assert world.hashed[1:] == [None, LIST, OTHER_LIST]


@pytest.mark.parametrize("hostile", [OTHER_LIST, UNREADABLE, {**LIST, "entries": []}])
def test_another_list_than_that_of_the_deployment_costs_a_synth_and_hides_nothing(world, hostile):
    world.synthesise_by(LIST)
    world.up()
    for change in (False, True):
        world.move()
        for name, state in world.stacks.stacks.items():
            world.stacks.stacks[name] = replace(state, carried=hostile)
        world.infra, world.stacks.app["App"] = ("2", "two") if change else ("1", "one")
        steps, tier, synths = decided(world)
        assert (len(steps), tier, synths) == (int(change), "synth", 1)


def test_a_stack_whose_list_was_lost_costs_a_synth(world):
    world.synthesise_by(LIST)
    world.up()
    world.move()
    for name, state in world.stacks.stacks.items():
        world.stacks.stacks[name] = replace(state, carried=None)
    assert decided(world) == ([], "synth", 1)
    assert decided(world) == ([], "hash", 0), "for this machine knows now"


def test_a_list_that_may_not_travel_is_not_sent_and_an_old_one_does_not_stay(world):
    world.synthesise_by(LIST)
    world.up()
    world.publishes, world.infra, world.stacks.app["App"] = False, "2", "two"
    world.up()
    assert world.stacks.stacks["App"].carried is None


def test_an_image_alone_leaves_the_list_and_its_hash(world):
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", '[cdk]\ntag-only = "cloudformation"'))
    world.synthesise_by(LIST)
    world.up()
    recorded = world.stacks.stacks["App"].parameters["RajeeInfraHash"]
    world.move()
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    state = world.stacks.stacks["App"]
    assert (state.parameters["RajeeInfraHash"], state.carried, world.stacks.synths) == (recorded, LIST, 1)


def test_what_is_remembered_goes_with_the_list_of_its_synth(world):
    """A machine that has been elsewhere meanwhile: its list is another, but it knows what these inputs make."""
    world.synthesise_by(LIST)
    world.up()
    for name, state in world.stacks.stacks.items():
        lost = {**state.parameters, "RajeeInfraHash": "sha256:of-other-inputs"}
        world.stacks.stacks[name] = replace(state, parameters=lost)
    world.own = OTHER_LIST
    assert decided(world) == ([], "hash", 0)
    (world.root / "app").write_text("two")
    assert world.up() == "code"
    state = world.stacks.stacks["App"]
    assert state.parameters["RajeeInfraHash"] == str(world.infrastructure(LIST).digest), "never that of another list"


def test_a_kept_assembly_of_a_carried_list_is_deployed_with_that_list(world):
    world.synthesise_by(LIST)
    world.up()
    world.own = OTHER_LIST
    state = world.stacks.stacks["App"]
    world.stacks.stacks["App"] = replace(state, content=replace(state.content, tags={"by": "somebody"}))
    assert world.up() == "infra"
    found = world.stacks.stacks["App"]
    assert (found.carried, found.content.tags, world.stacks.synths) == (LIST, {}, 1)
    assert found.parameters["RajeeInfraHash"] == str(world.infrastructure(LIST).digest)


def test_what_is_not_installed_here_is_told_once(world):
    world.synthesise_by(LIST)
    world.up()
    world.traced = (Input("toolchain-taken:node", "20"), Input("toolchain-taken:cdk-cli", "2"))
    world.move()
    assert world.up() == "noop"
    assert world.talk.getvalue().count("not installed here, taken as recorded: cdk-cli, node\n") == 1


def test_plan_repeats_what_is_left_out_though_synth_reads_it(world):
    world.up()
    world.traced = (Input("ignored:./cdk/notes.md", "by cdk.ignore"),)
    assert world.up() == "noop"
    assert "left out by cdk.ignore, though synth reads it: ./cdk/notes.md\n" in world.talk.getvalue()


# -- what a synth proves for all machines ----------------------------------------------------------------------------


@pytest.fixture
def edited(world) -> World:
    """A comment was edited since the deployment: other inputs, the same templates. Nobody has synthesised it yet."""
    world.synthesise_by(LIST)
    world.up()
    world.infra = "2"
    world.move()
    return world


def test_an_edit_that_changes_no_template_is_synthesised_once_for_everybody(edited):
    assert edited.up() == "noop"
    assert edited.stacks.synths == 2
    edited.move()
    assert decided(edited) == ([], "hash", 0)
    assert edited.up() == "noop"
    assert edited.stacks.synths == 2
    proofs = [json.loads(gzip.decompress(record.document)) for record in edited.proofs.records.values()]
    assert sorted(said["stack"] for said in proofs) == ["App", "Registry"]


@pytest.mark.parametrize("check", ["auto", "hash"])
def test_a_proof_is_of_these_inputs_and_of_this_template_alone(edited, check):
    edited.up()
    edited.move()
    assert decided(edited, check=check) == ([], "hash", 0)
    app = edited.stacks.stacks["App"]
    others = {
        "inputs": lambda: setattr(edited, "infra", "3"),
        "template": lambda: edited.stacks.stacks.update(App=replace(app, content=replace(app.content, template="x"))),
        "list": lambda: edited.stacks.stacks.update(App=replace(app, carried=OTHER_LIST)),
    }
    for change in others.values():
        edited.infra, edited.stacks.stacks["App"] = "2", app
        change()
        edited.move()
        steps, tier, synths = decided(edited, check=check)
        assert (tier, synths) == ("synth", 1) if check == "auto" else steps != []


def test_a_plan_keeps_no_proof_and_the_run_after_it_does(edited):
    assert decided(edited) == ([], "synth", 1)
    assert edited.proofs.records == {}
    edited.up()
    assert len(edited.proofs.records) == 2
    assert edited.stacks.synths == 2


def test_equal_hashes_ask_for_no_proof(world):
    world.synthesise_by(LIST)
    world.up()
    before = world.registry.looks
    world.up()
    assert world.registry.looks == before + 1
    assert world.proofs.records == {}


def test_where_a_synth_is_asked_for_no_proof_is_enough(edited):
    edited.up()
    edited.move()
    assert decided(edited, check="synth") == ([], "synth", 1)


def test_an_app_that_no_hash_can_follow_proves_nothing(edited):
    edited.traced = (Input("impure:0", "app.py:1 forks"),)
    edited.up()
    assert edited.proofs.records == {}
    edited.traced = ()
    edited.move()
    edited.up()
    edited.traced = (Input("impure:0", "app.py:1 forks"),)
    edited.move()
    assert decided(edited)[1:] == ("synth", 1)


def test_a_proof_that_cannot_be_kept_or_asked_for_costs_a_synth(edited):
    edited.proofs.fails = True
    assert edited.up() == "noop"
    assert "what synth found out could not be kept" in edited.talk.getvalue()
    edited.proofs.fails = False
    edited.up()
    edited.move()
    run = edited.context()

    class Silent(FakeRegistry):
        def find(self, repository, references):
            if any(reference.startswith("m-") for reference in references):
                raise DeployError("throttled", "AWS throttled the call")
            return super().find(repository, references)

    run.ports = replace(run.ports, registry=Silent(edited.registry.repositories, edited.registry.contents))
    assert plan_run(run).plan.tier.value == "synth"


def test_an_app_without_images_has_no_place_for_proofs(edited):
    text = (edited.root / "rajee-deploy.toml").read_text()
    (edited.root / "rajee-deploy.toml").write_text(
        text[text.index("[cdk]") :].replace('"Registry", "App"', '"Registry"')
    )
    assert edited.up() == "noop"
    assert edited.proofs.records == {}


LONG = {**LIST, "obstacles": ["x" * MOST_BYTES]}


def test_a_list_that_is_too_long_for_a_template_lies_in_the_registry(world):
    world.synthesise_by(LONG)
    world.up()
    assert [state.carried for state in world.stacks.stacks.values()] == [None, None]
    assert "could not be kept" not in world.talk.getvalue()
    world.move()
    assert decided(world) == ([], "hash", 0)
    assert world.hashed == [None, LONG, LONG], "by each stack's"
    world.move()
    world.infra = "2"
    assert world.up() == "noop"
    assert world.stacks.synths == 2
    world.move()
    assert decided(world) == ([], "hash", 0), "a proof by such a list"


def test_without_a_repository_such_a_list_lies_nowhere_and_that_is_told(world):
    text = (world.root / "rajee-deploy.toml").read_text()
    (world.root / "rajee-deploy.toml").write_text(
        text[text.index("[cdk]") :].replace('"Registry", "App"', '"Registry"')
    )
    world.synthesise_by(LONG)
    world.up()
    assert "so other machines synthesise to decide: the settings have no image" in " ".join(
        world.talk.getvalue().split()
    )
    world.move()
    assert decided(world) == ([], "synth", 1)


def test_an_edit_that_reads_more_and_makes_the_same_leads_on_to_its_list(edited):
    """The deployed list is of the former synth; the next edit leads on from there."""
    edited.synthesise_by(OTHER_LIST)
    assert edited.up() == "noop"
    edited.move()
    assert decided(edited) == ([], "hash", 0)
    edited.move()
    edited.infra = "3"
    assert decided(edited)[1:] == ("synth", 1)


@pytest.mark.parametrize("planted", [UNREADABLE, {**LIST, "entries": [["file", "another.py"]]}, None])
def test_a_list_that_somebody_planted_in_the_registry_costs_a_synth_and_no_more(edited, planted):
    edited.synthesise_by(OTHER_LIST)
    edited.up()
    lists = {key: one for key, one in edited.proofs.records.items() if b"proof" not in gzip.decompress(one.document)}
    assert len(lists) == 2
    text = encoded(planted).encode() if planted else b"no list"
    for key in lists:
        edited.proofs.records[key] = Record(gzip.compress(text))
    edited.move()
    assert decided(edited) == ([], "synth", 1)
    edited.move()
    edited.stacks.app["App"] = "two"
    steps, tier, synths = decided(edited)
    assert (len(steps), tier, synths) == (1, "synth", 1)


def test_a_record_that_is_no_document_is_no_list(edited):
    edited.synthesise_by(OTHER_LIST)
    edited.up()
    for key in list(edited.proofs.records):
        edited.proofs.records[key] = Record(b"\x1f\x8b cut off")
    edited.move()
    assert decided(edited) == ([], "synth", 1)


def test_a_list_that_no_machine_would_take_stops_nothing(world):
    world.synthesise_by({**LIST, "entries": [["file", "../elsewhere"]]})
    assert world.up() == "first"
    assert [state.carried for state in world.stacks.stacks.values()] == [None, None]
    assert "no other machine would take" in world.talk.getvalue()
    world.infra = "2"
    assert world.up() == "noop"
    assert len(world.proofs.records) == 2, "the proofs alone"


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
