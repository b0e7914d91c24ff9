"""Tables of parameters under whatever the settings call stacks: which goes before which, and which are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from located_worlds import call, make_world

from rajee_deploy.actions.locate import bind_names, tables_of
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.settings.parameters import with_flags


@pytest.fixture
def world(tmp_path, monkeypatch):
    return make_world(tmp_path, monkeypatch)


def parameters(world, text):
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text() + text)


def values(world, *flags):
    """By stack, what its parameters are to be."""
    run = world.context()
    if flags:
        given = with_flags(run.settings, flags)
        run = replace(run, settings=replace(run.settings, cdk=replace(run.settings.cdk, parameters=given)))
    bind_names(run, _made(world), run.ports.identity())
    return {
        stack: {name: given.value for name, given in found.items()}
        for stack, found in run.settings.cdk.parameters.items()
    }


def _made(world):
    return {
        key: Synthesised(StackContent("t"), place=world.stacks.places.get(key, StackPlace(key, key)))
        for key in world.stacks.app
    }


BOTH = '\n[cdk.parameters."Dev/*"]\nK = "wild"\nW = "wild"\n[cdk.parameters."Dev/App"]\nK = "own"\n'


@pytest.mark.parametrize(
    ("flags", "k", "w"),
    [
        ([], "own", "wild"),
        (["Reg:Other=1"], "own", "wild"),
        (["Dev/App:K=flag"], "flag", "wild"),
        (["Dev/*:K=flag"], "flag", "wild"),
        (["K=all"], "all", "wild"),
        (["Dev/App:K=flag", "K=all"], "flag", "wild"),
        (["Dev/App:W=flag"], "own", "flag"),
    ],
)
def test_what_goes_before_what_where_several_names_mean_a_stack(world, flags, k, w):
    call(world, ["Reg", "Dev/App", "Dev/*"])
    parameters(world, BOTH)
    assert values(world, *flags)["dev-app"] == {"K": k, "W": w}


def test_a_wildcard_lets_one_of_its_stacks_have_a_table(world):
    call(world, ["Reg", "Dev/*"])
    parameters(world, '\n[cdk.parameters."Dev/App"]\nK = "own"\n')
    assert values(world) == {"dev-app": {"K": "own"}}
    assert values(world, "Dev/App:L=1")["dev-app"] == {"K": "own", "L": "1"}


@pytest.mark.parametrize(
    "text", ['\n[cdk.parameters."Dev/Typo"]\nK = "x"\n', '\n[cdk.parameters."Dev/*"]\nImageTag = "mine"\n']
)
def test_a_table_that_means_no_stack_or_what_the_tool_writes_is_refused(world, text):
    call(world, ["Reg", "Dev/*"])
    parameters(world, text)
    with pytest.raises(DeployError) as caught:
        values(world)
    assert caught.value.code in ("bad-settings", "no-such-stack")


def test_a_table_of_another_environments_stack_is_none_of_this_one(world):
    call(world, ["Reg", "App"], "Reg")
    parameters(world, '\n[cdk.parameters.App]\nK = "x"\n[environments.dev.cdk]\nstacks = ["Reg", "Dev/App"]\n')
    run = world.context("dev")
    bind_names(run, _made(world), run.ports.identity())
    assert run.settings.cdk.parameters == {}


def test_hints_name_the_table_that_the_settings_take(world):
    call(world, ["Reg", "Dev/*"])
    world.up()
    run = world.context()
    run = plan_run(run).run
    assert tables_of(run, ["Registry", "dev-app"]) == {"Registry": "Reg", "dev-app": "Dev/App"}
