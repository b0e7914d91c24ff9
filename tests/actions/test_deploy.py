"""The deployment of one stack: who is asked, which tags move before, what counts as arrived."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeEngine, FakeRegistry, FakeSecrets, FakeServices, FakeStacks, FakeWatcher, function_with

from rajee_deploy.actions.approve import approve
from rajee_deploy.actions.deploy import Job, await_end, deploy
from rajee_deploy.actions.run import CurrentRun, Ports
from rajee_deploy.actions.tell_deployment import _service_line as service_line
from rajee_deploy.actions.tell_deployment import show_moment as show
from rajee_deploy.actions.tell_deployment import tell_time_spent
from rajee_deploy.actions.watch import Moment, Watch
from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, of_infrastructure
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import INFRA_PARAMETER
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.parameters import ParameterValue
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, StackPresent, WantedImage
from rajee_deploy.plan.steps import DeployStack, MoveTag, StackChange, Via
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, RolloutSettings, Service, Targets
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.settings import load
from rajee_deploy.stack.deployment_record import StackRecord, decode
from rajee_deploy.stack.update import Accepted

SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["App"]
approval = "broadening"
"""
OLD, NEW, OTHER = (Digest("sha256", letter * 64) for letter in "123")
REPOSITORY = Repository("team/app")
RECORDED = {"ImageTag": "c-old", INFRA_PARAMETER: "sha256:infra"}
GIVEN = (("ImageTag", "c-new"), (INFRA_PARAMETER, "sha256:infra"))
SHIELD = MoveTag("app", REPOSITORY, "live-App", "c-new", "it shields")
BACK = MoveTag("app", REPOSITORY, "live-App", str(OLD), "the deploy failed")


def wanted(name="app", letter="a", parameter="ImageTag"):
    fingerprint = Fingerprint("s", Digest("sha256", letter * 64), ())
    return WantedImage(name, fingerprint, REPOSITORY, "App", parameter, (Platform("linux", "amd64"),))


def step(*changes, **more) -> DeployStack:
    return DeployStack("App", GIVEN, "because", changes or (StackChange.TAG,), **more)


@dataclass
class World:
    """One stack that runs an image, and the fakes around it."""

    run: CurrentRun
    assembly: object
    registry: FakeRegistry
    stacks: FakeStacks
    watcher: FakeWatcher
    talk: io.StringIO
    records: dict[str, str] = field(default_factory=dict)

    def deploy(self, step, images=(), *, is_last=True, **changes):
        deploy(replace(self.run, **changes), Job(step, self.assembly, images), is_last=is_last)


class Terminal(Console):
    """A terminal where somebody answers."""

    answer = True

    def can_ask(self):
        return True

    def ask(self, question):
        self.say(question)
        return self.answer


@pytest.fixture
def world(tmp_path) -> World:
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk/cdk.json").write_text("{}")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (assembly := tmp_path / "cdk.out").mkdir()
    (assembly / "given.json").write_text("{}")
    registry = FakeRegistry({"team/app": {"c-old": OLD, "c-new": NEW, "live-App": OLD}}, {OLD: None, NEW: None})
    stacks = FakeStacks({"App": StackPresent("UPDATE_COMPLETE", dict(RECORDED), {"Url": "https://app.test"})})
    watcher, talk = FakeWatcher(), io.StringIO()
    ports = Ports(
        registry=registry,
        reader=stacks,
        deployer=stacks,
        engine=FakeEngine(registry),
        watcher=watcher,
        updater=stacks,
        services=FakeServices(watcher),
        identity=lambda: Identity("123456789012", "us-east-1"),
        infrastructure=lambda _carried: of_infrastructure((), {}, {}, {}),
    )
    settings = load(tmp_path / "rajee-deploy.toml", None)
    return World(
        CurrentRun(settings, settings.images, ports, Console(stderr=talk), apart_seconds=0),
        assembly,
        registry,
        stacks,
        watcher,
        talk,
    )


# -- who is asked --------------------------------------------------------------------------------------------------


