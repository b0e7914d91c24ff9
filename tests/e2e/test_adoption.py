"""Apps as they are, adopted: from a clean checkout to deployed by `init` and `up` alone, and then what edits cost.

What plain `cdk deploy` changes by an edit stands in the table of `test_any_app`, which shows it; ours must change the
same images, and nothing where no image changes.
"""

from __future__ import annotations

import uuid

import pytest
from e2e.any_app import STACKS
from e2e.test_any_app import EDITS
from sampled import some

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

# An app, and an edit of what it declares: a file, a text in it, and what stands there then.
DECLARED = {
    "fargate_py": ("infrastructure/guestbook_stack.py", "cpu=256", "cpu=512"),
    "lambdas_py": ("app.py", "memory_size=512", "memory_size=256"),
}


@pytest.fixture(scope="module")
def adopted(apps):
    """Adopts an app when it is first asked for."""
    made = {}

    def adopted(name: str):
        if name not in made:
            app = made[name] = apps(name)
            app.run("rajee-deploy init --no-plan")
            app.up()
        return made[name]

    return adopted


def nothing(ran) -> bool:
    return not ran.builds and not ran.node and not ran.document["steps"]


@pytest.mark.parametrize("name", some("apps that are adopted", sorted(STACKS), len(STACKS)))
def test_an_app_is_adopted_without_an_edit_and_then_nothing_costs_anything(adopted, name):
    app = adopted(name)
    written = app.run("git status --short --untracked-files=all").stdout.splitlines()
    assert {line[3:] for line in written} <= {"rajee-deploy.toml", "rajee-deploy.schema.json", ".deployignore"}
    before = app.deployed()
    assert before.images
    assert all(tag.startswith("c-") for stack in before.images for tag in before.tags(stack))
    assert nothing(app.up())
    assert not app.deployed().since(before)


# Of one app, an image's file and what no image copies; functions: test_asset_rollback.
@pytest.mark.parametrize(
    ("name", "path", "text", "change"),
    [pytest.param(*edit, marks=() if edit[0] == "fargate_py" else pytest.mark.proof) for edit in EDITS],
)
def test_an_edit_changes_the_images_that_cdk_deploy_changes_and_costs_nothing_else(adopted, name, path, text, change):
    app = adopted(name)
    before = app.deployed()
    app.append(path, f"{text} {uuid.uuid4()}\n")
    ran = app.up()
    since = app.deployed().since(before)
    assert (since.images, since.tags, since.templates) == (change.images, frozenset(), frozenset())
    assert (ran.builds > 0) == bool(change.images)
    if not change.images:
        assert nothing(ran)
    assert nothing(app.up())


@pytest.mark.parametrize("name", some("apps whose stacks are edited", sorted(DECLARED), 2))
def test_an_edit_of_the_stack_builds_nothing(adopted, name):
    app = adopted(name)
    before = app.deployed()
    app.replace(*DECLARED[name])
    ran = app.up()
    since = app.deployed().since(before)
    assert (ran.builds, since.images, bool(since.templates)) == (0, frozenset(), True)
    assert nothing(app.up())


@pytest.mark.proof
def test_cdk_deploy_in_between_is_seen_and_taken_back_without_a_build(adopted):
    app = adopted("lambdas_py")
    before = app.deployed()
    app.deploy()
    by_cdk = app.deployed()
    assert by_cdk.since(before).tags == {"Shop"}, "the same contents, under other tags"
    assert "same content" in app.run("rajee-deploy plan").stderr
    ran = app.up()
    assert ran.builds == 0
    assert app.deployed().since(by_cdk).tags == {"Shop"}
    assert not app.deployed().since(before)


@pytest.mark.proof
def test_a_plain_cdk_deploy_leaves_the_tool(adopted):
    """As docs/any-app.md says: the CDK's tags are back, and the record is gone."""
    app = adopted("fargate_py")
    before = app.deployed()
    assert "RajeeInfraHash" in before.templates["Guestbook"]
    app.deploy()
    after = app.deployed()
    assert "Rajee" not in after.templates["Guestbook"]
    assert not after.since(before).images
    app.up()  # for whichever test comes next


@pytest.mark.proof
def test_cdk_gc_keeps_what_runs(adopted):
    """It looks for tags in the text of the deployed templates, and at no parameter's value."""
    app = adopted("lambdas_py")
    running = set(app.deployed().tags("Shop"))
    app.run(
        "cdk gc --unstable=gc --type ecr --action full --created-buffer-days 0 --rollback-buffer-days 0"
        " --confirm=false --no-notices aws://123456789012/us-east-1"
    )
    left = set(app.tags())
    assert running <= left
    assert not any(tag.startswith("m-") for tag in left), "it did look: what images were made of is gone"
    assert nothing(app.up())
