"""What is asked of other machines' synths, and what that leaves of what is known here. (The stories: `test_up`.)"""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_worlds import LIST, OTHER_LIST, World

from rajee_deploy.actions.share import ask
from rajee_deploy.aws import Identity
from rajee_deploy.build_record.proofs import keep, list_of, proof
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.model import Digest
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, InfraCheck
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import Observed, StackContent, StackPresent, Synthesised, Wanted
from rajee_deploy.plan.template_differences import record_of

WHO = Identity("123456789012", "us-east-1")
CONTENT = StackContent("sha256:t")
LOCAL = Fingerprint("s", Digest("sha256", "a" * 64), ())
IMPURE = replace(LOCAL, inputs=(Input("impure:0", "app.py:1 forks"),))
REPOSITORY = Repository("team/app")


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = World(root)
    found.registry.repositories["team/app"] = {}
    return found


def observed(*, recorded="sha256:recorded", status="UPDATE_COMPLETE", carried=None) -> Observed:
    parameters = {INFRA_PARAMETER: recorded, TEMPLATE_PARAMETER: record_of(CONTENT)}
    return Observed({}, {"App": StackPresent(status, parameters, {}, content=CONTENT, carried=carried)})


def wanted(local=LOCAL, **more) -> Wanted:
    return Wanted((), ("App",), local, **more)


def put(world, document, by="sha256:recorded"):
    keep(world.proofs, REPOSITORY, list_of(WHO, "App", by), document)


def test_a_list_by_the_recorded_hash_gives_the_stack_its_fingerprint(world):
    put(world, LIST)
    found = ask(world.context(), wanted(), observed(), WHO)
    assert found.infrastructures == {"App": world.infrastructure(LIST)}


def test_what_is_remembered_of_the_former_fingerprint_is_dropped_with_it(world):
    """It was of an app that no hash follows; by the list that was found one does."""
    put(world, LIST)
    found = ask(world.context(), wanted(IMPURE, remembered={"App": Synthesised(CONTENT)}), observed(), WHO)
    assert (list(found.infrastructures), found.remembered) == (["App"], {})


def test_lists_lead_on_so_far_and_no_further(world):
    lists = [{**LIST, "entries": [["file", f"{number}"]]} for number in range(5)]
    by = "sha256:recorded"
    for document in lists:
        put(world, document, by)
        by = str(world.infrastructure(document).digest)
    found = ask(world.context(), wanted(), observed(), WHO)
    assert found.infrastructures == {"App": world.infrastructure(lists[2])}
    assert world.registry.looks == 3


def test_lists_that_lead_to_each_other_end(world):
    put(world, LIST)
    put(world, OTHER_LIST, str(world.infrastructure(LIST).digest))
    put(world, LIST, str(world.infrastructure(OTHER_LIST).digest))
    ask(world.context(), wanted(), observed(), WHO)
    assert world.registry.looks == 3


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        (wanted(), observed(recorded=str(LOCAL.digest))),
        (wanted(check=InfraCheck.SYNTH), observed()),
        (wanted(remembered={"App": Synthesised(CONTENT)}), observed()),
        (wanted(), observed(status="UPDATE_IN_PROGRESS")),
        (wanted(), observed(status="UPDATE_ROLLBACK_COMPLETE")),
    ],
)
def test_what_is_decided_is_not_asked(world, asked, state):
    assert ask(world.context(), asked, state, WHO) == asked
    assert world.registry.looks == 0


def test_an_app_that_no_hash_follows_has_no_proof(world):
    keep(world.proofs, REPOSITORY, proof(WHO, "App", str(IMPURE.digest), observed().stacks["App"]))
    assert ask(world.context(), wanted(), observed(), WHO).proven == {"App"}
    assert ask(world.context(), wanted(IMPURE), observed(), WHO).proven == frozenset()