def asked(world, *steps) -> str:
    """The code of the error that asking ends with where nobody can be asked; "" where nothing had to be asked."""
    try:
        approve(world.run, [Job(each, world.assembly, ()) for each in steps])
    except DeployError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((StackChange.TAG,), ""),
        ((StackChange.TAG, StackChange.TAG), ""),
        ((StackChange.TAG, StackChange.INFRASTRUCTURE), "approval-needed"),
        ((StackChange.INFRASTRUCTURE, StackChange.TAG), "approval-needed"),
        ((StackChange.INFRASTRUCTURE,), "approval-needed"),
        ((StackChange.FIRST,), "approval-needed"),
        ((StackChange.ROLLED_BACK,), "approval-needed"),
        ((StackChange.ROLLED_BACK, StackChange.TAG), "approval-needed"),
    ],
)
def test_only_a_new_image_alone_needs_nobody(world, changes, code):
    """A tag and permissions that change together are a change of permissions."""
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(*changes)) == code


def test_a_template_that_stays_needs_nobody(world):
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(StackChange.ROLLED_BACK, via=Via.CLOUDFORMATION)) == ""


def test_parameters_that_may_permit_something_are_asked_about(world):
    """Their lines are in the step; the template need not be compared for them."""
    lines = (("Reader", "Reader: a → b"),)
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(StackChange.PARAMETER)) == ""
    assert asked(world, step(StackChange.TAG, StackChange.PARAMETER)) == ""
    for each in (step(StackChange.PARAMETER), step(StackChange.PARAMETER, via=Via.CLOUDFORMATION)):
        assert asked(world, replace(each, parameter_changes=lines)) == "approval-needed"
    assert "everything" not in world.talk.getvalue()
    assert world.talk.getvalue().splitlines()[-1] == "Reader: a → b"
    assert asked(world, replace(step(StackChange.INFRASTRUCTURE), parameter_changes=lines)) == "approval-needed"
    assert "everything" in world.talk.getvalue()


def test_every_stack_is_looked_at(world):
    world.stacks.broader = {"Last": "one\ntwo"}
    same, narrow, last = (
        step(StackChange.TAG),
        replace(step(StackChange.FIRST), stack="Narrow"),
        replace(step(StackChange.FIRST), stack="Last"),
    )
    assert asked(world, same, narrow, last) == "approval-needed"
    assert world.talk.getvalue().splitlines()[-3:] == ["Last would get broader permissions:", "one", "two"]


def test_nothing_is_compared_where_nobody_needs_to_be_asked(world):
    world.stacks.broader = {"App": "everything"}
    approve(replace(world.run, assume_yes=True), [Job(step(StackChange.FIRST), world.assembly, ())])
    assert world.talk.getvalue() == ""


@pytest.mark.parametrize("answer", [True, False])
def test_the_answer_decides(world, answer):
    world.stacks.broader = {"App": "everything", "Next": "more"}
    world.run.console = Terminal(stderr=world.talk)
    world.run.console.answer = answer
    both = (step(StackChange.FIRST), replace(step(StackChange.FIRST), stack="Next"))
    assert asked(world, *both) == ("" if answer else "not-approved")
    assert world.talk.getvalue().count("with these permissions?") == (2 if answer else 1)


# -- the tags before and after -------------------------------------------------------------------------------------


def test_the_shields_are_moved_before_and_told(world):
    world.deploy(step(before=(SHIELD,)))
    assert world.registry.repositories["team/app"]["live-App"] == NEW
    assert f"team/app:live-App is {NEW}" in world.talk.getvalue()
    assert [each.stack for each in world.stacks.deployed] == ["App"]


def test_a_tag_that_cannot_be_moved_is_told_and_stops_nothing(world):
    world.registry.frozen = {"live-App"}
    world.deploy(step(before=(SHIELD,)))
    assert "does not let the tag live-App be moved" in world.talk.getvalue()
    assert [each.stack for each in world.stacks.deployed] == ["App"]


