"""What the settings call stacks, over fakes: what is asked of whom, when a synth has to tell, and what nobody drops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import pytest
from located_worlds import FOREIGN, call, decide, make_world

from rajee_deploy.actions.observe import Early
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.aws import Identity
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.plan.steps import DeployStack


@pytest.fixture
def world(tmp_path, monkeypatch):
    return make_world(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("stacks", "image", "is_known"),
    [
        (["Reg", "Dev/App"], "Dev/App", False),
        (["Reg", "Dev/*"], "dev-app", False),
        (["**"], "Dev/**", False),
        (["Registry", "dev-app"], "dev-app", True),
    ],
)
def test_each_way_to_name_them_deploys_and_then_does_nothing(world, stacks, image, is_known):
    call(world, stacks, image)
    assert decide(world) == (["Registry", "dev-app"], 1)
    assert world.up() == "first"
    assert world.done() == (1, ["Registry", "dev-app"])
    assert decide(world) == ([], 0)
    assert world.registry.repositories["team/app"].keys() >= {"live-dev-app"}
    world.move()
    assert decide(world) == ([], 0 if is_known else 1), "CloudFormation knows the stacks by their own names alone"
    assert decide(world) == ([], 0)


def test_a_plan_before_the_first_synth_takes_no_name_for_granted(world):
    call(world, ["Registry", "dev-app", "nothing"], "dev-app")
    for _ in range(2):  # by a synth, and by what is remembered
        with pytest.raises(DeployError) as caught:
            plan_run(world.context())
        assert (caught.value.code, caught.value.exit_code) == ("no-such-stack", 64)
        assert caught.value.hint == "it has: Dev/App (dev-app), Reg (Registry)"
    assert world.stacks.synths == 1


@pytest.mark.parametrize(
    "stacks", [["Registry", "dev-app"], ["Registry", "dev-app", "nothing"], ["Reg", "Dev/*"], ["**"]]
)
def test_where_hashes_are_to_decide_a_plan_runs_nothing_to_learn_what_names_mean(world, stacks):
    """Whoever opens a pull request chooses the names. What is deployed all the same, the synth of `up` settles."""
    call(world, stacks, "dev-app")
    is_plain = not any("*" in name for name in stacks)
    if is_plain:
        assert decide(world, check="hash") == (stacks, 0)
    else:
        with pytest.raises(DeployError) as caught:
            plan_run(world.context(check="hash"))
        assert caught.value.code == "names-unknown"
    assert world.stacks.synths == 0
    if "nothing" not in stacks:
        assert world.up(check="hash") == "first"
        assert (world.done()[1], world.stacks.synths) == (["Registry", "dev-app"], 1)
        world.infra = "2"
        assert decide(world, check="hash") == (["Registry", "dev-app"], 0), "names are as of the last synth here"


@pytest.mark.parametrize(
    ("stacks", "image", "code"),
    [
        (["*", "Dev/*"], "**", "ambiguous-stack"),
        (["*"], "Dev/App", "bad-settings"),
        (["Prod/*"], "Dev/App", "no-such-stack"),
        (["**"], "App", "no-such-stack"),
    ],
)
def test_an_image_is_of_one_stack_among_those_that_are_deployed(world, stacks, image, code):
    call(world, stacks, image)
    with pytest.raises(DeployError) as caught:
        plan_run(world.context())
    assert caught.value.code == code


def test_two_names_of_one_stack_are_no_two_stacks_for_two_images(world):
    call(world, ["**"])
    path = world.root / "rajee-deploy.toml"
    path.write_text('[images.two]\nrepository = "team/two"\nstack = "dev-app"\n' + path.read_text())
    with pytest.raises(DeployError) as caught:
        plan_run(world.context())
    assert caught.value.code == "bad-settings"
    assert "share the parameter ImageTag" in caught.value.problem


def test_an_id_that_is_somebody_elses_stack_is_not_taken_for_it(world):
    """CloudFormation has a stack of this name, which is not the app's: equal hashes alone would prove it."""
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    world.stacks.stacks["App"] = FOREIGN
    call(world, ["Reg", "App"], "App")
    for check in ("auto", "synth"):
        world.move()
        assert decide(world, check=check) == (["Registry", "dev-app"], 1)
    world.up()
    assert world.stacks.stacks["App"] == FOREIGN
    assert decide(world) == ([], 0)


