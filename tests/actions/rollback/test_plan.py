"""The way back as a plan: what is decided, and that what is shown is what is then done."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import dataclass, replace

import pytest
import typer
from fakes import FakeEngine, FakeRegistry, FakeStacks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollback_worlds import OWN, Project

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.rollback import Asked, Target
from rajee_deploy.actions.rollback.preview import preview, show
from rajee_deploy.actions.rollback.recorded import of_preview
from rajee_deploy.cli.rollback import _preview, rollback
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import DeployBy
from rajee_deploy.model.repository import Repository
from rajee_deploy.model.stack_status import STATUSES, is_undone, is_updatable
from rajee_deploy.plan.rollback import Way, plan_rollback
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageForeign,
    ImagePresent,
    Observed,
    RepositoryAbsent,
    StackPresent,
    Tagged,
    WantedImage,
)
from rajee_deploy.plan.steps import BuildAndPush, ConfirmRollout, DeployStack, MoveTag, Skip, StackChange, Via
from rajee_deploy.report.history import History
from rajee_deploy.rollout import Service
from rajee_deploy.system.places import state_directory

A, B, C = (Digest("sha256", letter * 64) for letter in "abc")
OLD, NEW = (Fingerprint("s", digest, ()).tag for digest in (A, B))
REPOSITORY = Repository("team/app")
LINUX = Platform("linux", "amd64")
OTHERWISE = "the CDK CLI can do it instead: git checkout r1 && rajee-deploy up --allow-rollback"


def way(name: str = "app", parameter: str = "ImageTag", revision: str = "r1", by=DeployBy.TAG) -> Way:
    keeper = "App" if name == "app" else f"App_{parameter}"
    image = WantedImage(name, Fingerprint("s", A, ()), REPOSITORY, "App", parameter, (LINUX,), by, keeper)
    return Way(image, Target(OLD, "it was asked for"), NEW, revision)


def seen(status: str = "UPDATE_COMPLETE", image=None, **parameters: str) -> Observed:
    """Both images are there, and what runs is shielded."""
    references = {"live-App": B, "prev-App": A, OLD: A, NEW: B, str(A): A, str(B): B}
    states = {name: image or ImagePresent(A) for name in ("app", "other")}
    stack = StackPresent(status, {"ImageTag": NEW, "RajeeRevision": "r2", **parameters}, {}, "because")
    return Observed(states, {"App": stack}, {(REPOSITORY, name): Tagged(digest) for name, digest in references.items()})


def only(plan) -> DeployStack:
    (step,) = plan.steps
    assert isinstance(step, DeployStack)
    return step


def test_back_is_one_update_by_cloudformation_with_the_shields_around_it():
    step = only(plan_rollback([way()], seen()))
    assert step.parameters == (("ImageTag", OLD), ("RajeeRevision", "r1"))
    assert (step.via, step.changes, step.otherwise) == (Via.CLOUDFORMATION, (StackChange.TAG,), OTHERWISE)
    assert step.reason == f"the image changed (ImageTag): {NEW[:14]} → {OLD[:14]}"
    assert [(move.tag, move.target) for move in step.before] == [("prev-App", str(B)), ("live-App", OLD)]
    assert [(move.tag, move.target) for move in step.undo] == [("live-App", str(B))]


def test_a_stack_without_a_place_for_the_revision_is_told_none():
    observed = seen()
    state = replace(observed.stacks["App"], parameters={"ImageTag": NEW})
    assert only(plan_rollback([way()], replace(observed, stacks={"App": state}))).parameters == (("ImageTag", OLD),)


def test_what_runs_already_is_skipped_with_its_proof():
    plan = plan_rollback([way()], seen(ImageTag=OLD))
    assert [type(step) for step in plan.steps] == [MoveTag], "live- named what ran before"
    assert plan.kind == "tags"
    assert Skip("stack App", f"UPDATE_COMPLETE, and it records ImageTag {OLD[:14]} already") in plan.skipped


@pytest.mark.parametrize("status", sorted(status for status in STATUSES if is_updatable(status)))
def test_a_stack_that_was_rolled_back_is_not_believed(status):
    plan = plan_rollback([way()], seen(status, ImageTag=OLD))
    deploys = [step for step in plan.steps if isinstance(step, DeployStack)]
    assert bool(deploys) == is_undone(status)
    for step in deploys:
        assert (step.changes, step.parameters) == ((StackChange.ROLLED_BACK,), (("ImageTag", OLD),))
        assert f"({status}: because)" in step.reason


def test_a_lost_image_is_built_first_and_its_digest_is_known_then():
    observed = seen(image=ImageAbsent())
    build, step = plan_rollback([way()], observed).steps
    assert build == BuildAndPush("app", OLD, "team/app lost it; from r1")
    assert (step.parameters[0], step.digests) == (("ImageTag", OLD), ())
    _, step = plan_rollback([way(by=DeployBy.DIGEST)], seen(image=ImageAbsent(), ImageTag=str(B))).steps
    assert step.digests == (("ImageTag", REPOSITORY, OLD),)
    step = only(plan_rollback([way(by=DeployBy.DIGEST)], seen(ImageTag=str(B))))
    assert (step.parameters[0], step.digests) == (("ImageTag", str(A)), ())


def test_an_image_that_runs_and_is_lost_is_built_again_and_it_is_said_what_that_does_not_do():
    plan = plan_rollback([way()], seen(image=ImageAbsent(), ImageTag=OLD))
    assert [type(step) for step in plan.steps] == [BuildAndPush, MoveTag]
    assert [notice.code for _, notice in plan.notices] == ["deployed-image-expired"]


def test_what_cannot_be_trusted_or_pushed_stops_it():
    for image, code in ((ImageForeign(C, "x"), "image-not-ours"), (RepositoryAbsent(), "no-repository")):
        with pytest.raises(DeployError) as caught:
            plan_rollback([way()], seen(image=image))
        assert caught.value.code == code


@pytest.mark.parametrize(("second", "recorded"), [("r1", "r1"), ("r0", "-")])
def test_two_images_of_a_stack_are_one_update_and_record_the_revision_that_both_are_of(second, recorded):
    ways = [way(), way("other", "OtherTag", second)]
    step = only(plan_rollback(ways, seen(OtherTag=NEW)))
    assert dict(step.parameters) == {"ImageTag": OLD, "OtherTag": OLD, "RajeeRevision": recorded}


# -- what is shown is what is done -----------------------------------------------------------------------------------


@dataclass
class Recording:
    """Any of the fakes, and which of its methods were called that change the world."""

    of: object
    writes: list[str]

    CHANGES = frozenset(
        {
            "put_tag",
            "push_access",
            "build_and_push",
            "update",
            "execute",
            "deploy",
            "prepare",
            "run",
            "put",
            "check",
        }
    )

    def __getattr__(self, name: str):
        if name in self.CHANGES:
            self.writes.append(f"{type(self.of).__name__}.{name}")
        return getattr(self.of, name)


def ask(world: Project, tag: str | None) -> Asked:
    run = world.context()
    return Asked(
        run.images, tag, Origin(run.settings.path, None, lambda image: image), wait_seconds=5, poll_seconds=0.01
    )


def previewed(world: Project, tag: str | None = None):
    """The preview, and what it wrote by any door, or into any directory."""
    writes: list[str] = []
    run = world.context()
    ports = run.ports
    watched = {
        name: Recording(getattr(ports, name), writes)
        for name in ("registry", "reader", "deployer", "engine", "watcher", "updater", "services", "secrets")
    }
    contents = [Recording(store, writes) for store in world.build_records]
    run = replace(run, ports=replace(ports, **watched, build_records=lambda: contents))
    files = {path: path.read_bytes() for top in (world.root, state_directory()) for path in files_of(top)}
    planned = preview(run, ask(world, tag))
    assert writes == []
    assert files == {path: path.read_bytes() for top in (world.root, state_directory()) for path in files_of(top)}
    return planned


def files_of(top):
    """Without git's own: a checkout reads its objects, and may pack them."""
    return [path for path in top.rglob("*") if path.is_file() and ".git" not in path.parts]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two commits, deployed one after the other: made once, and copied for each example."""
    with pytest.MonkeyPatch.context() as patch:
        top = tmp_path_factory.mktemp("made")
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(top / "state"))
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(top / "cache"))
        (top / "project").mkdir()
        yield Project(top / "project")


@pytest.fixture
def world(made, tmp_path, monkeypatch):
    return fresh(made, tmp_path, monkeypatch)


def fresh(made: Project, tmp_path, monkeypatch) -> Project:
    """The same world again, whatever was done to the last one."""
    import copy

    top = tmp_path / "again"
    shutil.rmtree(top, ignore_errors=True)
    shutil.copytree(made.root.parent, top, symlinks=True)
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(top / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(top / "cache"))
    world = copy.copy(made)
    world.root = top / "project"
    history = History().path
    history.write_text(history.read_text().replace(str(made.root), str(world.root)))
    world.registry = copy.deepcopy(made.registry)
    world.engine = FakeEngine(world.registry)
    world.stacks = FakeStacks(makes_repositories={}, stacks=dict(made.stacks.stacks))
    world.build_records = copy.deepcopy(made.build_records)
    world.watcher, world.talk = copy.deepcopy(made.watcher), type(made.talk)()
    world.services = replace(made.services, watcher=world.watcher)
    return world


LOST = {"none": (), "target": ("first",), "running": ("second",), "both": ("first", "second")}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.sampled_from([None, "first", "second"]),
    lost=st.sampled_from(sorted(LOST)),
    status=st.sampled_from(["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"]),
    by_digest=st.booleans(),
    live=st.sampled_from(["first", "second", None]),
)
def test_what_is_shown_is_what_is_then_done(made, tmp_path, monkeypatch, asked, lost, status, by_digest, live):
    world = fresh(made, tmp_path, monkeypatch)
    tags = world.registry.repositories["team/app"]
    digests = {name: tags[getattr(world, name)] for name in ("first", "second")}
    tags.pop("live-App", None)
    if live:
        tags["live-App"] = digests[live]
    runs = str(digests["second"]) if by_digest else world.second
    world.put(status=status, parameters={**world.stacks.stacks["App"].parameters, "ImageTag": runs})
    for name in LOST[lost]:
        world.lose(getattr(world, name))
    tag = getattr(world, asked) if asked else None

    shown = outcome(lambda: previewed(world, tag))
    before = dict(tags)
    done = outcome(lambda: world.back(tag))
    if isinstance(shown, str):
        assert done == shown
        assert (tags, world.engine.built, world.stacks.updated) == (before, [], [])
        return
    returns, _ = done
    assert returns == shown.returns
    steps = shown.plan.steps
    built = [step.tag for step in steps if isinstance(step, BuildAndPush)]
    assert [reference.rpartition(":")[2] for reference in world.engine.built] == built
    deploys = [step for step in steps if isinstance(step, DeployStack)]
    expected = {} if not deploys else dict(deploys[0].declared)
    now = world.stacks.stacks["App"].parameters
    for key, value in expected.items():
        assert now[key] == (value if not value.startswith("the digest of") else str(tags[built[0]]))
    moves = [step for step in steps if isinstance(step, MoveTag)] + [move for step in deploys for move in step.before]
    for move in moves:
        assert tags[move.tag] == tags.get(move.target, move.target) or str(tags[move.tag]) == move.target
    unmoved = {tag for tag in before if tag not in {move.tag for move in moves}}
    assert {tag: tags[tag] for tag in unmoved} == {tag: before[tag] for tag in unmoved}


def outcome(do):
    """What it gives, or the code of its error."""
    try:
        return do()
    except DeployError as error:
        return error.code


def test_the_preview_says_the_words_of_plan_and_its_document_is_a_plan(world):
    planned = previewed(world)
    run = replace(world.context(), console=Console(stderr=world.talk))
    show(run, planned)
    text = world.talk.getvalue()
    for words in (f"→ app {world.first[:9]}", "update App", "the image only: by parameter, no synth"):
        assert words in " ".join(text.split())
    assert "infrastructure decided" not in text
    document = of_preview(planned, 1.0)
    assert (document["schema"], document["changes"], document["kind"]) == ("rajee-deploy.plan/1", True, "code")
    assert document["infrastructure"] is None
    assert document["rollback"]["app"] == {
        "stack": "App",
        "before": world.second,
        "tag": world.first,
        "because": "prev-App of team/app names it",
        "revision": world.git("rev-parse", "HEAD~1"),
        "dirty": False,
        "built": False,
        "was_there": False,
    }


def test_the_preview_ends_as_a_plan_does(world, capsys):
    for tag, detailed, code in ((None, True, 2), (None, False, 0), (world.second, True, 0)):
        with pytest.raises(typer.Exit) if code else nullcontext() as ended:
            _preview(world.context(), ask(world, tag), as_json=True, detailed_exitcode=detailed)
        assert not code or ended.value.exit_code == code
        document = json.loads(capsys.readouterr().out)
        assert document["changes"] == (tag is None)
    with pytest.raises(ConfigurationError) as caught:
        rollback(detailed_exitcode=True)
    assert caught.value.code == "bad-flag"


def test_the_preview_of_a_busy_stack_says_that_it_would_wait(world):
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 5
    planned = previewed(world)
    assert (planned.plan.kind, planned.returns) == ("wait", [])


def test_a_lost_image_whose_revision_gives_another_one_is_refused_by_the_preview_too(world):
    (world.root / "app").write_text("dirty")
    world.up()
    dirty = world.runs()
    world.deploy("three")
    world.lose(dirty)
    assert outcome(lambda: previewed(world, dirty)) == "revision-differs"
    assert outcome(lambda: world.back(dirty)) == "revision-differs"


def test_a_rollout_that_nobody_confirmed_is_a_step(world):
    world.hold(Service("api", (replace(OWN, state="FAILED"),)), "task/app:2")
    world.watcher.task_definitions = {"task/app:2": ("team/app:x",)}
    planned = previewed(world, world.second)
    assert [type(step) for step in planned.plan.steps] == [ConfirmRollout]


def test_what_the_services_run_instead_is_told_before_they_go_back(world):
    world.hold(Service("api", (replace(OWN, task_definition="task/other:1"),)), "task/app:2")
    world.watcher.task_definitions = {"task/app:2": ("team/app:x",), "task/other:1": ("nginx:1",)}
    assert [caution.code for caution in previewed(world).plan.cautions] == ["service-drift"]


# -- what somebody does in between -----------------------------------------------------------------------------------


class Quicker(FakeStacks):
    """Somebody else is quicker, once: their operation refuses ours, and ends as `then` says."""

    def __init__(self, world: Project, then=lambda: None) -> None:
        super().__init__()
        self.world, self.then, self.tries = world, then, 0

    def update(self, stack, state, parameters, token, tags):
        self.tries += 1
        if self.tries == 1:
            self.then()
            raise DeployError("stack-busy", "another operation on stack App is under way")
        return self.world.stacks.update(stack, state, parameters, token, tags)


def back(world: Project, then=lambda: None, tag: str | None = None):
    updater = Quicker(world, then)
    return world.back(tag, ports=replace(world.context().ports, updater=updater)), updater


def test_where_it_goes_back_to_is_decided_once(world):
    """Its own shields have moved by then: `prev-` names what still runs."""
    (returns, _), updater = back(world)
    assert (world.runs(), returns[0].target.tag, updater.tries) == (world.first, world.first, 2)


def test_it_is_still_decided_when_the_other_operation_is_waited_for(world):
    def working():
        world.stacks.script += ["UPDATE_IN_PROGRESS"] * 4

    History().path.unlink()  # nothing else would tell it a second time
    _, updater = back(world, working)
    assert (world.runs(), updater.tries, world.stacks.script) == (world.first, 2, [])


def test_a_way_back_that_was_refused_is_still_there_the_next_time(world):
    """Its shields have moved, and no update followed: what `prev-` names is what still runs."""

    class Refusing(FakeStacks):
        def update(self, *_arguments):
            raise DeployError("access-denied", "no")

    with pytest.raises(DeployError):
        world.back(ports=replace(world.context().ports, updater=Refusing()))
    tags = world.registry.repositories["team/app"]
    assert tags["prev-App"] == tags[world.second]
    (returned,), _ = world.back()
    assert (world.runs(), "on this machine" in returned.target.why) == (world.first, True)
    History().path.unlink()
    tags["prev-App"] = tags[world.first]
    with pytest.raises(DeployError) as caught:
        world.back()
    assert caught.value.code == "no-previous"
    assert "prev-App of team/app names what runs now" in caught.value.cause


def test_two_who_go_back_at_once_do_not_go_forth_again(world):
    (returns, record), updater = back(world, world.back)
    assert (world.runs(), updater.tries) == (world.first, 1)
    assert (returns[0].before, returns[0].is_there, record.outcome) == (world.second, False, "done")


def test_the_repair_that_somebody_deployed_meanwhile_is_not_taken_back(world):
    def repair(digit: str = "7"):
        world.put(parameters={**world.stacks.stacks["App"].parameters, "ImageTag": f"c-{digit * 40}"})

    with pytest.raises(DeployError) as caught:
        back(world, repair)
    assert caught.value.code == "stack-changed"
    assert f"rajee-deploy rollback {world.first} --image app" in caught.value.hint
    assert world.runs() == "c-" + "7" * 40
    assert History().runs()[0][-1].outcome == "failed"
    back(world, lambda: repair("8"), world.first)
    assert world.runs() == world.first, "a tag that was named is a wish of its own"


@pytest.mark.parametrize("named", [False, True])
def test_a_deployment_between_the_plan_and_the_deed_is_noticed(world, named):
    class Late(FakeStacks):
        def observe(self, stack):
            found = world.stacks.observe(stack)
            if world.runs() == world.second:
                world.put(parameters={**found.parameters, "ImageTag": "c-" + "7" * 40})
            return found

        def describe(self, stack):
            return world.stacks.describe(stack)

    world.put(since="2026-01-01T00:00:00+00:00")
    ports = replace(world.context().ports, reader=Late())
    found = outcome(lambda: world.back(world.first if named else None, ports=ports))
    assert "somebody else changed stack App since it was planned" in world.talk.getvalue()
    assert (world.runs(), found == "stack-changed") == (world.first if named else "c-" + "7" * 40, not named)


def test_an_image_that_goes_just_before_the_deployment_is_built(world):
    class Forgetful(FakeRegistry):
        looks = 0

        def find(self, repository, references):
            found = super().find(repository, references)
            if len(references) > 1 and world.first in self.repositories["team/app"] and not world.engine.built:
                world.lose(world.first)  # after the look for the plan
            return found

    registry = Forgetful(world.registry.repositories, world.registry.contents, world.registry.indexes)
    returns, record = world.back(world.first, ports=replace(world.context().ports, registry=registry))
    assert [phase.name for phase in record.phases if "made of" in phase.name] == [], "it is recorded already"
    assert world.engine.saw[-1] == {"app": b"one"}
    assert returns[0].is_built
    assert world.runs() == world.first