def test_every_other_trouble_with_a_tag_stops_the_deployment(world):
    """An image that is gone cannot be deployed: it must not pass for a tag that is protected."""
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(replace(SHIELD, target="c-lost"),)))
    assert caught.value.code == "image-gone"
    assert world.stacks.deployed == []


@pytest.mark.parametrize(("ends_in", "live"), [("UPDATE_ROLLBACK_COMPLETE", OLD), ("UPDATE_FAILED", NEW)])
def test_after_a_failure_the_shield_goes_back_to_what_runs_on(world, ends_in, live):
    world.stacks.ends_in = ends_in
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(SHIELD,), undo=(BACK,)))
    assert caught.value.code == "deploy-not-confirmed"
    assert world.registry.repositories["team/app"]["live-App"] == live


def test_a_shield_that_does_not_go_back_is_told_and_the_failure_stays_the_news(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(SHIELD,), undo=(replace(BACK, target="c-lost"),)))
    assert caught.value.code == "deploy-not-confirmed"
    assert "live-App was not put back" in world.talk.getvalue()


def test_without_anything_to_undo_a_failure_moves_nothing(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError):
        world.deploy(step())
    assert world.registry.writes == []


# -- carried out ---------------------------------------------------------------------------------------------------


def test_what_was_only_built_now_is_told_by_its_digest(world):
    world.deploy(step(digests=(("ImageTag", REPOSITORY, "c-new"),)))
    assert world.stacks.stacks["App"].parameters["ImageTag"] == str(NEW)


@pytest.mark.parametrize("via", Via)
def test_who_does_not_wait_for_the_last_stack_leaves_it_accepted(world, via):
    world.watcher.held = {"arn": [Service("api", ())]}  # would be an objection, if anybody looked
    world.deploy(step(via=via), [wanted()], wait_for_end=False)
    assert [each.stack for each in world.stacks.deployed] == ["App"]
    assert world.stacks.updated == (["App"] if via is Via.CLOUDFORMATION else [])
    assert "stack App" in world.talk.getvalue().partition("accepted; CloudFormation goes on by itself")[0]
    assert "complete, and it records" not in world.talk.getvalue()
    assert world.run.outputs == {}


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize(("wait", "is_last"), [(True, True), (True, False), (False, False)])
def test_all_others_are_waited_for(world, via, wait, is_last):
    world.deploy(step(via=via), is_last=is_last, wait_for_end=wait)
    assert "complete, and it records ImageTag c-new, RajeeInfraHash infra" in world.talk.getvalue()
    assert world.stacks.updated == (["App"] if via is Via.CLOUDFORMATION else [])
    assert world.run.outputs == {"App": dict(world.stacks.stacks["App"].outputs)}


def test_by_cloudformation_alone_a_stack_that_is_gone_is_an_error(world):
    world.stacks.stacks.clear()
    with pytest.raises(DeployError) as caught:
        world.deploy(step(via=Via.CLOUDFORMATION))
    assert (caught.value.code, caught.value.where) == ("deploy-failed", "stack App")


def test_a_failure_names_the_resource_that_failed(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"

    class Failing(FakeStacks):
        def deploy(self, *_):
            event = ResourceEvent("1", time.time(), "Task", "AWS::ECS::Service", "CREATE_FAILED", "denied")
            world.watcher.happened.append(event)
            raise DeployError("deploy-failed", "cdk failed", where="here", cause="exit 1", hint="look")

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks))
    with pytest.raises(DeployError) as caught:
        world.deploy(step())
    error = caught.value
    assert (error.code, error.problem, error.where, error.hint) == ("deploy-failed", "cdk failed", "here", "look")
    assert error.cause == "Task (AWS::ECS::Service) CREATE_FAILED: denied\nexit 1"


