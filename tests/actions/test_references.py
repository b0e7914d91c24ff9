"""The line for scripts: the reference of each image, as docker pulls it."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from run_worlds import SHARED, D

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.references import print_references, references
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.model.repository import Repository, ecr_address
from rajee_deploy.plan.state import ImageAbsent, Observed, StackAbsent, StackPresent, Tagged
from rajee_deploy.plan.tagged_templates import RecordedImage


def test_of_what_was_built_and_of_what_was_there(world):
    planned, _ = recorded_run(world.context(), 5)
    (built,) = references(planned)
    (image,) = planned.wanted.images
    digest = world.registry.repositories["team/app"][image.tag]
    assert built.endswith(f"/team/app:{image.tag}@{digest}")
    planned, record = recorded_run(world.context(), 5)
    assert record.kind == "noop"
    assert references(planned) == [f"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:{image.tag}@{digest}"]


def test_of_an_image_that_only_its_stack_knows():
    repository = Repository("cdk-hnb659fds-container-assets-1-r")
    state = StackPresent("UPDATE_COMPLETE", {}, {}, images=(RecordedImage("Api", repository, "c-1"),))
    gone = StackPresent("UPDATE_COMPLETE", {}, {}, images=(RecordedImage("Web", repository, "c-2"),))
    known = {(repository, "c-1"): Tagged(D), (repository, "c-2"): ImageAbsent()}
    planned = SimpleNamespace(
        wanted=SimpleNamespace(images=()),
        observed=Observed({}, {"App": state, "Other": gone, "New": StackAbsent()}, known),
        identity=None,
        run=SimpleNamespace(ports=SimpleNamespace(address=lambda repository, _: f"host/{repository}")),
    )
    assert references(planned) == [f"host/{repository}:c-1@{D}"]


def test_a_line_for_each_image_and_nothing_else(world):
    path = world.root / "rajee-deploy.toml"
    other = SHARED.replace("linux/arm64", "linux/amd64").replace("team/app", "team/other")
    path.write_text(path.read_text() + other)
    world.registry.repositories["team/other"] = {}
    world.stacks.parameters = (*world.stacks.parameters, "OtherTag")
    planned, _ = recorded_run(world.context(), 5)
    planned.run.console = Console(stdout=(out := io.StringIO()), stderr=io.StringIO())
    print_references(planned)
    found = [line.partition(":")[0].partition("/")[2] for line in out.getvalue().splitlines()]
    assert found == ["team/app", "team/other"]


def test_what_was_built_of_another_state_of_the_checkout_is_not_what_is_deployed(world):
    planned, _ = recorded_run(world.context(), 5)
    planned.run.references["app"] = f"host.test/team/app:c-{'0' * 40}@{D}"
    assert references(planned) == []  # before it was built, nobody knew a digest


def test_of_a_plan_that_nobody_carried_out_nothing_is_said(world):
    planned = plan_run(world.context())
    planned.run.console = Console(stdout=(out := io.StringIO()), stderr=io.StringIO())
    print_references(planned)
    assert (references(planned), out.getvalue()) == ([], "")


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        (Repository("team/app"), "1234.dkr.ecr.eu-west-1.amazonaws.com/team/app"),
        (Repository("team/app", "9.dkr.ecr.us-east-1.amazonaws.com"), "9.dkr.ecr.us-east-1.amazonaws.com/team/app"),
    ],
)
def test_where_ecr_has_a_repository(repository, address):
    assert ecr_address(repository, Identity("1234", "eu-west-1")) == address
