"""Which stacks, environments and images stand in the settings, by what was found."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.init.decide import ALL, Guard, ImageTable, choices, decide, several_stages
from rajee_deploy.actions.init.found import Found, FoundApp, FoundImage, FoundStack, LoneDockerfile
from rajee_deploy.errors import ConfigurationError, Exit

APP = FoundApp("infra", "Python", (), "2.1148.1", is_own_cli=True)
HERE, THERE = ("123456789012", "us-east-1"), ("210987654321", "eu-west-1")


def found(*stacks: FoundStack, **more) -> Found:
    return Found(APP, stacks, **more)


TWO_STAGES = found(FoundStack("Shared"), FoundStack("Dev/Api", *HERE), FoundStack("Prod/Api", *THERE))


@pytest.mark.parametrize(
    ("stacks", "named", "guards"),
    [
        ([FoundStack("Net"), FoundStack("Api")], ("Net", "Api"), ()),
        ([FoundStack("Net", *HERE), FoundStack("Api", *HERE)], ("Net", "Api"), (Guard("main", *HERE),)),
        ([FoundStack("A", *HERE), FoundStack("B", HERE[0], "eu-west-1")], ("A", "B"), (Guard("main", HERE[0]),)),
        ([FoundStack("A", *HERE), FoundStack("B", *THERE)], ("A", "B"), ()),
        ([FoundStack("A", *HERE), FoundStack("B")], ("A", "B"), ()),
        ([FoundStack("Prod/Jobs", *HERE), FoundStack("Prod/Api", *HERE)], ("Prod/Jobs", "Prod/Api"),
         (Guard("prod", *HERE),)),
        ([FoundStack("MyBeta/Api", *HERE)], ("MyBeta/Api",), (Guard("my-beta", *HERE),)),
    ],
)  # fmt: skip
def test_one_sensible_answer_is_asked_of_nobody(stacks, named, guards):
    seen = found(*stacks)
    assert choices(seen) == []
    chosen = decide(seen, ())
    assert (chosen.stacks, chosen.guards, chosen.left) == (named, guards, ())


def test_several_stages_are_a_question():
    assert choices(TWO_STAGES) == ["Dev", "Prod", ALL]
    error = several_stages(TWO_STAGES)
    assert (error.code, error.exit_code) == ("several-stages", Exit.USAGE)
    assert error.hint.split("\n")[:2] == [
        "rajee-deploy init --stacks 'Dev/**'",
        "rajee-deploy init --stacks 'Prod/**'",
    ]


def test_the_stage_that_was_chosen_is_deployed_and_the_others_are_environments():
    chosen = decide(TWO_STAGES, (), "Dev")
    assert chosen.stacks == ("Shared", "Dev/Api")
    assert chosen.left == ("Prod/Api",)
    assert chosen.guards == (Guard("prod", stacks=("Shared", "Prod/Api")),)


def test_a_guard_of_a_stage_has_its_account():
    seen = found(FoundStack("Dev/Api", *HERE), FoundStack("Prod/Api", *THERE))
    chosen = decide(seen, (), "Prod")
    assert chosen.guards == (Guard("prod", *THERE), Guard("dev", *HERE, stacks=("Dev/Api",)))


def test_all_of_them():
    assert decide(TWO_STAGES, ()).stacks == ("Shared", "Dev/Api", "Prod/Api")


@pytest.mark.parametrize("name", ["Prod/Api", "Prod/*", "Prod/**"])
def test_stacks_that_were_asked_for_are_named_as_they_were(name):
    chosen = decide(TWO_STAGES, (name,))
    assert chosen.stacks == (name,)
    assert chosen.left == ("Shared", "Dev/Api")
    assert chosen.guards == (Guard("prod", *THERE),)


def test_a_stack_that_is_not_there_is_an_error():
    with pytest.raises(ConfigurationError, match="no stack called Nope"):
        decide(TWO_STAGES, ("Nope",))


def test_no_stack_at_all_is_an_error():
    with pytest.raises(ConfigurationError) as caught:
        decide(found(), ())
    assert caught.value.code == "no-stacks"


def test_a_pipeline_deploys_its_stages():
    seen = found(FoundStack("Pipeline", is_pipeline=True), FoundStack("Dev/Api"), FoundStack("Prod/Api"))
    assert choices(seen) == []
    chosen = decide(seen, ())
    assert (chosen.stacks, chosen.reason) == (("Pipeline",), "the pipeline deploys them")


def test_images_of_chosen_stacks_without_an_obstacle_are_adopted():
    images = (
        FoundImage("dev", ("Dev/Api",), "Dockerfile"),
        FoundImage("both", ("Dev/Api", "Prod/Api"), "Dockerfile"),
        FoundImage("program", ("Dev/Api",), "Dockerfile", obstacle="it comes from a program"),
        FoundImage("prod", ("Prod/Api",), "Dockerfile"),
    )
    seen = found(FoundStack("Dev/Api"), FoundStack("Prod/Api"), images=images)
    assert decide(seen, (), "Dev").adopted == ("dev", "both")


REGISTRY = FoundStack("Registry", repositories=("team/api",))
LONE = LoneDockerfile("svc/Dockerfile", "svc")


@pytest.mark.parametrize(
    ("stacks", "dockerfiles", "tables"),
    [
        ([REGISTRY, FoundStack("Api", parameters=("ImageTag",))], (LONE,),
         (ImageTable("api", "Api", "ImageTag", "team/api", "svc", "svc/Dockerfile"),)),
        ([FoundStack("Api", parameters=("WebTag",))], (LONE,),
         (ImageTable("web", "Api", "WebTag", "", "svc", "svc/Dockerfile"),)),
        ([REGISTRY, FoundStack("Api", parameters=("ImageTag",))], (LONE, LoneDockerfile("b/Dockerfile", "b")),
         (ImageTable("api", "Api", "ImageTag", "team/api"),)),
        ([REGISTRY, FoundStack("Api", parameters=("ApiTag", "WebImageDigest"))], (LONE,),
         (ImageTable("api", "Api", "ApiTag"), ImageTable("web", "Api", "WebImageDigest"))),
        ([FoundStack("A", parameters=("ImageTag",)), FoundStack("B", parameters=("ImageTag",))], (),
         (ImageTable("app", "A", "ImageTag"), ImageTable("app-b", "B", "ImageTag"))),
        ([REGISTRY], (LONE,), ()),
    ],
)  # fmt: skip
def test_a_parameter_for_a_tag_has_a_table_as_well_as_can_be_seen(stacks, dockerfiles, tables):
    assert decide(found(*stacks, dockerfiles=dockerfiles), ()).images == tables