def test_a_function_that_does_not_get_its_image_comes_with_what_helps(world):
    class Failing(FakeStacks):
        def deploy(self, *_):
            said = "Source image host/app:c-1 does not exist. Provide a valid source image."
            event = ResourceEvent("1", time.time(), "F", "AWS::Lambda::Function", "UPDATE_FAILED", said)
            world.watcher.happened.append(event)
            raise DeployError("deploy-failed", "cdk failed", hint="look")

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks))
    with pytest.raises(DeployError) as caught:
        world.deploy(step())
    assert caught.value.hint.startswith("the repository does not have that image")
    assert caught.value.hint.endswith("; look")


def test_an_operation_that_ends_is_waited_for(world, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    world.stacks.script = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    await_end(world.run, "App")
    assert world.stacks.script == []


# -- what runs -----------------------------------------------------------------------------------------------------


def hold(world, *images):
    """The stack holds a service that has come to rest, and runs these images."""
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.stacks.declares = {"App": DeclaredServices((DeclaredService("Service"),))}
    world.watcher.held, world.watcher.task_definitions = {"arn": [Service("api", (primary,))]}, {"task:1": images}


@pytest.mark.parametrize("runs", ["first", "second", "both"])
def test_two_images_of_one_repository_are_both_what_was_deployed(world, runs):
    first, second = wanted("one", "a", "OneTag"), wanted("two", "b", "TwoTag")
    tags = {"first": [first.tag], "second": [second.tag], "both": [first.tag, second.tag]}[runs]
    hold(world, *(f"host.test/team/app:{tag}" for tag in tags))
    world.deploy(step(), [first, second])
    assert "complete" in world.talk.getvalue()


def test_by_digest_the_digest_is_what_was_deployed(world):
    given = (("ImageTag", str(NEW)), GIVEN[1])
    hold(world, f"host.test/team/app@{NEW}")
    world.deploy(replace(step(), parameters=given), [wanted()])
    assert "complete" in world.talk.getvalue()


@pytest.mark.parametrize("image", ["team/app:c-old", f"team/app@{OTHER}"])
def test_a_service_that_runs_another_image_is_no_success(world, image):
    hold(world, f"host.test/{image}")
    with pytest.raises(DeployError) as caught:
        world.deploy(step(), [wanted()])
    assert (caught.value.code, image in caught.value.problem) == ("rollout-not-confirmed", True)
    assert "complete, and" not in world.talk.getvalue()


def test_a_stack_without_images_is_not_asked_what_it_runs(world):
    hold(world, "host.test/team/app:c-old")
    world.deploy(step())
    assert "complete" in world.talk.getvalue()


# -- what is told --------------------------------------------------------------------------------------------------


def test_a_service_in_one_line():
    new = Deployment("2", "PRIMARY", "task:2", 3, 1, 2, failed=4)
    former = Deployment("1", "ACTIVE", "task:1", 3, 0, 1)
    assert service_line(Service("api", (new, former), targets=Targets(1, 2, 3, 4))) == (
        "api: new 2/3 running, 1 pending, 4 failed; former 1/3 running; targets 1 healthy, 2 starting, 4 draining"
    )
    assert service_line(Service("api", (former,))) == "api: former 1/3 running"
    theirs = Service("api", (new, former), controller="CODE_DEPLOY")
    assert service_line(theirs) == "api: primary 2/3 running, 1 pending, 4 failed; active 1/3 running"
    assert service_line(Service("api", (), controller="EXTERNAL")) == "api: nothing runs yet"


class Board(Console):
    """Remembers what is shown below the pieces of work, and tables."""

    def board(self, lines):
        self.lines = list(lines)

    def table(self, columns, rows, **_):
        self.rows = (tuple(columns), list(rows))


def test_a_moment_is_shown(world):
    world.run.console = board = Board(stderr=world.talk)
    former = Deployment("1", "ACTIVE", "task:1", 1, 0, 1)
    show(world.run, Moment((("Task", 2.0), ("Queue", 65.0)), (Service("api", (former,)),), ("one", "two")))
    assert board.lines == ["Task  2.00s", "Queue  1m 05s", "api: former 1/1 running"]
    assert world.talk.getvalue() == "    one\n    two\n"
    show(world.run, Moment(tuple((f"R{number}", 2.0) for number in range(20)), (Service("api", (former,)),), ()))
    assert board.lines[7:] == ["R7  2.00s", "… and 12 more", "api: former 1/1 running"]
    busy = function_with("fn", "host.test/team/app:c-2", state="IN_PROGRESS")
    show(world.run, Moment((), (function_with("fn", "host.test/team/app:c-2"), busy), ()))
    assert board.lines == ["fn: app:c-2", "fn: app:c-2, in progress"]


def test_where_the_time_went_is_told(world):
    """Eight resources at most, and nothing that took less than a second."""
    start = time.time()
    world.run.console = board = Board(stderr=world.talk)
    for number in range(10):
        name, took = f"R{number}", 20.0 - 2 * number
        world.watcher.happened += [
            ResourceEvent(f"{name}a", start + 50, name, "T", "UPDATE_IN_PROGRESS"),
            ResourceEvent(f"{name}b", start + 50 + took, name, "T", "UPDATE_COMPLETE"),
        ]
    watch = Watch(world.watcher, "App", lambda _moment: None)
    tell_time_spent(world.run, "App", watch)
    assert board.rows == (("where the time of App went", ">time"), [(f"R{n}", f"{20 - 2 * n}.00s") for n in range(8)])
    assert [span.name for span in world.run.times_spent["App"].resources] == [f"R{n}" for n in range(10)]


def test_the_phases_of_services_and_advice_are_told(world):
    start = time.time()
    world.run.console = board = Board(stderr=world.talk)
    world.watcher.happened = [ResourceEvent("a", start, "S", "T", "UPDATE_IN_PROGRESS")]
    texts = {
        20: ") registered 1 targets",
        20.5: "has begun draining connections",
        90: "has stopped 1",
        91: "deployment completed",
    }
    said = tuple(Message(text, start + after, text) for after, text in texts.items())
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.watcher.held, world.watcher.set_to = (
        {"arn": [Service("api", (primary,), said)]},
        RolloutSettings(stop_timeout=60),
    )
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert board.rows[1] == [("api: start tasks", "20.00s"), ("api: draining", "1m 10s"), ("api: settling", "1.00s")]
    assert "→ faster" in world.talk.getvalue()
    assert "stopTimeout is 60 s" in world.talk.getvalue()


def test_nothing_to_tell_is_no_table(world):
    world.run.console = board = Board(stderr=world.talk)
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert not hasattr(board, "rows")


def test_a_time_that_is_not_told_is_no_failure(world):
    world.watcher.is_silent = True
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert world.talk.getvalue() == "where the time of App went is not known: AWS throttled the call [throttled]\n"
    assert world.run.times_spent == {}


# -- what is kept --------------------------------------------------------------------------------------------------


class Records:
    """Records in a dictionary, or a store that cannot be written."""

    def __init__(self, *, fails=False):
        self.texts, self.fails = {}, fails

    def write(self, stack, text):
        if self.fails:
            raise DeployError("aws-denied", "not allowed")
        self.texts[stack] = text


RECORD = StackRecord({"app": "c-1"}, "sha256:infra", "sha256:template", "1" * 40)


def test_the_record_is_kept_once_the_deployment_stands(world):
    records = Records()
    run = replace(world.run, ports=replace(world.run.ports, records=records))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert decode(records.texts["App"]) == RECORD
    deploy(run, Job(replace(step(), stack="App"), world.assembly, (), None), is_last=True)
    assert list(records.texts) == ["App"]


def test_a_record_that_cannot_be_kept_is_told_and_the_deployment_stands(world):
    run = replace(world.run, ports=replace(world.run.ports, records=Records(fails=True)))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert "could not be recorded, so the next run synthesises to decide: not allowed" in world.talk.getvalue()
    assert "complete, and it records" in world.talk.getvalue()


def test_a_deployment_that_failed_leaves_no_record(world):
    records = Records()
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    run = replace(world.run, ports=replace(world.run.ports, records=records))
    with pytest.raises(DeployError):
        deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert records.texts == {}


def test_a_stack_that_cannot_prove_anything_is_told(world):
    content = StackContent("one")
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], content=content)
    world.deploy(step())
    told = world.talk.getvalue()
    world.talk.truncate(0)
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], parameters=dict(RECORDED))
    world.deploy(step(via=Via.CLOUDFORMATION))
    assert "! stack App" in told
    assert "! stack App" not in world.talk.getvalue(), "the template stays as it is"