def test_a_late_synth_that_means_other_stacks_makes_another_plan(world):
    """Hashes decide, so the plan is about the stack of that name; before it is carried out the synth knows better."""
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    world.stacks.stacks |= {"App": FOREIGN, "Registry": FOREIGN}
    world.registry.repositories["team/app"] = {}
    call(world, ["Registry", "App"], "App")
    assert decide(world, check="hash")[0] == ["Registry", "App"]
    world.up(check="hash")
    assert world.done() == (1, ["Registry", "dev-app"])
    assert world.stacks.stacks["App"] == FOREIGN
    assert "the settings name other stacks" in world.talk.getvalue()


def test_what_an_app_does_that_cannot_be_followed_leaves_no_name_to_memory(world):
    world.traced = (Input("impure:clock", "the clock"),)
    call(world, ["Reg", "Dev/*"])
    world.up()
    assert decide(world) == ([], 1)
    world.stacks.app["dev-new"] = "one"
    world.stacks.places["dev-new"] = StackPlace("Dev/New", "dev-new")
    assert decide(world) == (["dev-new"], 1), "nothing that is hashed says that there is another stack"


def test_the_stack_of_an_image_that_is_left_out_is_left_out(world):
    call(world, ["**"])
    world.registry.repositories["team/app"] = {}
    path = world.root / "rajee-deploy.toml"
    path.write_text('[images.two]\nrepository = "team/two"\nstack = "Reg"\nparameter = "B"\n' + path.read_text())
    run = world.context()
    run.images = [image for image in run.images if image.name == "app"]
    assert [step.stack for step in plan_run(run).plan.steps if isinstance(step, DeployStack)] == ["dev-app"]


ELSEWHERE = StackPlace("Edge", "edge", "", "us-west-2")
FAR = StackPlace("Far", "far", "222222222222", "eu-west-1")


@pytest.mark.parametrize(
    ("place", "key", "repository", "shield"),
    [
        (StackPlace("Edge", "edge", "123456789012", "us-east-1"), "edge", "team/app", "edge"),
        (
            ELSEWHERE,
            "edge (us-west-2)",
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/app",
            "edge",
        ),
        (
            FAR,
            "far (222222222222/eu-west-1)",
            "222222222222.dkr.ecr.eu-west-1.amazonaws.com/team/app",
            "far",
        ),
    ],
)
def test_an_image_is_in_the_registry_where_its_stack_lives(world, place, key, repository, shield):
    world.stacks.app = {"Registry": "one", key: "one"}
    world.stacks.places = {key: place}
    world.stacks.makes_repositories["Registry"] = (world.registry, repository)
    call(world, ["Registry", place.id], place.id)
    world.up()
    assert world.done() == (1, ["Registry", key])
    assert f"live-{shield}" in world.registry.repositories[repository]
    assert decide(world) == ([], 0)


@pytest.mark.parametrize(("more", "is_agreed"), [("", False), ('stack-accounts = ["222222222222"]', True)])
def test_an_environment_that_names_its_account_has_no_stack_elsewhere_unless_it_says_so(world, more, is_agreed):
    key = "far (222222222222/eu-west-1)"
    world.stacks.app = {"Registry": "one", key: "one"}
    world.stacks.places = {key: FAR}
    call(world, ["Registry", "Far"], "Far")
    with (world.root / "rajee-deploy.toml").open("a") as file:
        file.write(f'\n[environments.guarded]\naccount = "123456789012"\n{more}\n')
    if is_agreed:
        assert decide(world, environment="guarded")[0] == ["Registry", key]
        return
    for _ in range(2):
        with pytest.raises(DeployError) as caught:
            plan_run(world.context(environment="guarded"))
        assert (caught.value.code, world.done()) == ("wrong-account", (0, []))
    assert decide(world)[0] == ["Registry", key], "where nobody said an account, the app decides"


class Asked:
    """CloudFormation, and which stacks it was asked about."""

    def __init__(self, stacks) -> None:
        self._stacks = stacks
        self.names = []

    def observe(self, stack):
        self.names.append(stack)
        return self._stacks.observe(stack)

    def describe(self, stack):
        return self._stacks.describe(stack)


def asked(world):
    run = world.context()
    reader = Asked(world.stacks)
    run.ports = replace(run.ports, reader=reader)
    plan = plan_run(run).plan
    return sorted(reader.names), [step.stack for step in plan.steps if isinstance(step, DeployStack)]


