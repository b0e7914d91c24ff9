"""What machines tell each other of synths: the same on the fakes and in the sandbox's registry."""

from __future__ import annotations

import gzip
import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeRecords, FakeRegistry

from rajee_deploy.aws import Identity
from rajee_deploy.build_record.proofs import find_list, keep, list_of, present, proof, tag_of
from rajee_deploy.build_record.store import Record, RegistryContents
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import TEMPLATE_PARAMETER
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.carried import SCHEMA
from rajee_deploy.plan.state import StackContent, StackPresent
from rajee_deploy.plan.template_differences import record_of
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages

WHO = Identity("123456789012", "us-east-1")
CONTENT = StackContent("sha256:t")
STATE = StackPresent("UPDATE_COMPLETE", {TEMPLATE_PARAMETER: record_of(CONTENT)}, {}, content=CONTENT)
INFRA = "sha256:" + "a" * 64
DOCUMENT = {"schema": SCHEMA, "entries": [["file", "größe"]], "variables": [], "toolchain": {}, "obstacles": []}


@pytest.fixture(params=["fake", "registry"])
def place(request, tmp_path):
    """A registry, a store in it, and a repository."""
    name = f"team/{tmp_path.name.replace('_', '-').lower()}"
    if request.param == "fake":
        registry = FakeRegistry({name: {}})
        return registry, FakeRecords(registry=registry), Repository(name)
    aws = request.getfixturevalue("sandbox_aws")
    aws.client("ecr").create_repository(repositoryName=name)
    ecr = Ecr(aws, KnownImages(Path(os.devnull)))
    return ecr, RegistryContents(ecr.push_access), Repository(name)


def test_what_was_kept_is_there_for_everybody(place):
    registry, store, repository = place
    said, other = proof(WHO, "App", INFRA, STATE), proof(WHO, "Other", INFRA, STATE)
    tags = [tag_of(said), tag_of(other)]
    assert present(registry, repository, tags) == frozenset()
    for _ in range(2):
        keep(store, repository, said)
        assert present(registry, repository, tags) == {tag_of(said)}


def test_a_list_comes_back_as_it_was(place):
    registry, store, repository = place
    subject = list_of(WHO, "App", INFRA)
    assert find_list(store, repository, subject) is None
    keep(store, repository, subject, DOCUMENT)
    assert present(registry, repository, [tag_of(subject)]) == {tag_of(subject)}
    assert find_list(store, repository, subject) == DOCUMENT
    assert find_list(store, repository, list_of(WHO, "Other", INFRA)) is None
    keep(store, repository, proof(WHO, "App", INFRA, STATE))
    assert find_list(store, repository, proof(WHO, "App", INFRA, STATE)) is None, "a proof is no list"


def test_where_nothing_can_be_asked_nothing_is_there(place):
    registry, store, _ = place
    assert present(registry, Repository("team/none"), ["m-1"]) == frozenset()
    assert find_list(FakeRecords(fails=True), Repository("team/app"), list_of(WHO, "App", INFRA)) is None
    with pytest.raises((DeployError, KeyError)):
        keep(store, Repository("team/none"), list_of(WHO, "App", INFRA), DOCUMENT)


SAME = replace(CONTENT, tags={"a": "b"})
OTHERS = {
    "account": (replace(WHO, account="999999999999"), "App", INFRA, STATE),
    "region": (replace(WHO, region="eu-west-1"), "App", INFRA, STATE),
    "stack": (WHO, "Other", INFRA, STATE),
    "inputs": (WHO, "App", "sha256:" + "b" * 64, STATE),
    "content": (WHO, "App", INFRA, replace(STATE, content=SAME)),
    "characters that are not given back": (
        WHO,
        "App",
        INFRA,
        replace(STATE, parameters={TEMPLATE_PARAMETER: record_of(CONTENT, "sha256:00")}),
    ),
}


def test_a_proof_says_all_that_it_proves_and_its_name_is_made_of_it():
    subjects = [proof(*arguments) for arguments in [(WHO, "App", INFRA, STATE), *OTHERS.values()]]
    subjects.append(list_of(WHO, "App", INFRA))
    assert len({tag_of(subject) for subject in subjects}) == len(subjects)
    assert proof(WHO, "App", INFRA, STATE) == {
        "schema": "rajee-deploy.proof/1",
        "account": "123456789012",
        "region": "us-east-1",
        "stack": "App",
        "infrastructure": INFRA,
        "template": record_of(CONTENT),
    }


def test_what_somebody_else_changed_is_another_content_whatever_is_recorded():
    changed = replace(STATE, content=SAME)
    assert proof(WHO, "App", INFRA, changed) == proof(WHO, "App", INFRA, replace(changed, parameters={}))
    assert proof(WHO, "App", INFRA, replace(STATE, content=None)) is None


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"text",
        gzip.compress(b"{}"),
        gzip.compress("ü".encode()),
        gzip.compress(b"x" * (9 << 20)),
        gzip.compress(b"{}")[:-3],
    ],
    ids=itertools.count(),  # not by their bytes: gzip writes the time into them, and workers collect at different times
)
def test_whatever_lies_there_does_no_harm(packed):
    store, repository = FakeRecords(registry=FakeRegistry({"team/app": {}})), Repository("team/app")
    subject = list_of(WHO, "App", INFRA)
    store.put(repository, "c-" + tag_of(subject).removeprefix("m-"), Record(packed))
    assert find_list(store, repository, subject) is None