def test_an_operation_that_does_not_end_is_an_error(world, monkeypatch):
    now = iter(range(0, 100_000, 1000))
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 50
    with pytest.raises(DeployError) as caught:
        await_end(world.run, "App")
    assert (caught.value.code, caught.value.where) == ("deploy-unfinished", "stack App")
    assert len(world.stacks.script) == 50 - 4, "an hour of seconds is over at the fourth look"


# -- every word ----------------------------------------------------------------------------------------------------


class Notebook(Console):
    """Remembers every line with its mark and its style."""

    def __init__(self, **given):
        super().__init__(**given)
        self.noted = []

    def say(self, text, style=""):
        self.noted.append((text, style))

    def item(self, mark, subject, text, style=""):
        self.noted.append((mark, subject, text, style))


@pytest.fixture
def noted(world):
    world.run.console = Notebook(stderr=world.talk)
    return world.run.console.noted


BEGUN = ("… deploy App", "dim")
DOUBT = (
    "!",
    "stack App",
    (
        "its template takes no RajeeTemplateHash, so a machine that has not synthesised it has to do so to decide; "
        "let the stack declare them, and an output that names them (docs/your-service.md)"
    ),
    "yellow",
)
DONE = ("✓", "stack App", "complete, and it records ImageTag c-new, RajeeInfraHash infra", "green")


