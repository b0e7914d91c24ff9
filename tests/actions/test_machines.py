"""Machines that share an app: whatever they edit, run and lose, nobody says "nothing to do" where something is.

The app reads `a`, and by what it holds another file. What it makes forgets some of it, as a comment is forgotten.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeRecords
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from run_worlds import World as Run
from sampled import examples

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.build_record.store import Record
from rajee_deploy.fingerprint import Input, of_infrastructure
from rajee_deploy.plan.carried import SCHEMA, encode
from rajee_deploy.plan.steps import DeployStack, Tier

FILES = ("a", "b", "c")
MACHINES = 3


def listed(names):
    return {
        "schema": SCHEMA,
        "entries": [["file", name] for name in sorted(names)],
        "variables": [],
        "toolchain": {},
        "obstacles": [],
    }


class World(Run):
    """The app over three files, and where each machine keeps what it knows."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.files = dict.fromkeys(FILES, 0)
        self.machine = 0
        self.lists = dict.fromkeys(range(MACHINES))
        self.root_of_caches = root
        self.stacks.meanwhile = self.synthesise
        self.proofs = FakeRecords(registry=self.registry)

    def read(self):
        """What a synth reads now."""
        return ["a", "b"] if self.files["a"] == 0 else ["a", "c"] if self.files["a"] == 1 else ["a"]

    def make(self):
        """What it makes of that: `Registry` of nothing, `App` of all but the last bit of what it reads."""
        return {"Registry": "one", "App": "".join(str(self.files[name] // 2) for name in self.read())}

    def synthesise(self):
        self.stacks.app = self.make()
        self.lists[self.machine] = listed(self.read())

    def infrastructure(self, carried):
        document = carried or self.lists[self.machine]
        names = [path for _, path in document["entries"] if path in FILES] if document else []
        return of_infrastructure((), {}, {}, {}, [Input(f"traced:{name}", str(self.files[name])) for name in names])

    def at(self, machine):
        self.machine = machine
        os.environ["RAJEE_DEPLOY_CACHE_DIR"] = str(self.root_of_caches / f"cache-{machine}")

    def context(self, **flags):
        run = super().context(**flags)
        run.ports = replace(run.ports, publishable=lambda: self.lists[self.machine])
        return run

    def decide(self, check):
        plan = plan_run(self.context(check=check)).plan
        return {step.stack for step in plan.steps if isinstance(step, DeployStack)}, plan.tier

    def is_as_deployed(self):
        return self.stacks.stacks["App"].content.template == self.make()["App"]


names = st.sets(st.sampled_from([*FILES, "d"]))
deeds = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(FILES), st.integers(0, 3)),
    st.tuples(st.just("go"), st.integers(0, MACHINES - 1)),
    st.tuples(st.just("forget"), st.integers(0, MACHINES - 1)),
    st.tuples(st.just("plan"), st.sampled_from(["auto", "hash"])),
    st.tuples(st.just("up")),
    st.tuples(st.just("image"), st.integers(0, 9)),
    st.tuples(st.just("hostile template"), names | st.none()),
    st.tuples(st.just("hostile registry"), names),
    st.tuples(st.just("console"), st.integers(0, 3)),
)


def do(world, deed):
    match deed:
        case ("edit", name, value):
            world.files[name] = value
        case ("go", machine):
            world.at(machine)
        case ("forget", machine):
            world.lists[machine] = None
            shutil.rmtree(world.root_of_caches / f"cache-{machine}", ignore_errors=True)
        case ("plan", check):
            found, _ = world.decide(check)
            assert "App" in found or world.is_as_deployed()
        case ("up",):
            world.up()
            assert world.is_as_deployed()
            assert world.decide("auto") == (set(), Tier.HASH), "and this machine knows it"
        case ("image", number):
            (world.root / "app").write_text(str(number))
        case ("hostile template", chosen):
            for name, state in world.stacks.stacks.items():
                carried = listed(chosen) if chosen is not None else None
                world.stacks.stacks[name] = replace(state, carried=carried)
        case ("hostile registry", chosen):
            for key, record in world.proofs.records.items():
                if record.notes == {}:
                    world.proofs.records[key] = Record(_packed(encode(listed(chosen))), {})
        case ("console", value):
            app = world.stacks.stacks["App"]
            world.stacks.stacks["App"] = replace(app, content=replace(app.content, template=f"{value}{value}"))


def _packed(text):
    import gzip

    return gzip.compress(text.encode())


# A proof of another content; a list that leads on to one that proves nothing; a hash that another list's synth made; a
# template that stays, under a new hash. An edit of what the deployed list has and a synth reads no more.
@pytest.mark.slow
@example([("edit", "b", 1), ("up",), ("console", 3)], "cdk")
@example([("edit", "a", 1), ("up",), ("edit", "c", 2)], "cdk")
@example([("edit", "a", 1), ("plan", "auto"), ("image", 1), ("up",), ("edit", "c", 2)], "cloudformation")
@example([("edit", "a", 1), ("image", 1)], "cloudformation")
@example([("edit", "a", 1), ("up",), ("edit", "b", 1)], "cdk")
@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(deeds, max_size=14), st.sampled_from(["cdk", "cloudformation"]))
def test_nobody_says_nothing_to_do_where_something_is(monkeypatch, history, tag_only):
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", f"{directory}/state")
        monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", f"{directory}/cache-0")
        world = World(Path(directory))
        text = (world.root / "rajee-deploy.toml").read_text()
        (world.root / "rajee-deploy.toml").write_text(text.replace("[cdk]", f'[cdk]\ntag-only = "{tag_only}"'))
        world.up()
        for deed in history:
            do(world, deed)
        for machine in range(MACHINES):
            world.at(machine)
            do(world, ("plan", "auto"))
        world.at(0)
        do(world, ("up",))
        untouched = not {deed[0] for deed in history} & {"hostile template", "hostile registry", "console"}
        if untouched and world.stacks.stacks["App"].carried is not None:
            do(world, ("forget", 1))
            world.at(1)
            assert world.decide("auto") == (set(), Tier.HASH), "nor does a machine that knows nothing synthesise"
