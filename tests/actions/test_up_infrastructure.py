"""When a run synthesises, and what a synth leads to."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace

import pytest
from fakes import FakeStacks
from run_worlds import D, refused, tier

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input, of_infrastructure
from rajee_deploy.system.places import cache_directory


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


def test_what_synth_writes_for_its_lookups_is_recorded(world):
    run = world.context()
    fingerprints = iter([(), (), (("cdk.context.json", "644", D),)])
    run.ports = replace(run.ports, infrastructure=lambda _carried: of_infrastructure(next(fingerprints), {}, {}, {}))
    recorded_run(run, 5)
    run.ports = replace(
        run.ports, infrastructure=lambda _carried: of_infrastructure((("cdk.context.json", "644", D),), {}, {}, {})
    )
    assert plan_run(run).plan.is_empty


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
    world.up()
    said = " ".join(world.talk.getvalue().split())
    assert "file hashes cannot prove that nothing changed: app.py:3 starts a program" in said
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