def test_a_deployment_with_its_shield(world, noted):
    world.deploy(step(before=(SHIELD,)))
    assert noted == [("✓", "tag live-App", f"team/app:live-App is {NEW}", "green"), BEGUN, DOUBT, DONE]


def test_of_a_stack_that_records_nothing_nothing_is_said_to_be_recorded(world, noted):
    world.deploy(replace(step(), parameters=()))
    assert noted[-1] == ("✓", "stack App", "complete", "green")


def test_a_deployment_that_goes_on_by_itself(world, noted):
    world.deploy(step(), wait_for_end=False)
    assert noted == [BEGUN, ("~", "stack App", "accepted; CloudFormation goes on by itself", "yellow")]


def test_a_deployment_whose_shield_cannot_move(world, noted):
    world.registry.frozen = {"live-App"}
    world.deploy(step(before=(SHIELD,)))
    (said, style), *rest = noted
    assert (style, rest) == ("yellow", [BEGUN, DOUBT, DONE])
    assert ("does not let the tag live-App be moved" in said, ": " in said) == (True, True)


def test_a_deployment_whose_time_is_not_told(world, noted):
    world.watcher.is_silent = True
    world.deploy(step())
    lost = ("where the time of App went is not known: AWS throttled the call [throttled]", "yellow")
    assert noted == [BEGUN, lost, DOUBT, DONE]


def test_a_deployment_that_is_not_recorded(world, noted):
    run = replace(world.run, ports=replace(world.run.ports, records=Records(fails=True)))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    text = "what was deployed could not be recorded, so the next run synthesises to decide: not allowed [aws-denied]"
    assert noted == [BEGUN, ("!", "stack App", text, "yellow"), DOUBT, DONE]


def test_a_shield_that_was_not_put_back(world, noted):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.deploy(step(undo=(replace(BACK, target="c-lost"),)))
    assert caught.value.problem.startswith("App was deployed, but the stack is UPDATE_ROLLBACK_COMPLETE")
    assert caught.value.where == "stack App"
    begun, (said, style) = noted
    assert begun == BEGUN
    assert said.startswith("live-App was not put back (")
    assert (said.endswith("); the next run does it"), style) == (True, "yellow")