def test_each_stack_is_asked_about_once_whatever_it_is_called(world):
    call(world, ["Reg", "Dev/*"])
    world.up()
    assert asked(world) == (["Registry", "dev-app"], [])
    world.move()
    assert asked(world) == (["Reg", "Registry", "dev-app"], [])


def test_an_answer_is_used_for_the_very_stack_that_it_is_about(world):
    """The last synth is of other inputs: the stack of the same key lived where the caller was then."""
    call(world, ["Reg", "Dev/*"])
    world.up()
    world.infra = "2"
    world.stacks.app = {"Registry": "one", "dev-app (us-west-2)": "one", "dev-new": "one"}
    world.stacks.places = {
        "Registry": StackPlace("Reg", "Registry"),
        "dev-new": StackPlace("Dev/New", "dev-new"),
        "dev-app (us-west-2)": StackPlace("Dev/App", "dev-app", "", "us-west-2"),
    }
    world.stacks.makes_repositories = {}
    world.registry.repositories["123456789012.dkr.ecr.us-west-2.amazonaws.com/team/app"] = {}
    names, deployed = asked(world)
    assert deployed == ["dev-app (us-west-2)", "dev-new"]
    assert {"dev-app (us-west-2)", "dev-new"} <= set(names)


@pytest.mark.parametrize(
    ("account", "then", "now", "is_used"),
    [
        ("1", StackPlace("A", "a"), StackPlace("B", "a"), True),
        ("1", StackPlace("A", "a", "1", "here"), StackPlace("A", "a"), True),
        ("1", StackPlace("A", "a", "", "there"), StackPlace("A", "a"), False),
        ("1", StackPlace("A", "a"), StackPlace("A", "a", "", "there"), False),
        ("1", StackPlace("A", "a"), StackPlace("A", "a", "2"), False),
        ("1", StackPlace("A", "b"), StackPlace("A", "a"), False),
        ("2", StackPlace("A", "a"), StackPlace("A", "a"), False),
        ("2", StackPlace("A", "a", "1"), StackPlace("A", "a", "1"), False),
    ],
)
def test_which_guess_was_right(world, account, then, now, is_used):
    run = world.context()
    latest = {"a": Synthesised(StackContent("t"), place=then)}
    run.ports = replace(run.ports, store=Latest(account, latest))
    with ThreadPoolExecutor(1) as pool:
        early = Early(run, ["A*"], pool)
        first = early.ask("a", now, Identity("1", "here"))
        assert (early.ask("a", now, Identity("1", "here")) is first) is is_used
        early.plain(Identity("1", "here"))
        assert early.ask("a", now, Identity("1", "here")) is not first


class Latest(NamedTuple):
    account: str
    stacks: dict

    def latest(self):
        return self.account, self.stacks


SAME = {"one": StackPlace("Dev/Api", "api"), "two": StackPlace("Prod/Api", "api")}


@pytest.mark.parametrize(
    ("stacks", "code", "deployed"),
    [
        (["Reg", "api"], "ambiguous-stack", []),
        (["Reg", "Dev/Api"], "", ["api [one]"]),
        (["Reg", "Prod/Api"], "", ["api [two]"]),
        (["Reg", "**"], "ambiguous-stack", []),
    ],
)
def test_stacks_that_share_a_name_are_told_apart(world, stacks, code, deployed):
    """Stages without an env of their own: whoever deploys chooses one."""
    world.stacks.app = {"Registry": "one", "one": "one", "two": "two"}
    world.stacks.places = {"Registry": StackPlace("Reg", "Registry"), **SAME}
    call(world, stacks, stacks[-1] if not code else "Reg")
    if code:
        with pytest.raises(DeployError) as caught:
            plan_run(world.context())
        assert caught.value.code == code
    else:
        assert decide(world)[0] == ["Registry", *deployed]


def test_a_name_that_the_role_may_not_ask_about_takes_a_synth(world):
    call(world, ["Reg", "App"], "App")
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    observe = world.stacks.observe

    def refuses(stack):
        if stack in ("App", "Reg"):
            raise DeployError("access-denied", f"cloudformation:DescribeStacks {stack}")
        return observe(stack)

    world.stacks.observe = refuses
    assert decide(world) == (["Registry", "dev-app"], 1)


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
def test_somebody_elses_stack_in_a_bad_state_is_not_taken_for_ours(world, status):
    call(world, ["Reg", "App"], "App")
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    world.stacks.stacks["App"] = replace(FOREIGN, status=status)
    assert decide(world) == (["Registry", "dev-app"], 1)