def test_permissions_that_get_broader(world, noted):
    world.stacks.broader = {"App": "one\ntwo"}
    assert asked(world, step(StackChange.FIRST)) == "approval-needed"
    assert noted[0] == ("… compare the permissions of App", "dim")
    assert noted[1:] == [("App would get broader permissions:", "bold"), ("one", ""), ("two", "")]


def test_advice(world, noted):
    start = time.time()
    world.watcher.happened = [ResourceEvent("a", start, "S", "T", "UPDATE_IN_PROGRESS")]
    said = tuple(
        Message(text, start + after, text)
        for after, text in {
            20: ") registered 1 targets",
            20.5: "has begun draining connections",
            90: "has stopped 1",
            91: "deployment completed",
        }.items()
    )
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.watcher.held = {"arn": [Service("api", (primary,), said)]}
    world.watcher.set_to = RolloutSettings(stop_timeout=60)
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    text = "stopTimeout is 60 s: a process that exits on SIGTERM needs less"
    assert noted == [("→", "faster", text, "cyan")]


def test_an_image_whose_parameter_is_not_given_runs_by_its_tag(world):
    image = wanted(parameter="OtherTag")
    hold(world, f"host.test/team/app:{image.tag}")
    world.deploy(step(), [image])
    assert "complete" in world.talk.getvalue()
    hold(world, "host.test/team/app:None")
    with pytest.raises(DeployError) as caught:
        world.deploy(step(), [image])
    assert (caught.value.code, caught.value.where) == ("rollout-not-confirmed", "stack App")
    assert caught.value.problem == "CloudFormation deployed App, but the service api runs host.test/team/app:None"


# -- secrets -------------------------------------------------------------------------------------------------------

CANARY = "canary-of-what-is-deployed"
KEY = ParameterValue("Key", CANARY, "KEY", is_secret=True)


def begun(number: int, resource: str = "App") -> ResourceEvent:
    return ResourceEvent(f"e{number}", time.time(), resource, "AWS::CloudFormation::Stack", "UPDATE_IN_PROGRESS")


class Later(FakeWatcher):
    """Its events come once the deployment is watched."""

    looks = 0

    def events(self, stack, since):
        self.looks += 1
        return super().events(stack, since) if self.looks > 1 else ()


@pytest.mark.parametrize(
    ("events", "full", "told"),
    [
        ((), False, ""),
        (("App",), False, ""),
        (("App", "Nested", "Nested"), False, ""),
        (("App", "App"), False, "somebody else deployed it, too"),
        (("App",), True, "No space left"),
    ],
)
def test_secrets_are_remembered_once_they_are_surely_what_is_deployed(world, events, full, told):
    secrets, watcher = FakeSecrets(is_full=full), Later([begun(*each) for each in enumerate(events)])
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets, watcher=watcher))
    deploy(run, Job(step(values=(KEY, ParameterValue("Size", "s", "SIZE"))), world.assembly, ()), is_last=True)
    assert secrets.kept == ({} if told else {"": {"Key": CANARY}})
    assert told in world.talk.getvalue()
    assert "is not remembered" in world.talk.getvalue() or not told
    assert "Key ***" in world.talk.getvalue()


@pytest.mark.parametrize(("events", "is_kept"), [((1,), True), ((1, 2), False)])
def test_somebody_else_is_seen_where_a_stack_goes_by_another_name_here(world, events, is_kept):
    """A stack in another region: its events have the name that CloudFormation knows."""
    key, secrets = "waf (us-east-1)", FakeSecrets()
    world.stacks.stacks[key], world.stacks.app[key] = world.stacks.stacks["App"], "one"
    watcher = Later(
        [
            *(begun(number, "waf") for number in events),
            ResourceEvent("e9", time.time(), "waf", "AWS::WAFv2::WebACL", "UPDATE_IN_PROGRESS"),
        ]
    )
    run = replace(
        world.run,
        ports=replace(world.run.ports, secrets=secrets, watcher=watcher),
        settings=replace(world.run.settings, places={key: StackPlace("waf", "waf", "", "us-east-1")}),
    )
    deploy(run, Job(replace(step(values=(KEY,)), stack=key), world.assembly, ()), is_last=True)
    assert bool(secrets.kept) is is_kept
    assert ("somebody else deployed it, too" in world.talk.getvalue()) is not is_kept


def test_what_the_confirmed_stack_proves_is_kept_though_its_rollout_is_not_confirmed(world):
    """Else the next run would deploy it all again, where only the rollout has to be confirmed."""
    secrets, records = FakeSecrets(), Records()
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets, records=records))
    hold(world, "host.test/team/app:other")
    with pytest.raises(DeployError) as caught:
        deploy(run, Job(step(values=(KEY,)), world.assembly, [wanted()], RECORD), is_last=True)
    assert caught.value.code == "rollout-not-confirmed"
    assert (secrets.kept, decode(records.texts["App"])) == ({"": {"Key": CANARY}}, RECORD)


def test_nothing_is_remembered_of_what_is_not_confirmed(world):
    secrets = FakeSecrets()
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets), wait_for_end=False)
    deploy(run, Job(step(values=(KEY,)), world.assembly, ()), is_last=True)
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    other = replace(step(values=(KEY,)), parameters=(("ImageTag", "c-other"),))
    with pytest.raises(DeployError):
        deploy(replace(run, wait_for_end=True), Job(other, world.assembly, ()), is_last=True)
    assert secrets.kept == {}


@dataclass
class Comparing(FakeStacks):
    """CloudFormation finds that nothing differs, whatever is given; `theirs` is somebody's deployment right behind."""

    theirs: str = ""

    def update(self, stack, *_):
        if self.theirs:
            self.stacks[stack] = replace(self.stacks[stack], since=self.theirs)
        return Accepted.NOTHING


@pytest.mark.parametrize("theirs", ["", "2"])
def test_without_waiting_a_secret_is_remembered_where_cloudformation_says_that_it_is_the_same(world, theirs):
    """Else each such run would give it again."""
    secrets, before = FakeSecrets(), replace(world.stacks.stacks["App"], since="1", identifier="arn")
    stacks = Comparing({"App": before}, theirs=theirs)
    ports = replace(world.run.ports, secrets=secrets, reader=stacks, updater=stacks)
    run = replace(world.run, ports=ports, wait_for_end=False)
    one = step(StackChange.PARAMETER, values=(KEY,), via=Via.CLOUDFORMATION)
    deploy(run, Job(one, world.assembly, (), before=before), is_last=True)
    assert secrets.kept == ({} if theirs else {"arn": {"Key": CANARY}})
    assert "CloudFormation finds nothing to do" in world.talk.getvalue()
    assert ("somebody else deployed it, too" in world.talk.getvalue()) is bool(theirs)


def test_without_waiting_nothing_is_remembered_of_a_change_set_that_is_gone(world):
    """Whoever deleted it: it is no word of CloudFormation's that the secret is the same."""
    secrets, before = FakeSecrets(), world.stacks.stacks["App"]

    class Gone(FakeStacks):
        def execute(self, *_):
            return Accepted.NOTHING

    stacks = Gone({"App": before})
    ports = replace(world.run.ports, secrets=secrets, reader=stacks, updater=stacks, deployer=stacks)
    run = replace(world.run, ports=ports, wait_for_end=False)
    deploy(run, Job(step(values=(KEY,)), world.assembly, (), before=before), is_last=True)
    assert secrets.kept == {}


def test_what_aws_says_of_a_secret_is_without_it(world):
    """An error, an event: from the deployment on, whoever says it."""
    deploy(world.run, Job(step(values=(KEY,)), world.assembly, ()), is_last=True)
    world.run.console.say(f"the value {CANARY} is not allowed")
    world.run.console.error(DeployError("x", CANARY, cause=f"a {CANARY}"))
    assert CANARY not in world.talk.getvalue()
