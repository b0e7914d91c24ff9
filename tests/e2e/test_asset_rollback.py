"""Images that an app declares, through the shell: an edit goes by CloudFormation alone, and back, and forth again.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import pytest
from e2e.any_app import ACCOUNT, REGIONS

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

STACK, IMAGE, FILE = "Shop", "Orders", "functions/shop/prices.py"


@pytest.fixture(scope="module")
def app(apps):
    """Adopted, with new images by CloudFormation alone; its second commit makes another image, and both are
    deployed in turn."""
    app = apps("lambdas_py")
    app.run("rajee-deploy init --no-plan")
    app.replace("rajee-deploy.toml", "[cdk]\n", '[cdk]\ntag-only = "cloudformation"\n')
    app.append(FILE, "# the first\n")
    app.commit("first-image")
    app.up()
    return app


@pytest.fixture(scope="module")
def states(app):
    """What is deployed: of the first commit, then of the second."""
    first = app.deployed()
    app.append(FILE, "# the second\n")
    app.commit("second-image")
    ran = app.up()
    [step] = [each for each in ran.document["steps"] if each["step"] == "deploy"]
    assert (ran.builds, step["via"]) == (1, "cloudformation")
    return first, app.deployed()


def head(app, revision: str) -> str:
    return app.run(f"git rev-parse {revision}").stdout.strip()


def status(app):
    return app.run("rajee-deploy status --json").document["stacks"][STACK]


def images(found) -> dict:
    return {name: (each["matches"], each["gone"]) for name, each in found["images"].items()}


def test_an_edit_changes_the_image_alone_and_the_version_that_is_live(app, states):
    first, second = states
    since = second.since(first)
    assert (since.images, since.templates) == ({STACK}, frozenset())
    assert set(images(status(app)).values()) == {(True, False)}
    ran = app.up()
    assert (ran.builds, ran.node, ran.document["steps"]) == (0, (), [])


def test_back_without_node_or_docker(app, states):
    first, _ = states
    ran = app.run(f"rajee-deploy rollback --json --image {IMAGE}")
    assert (ran.docker, ran.node, ran.document["outcome"]) == ((), (), "done")
    assert ran.document["images"][IMAGE]["revision"] == head(app, "HEAD~1")
    deployed = app.deployed()
    assert not deployed.since(first)
    assert deployed.tags(STACK) == first.tags(STACK)
    told = app.run(f"rajee-deploy explain --since deployed --image {IMAGE}")
    shown = ran.document["images"][IMAGE]["tag"][:14]
    assert [word in told.stdout for word in ("prices.py", "changed", shown)] == [True] * 3
    found = status(app)
    assert (images(found)[IMAGE], found["revision"]["commit"]) == ((False, False), head(app, "HEAD~1"))


def test_the_next_up_of_the_same_checkout_deploys_its_image_again(app, states):
    _, second = states
    ran = app.up()
    assert (ran.builds, ran.node, ran.document["kind"]) == (0, (), "code")
    assert app.deployed().tags(STACK) == second.tags(STACK)
    ran = app.up()
    assert (ran.node, ran.document["steps"]) == ((), [])


def test_an_image_that_the_registry_lost_is_not_promised(app, states):
    first, second = states
    [tag] = {*first.tags(STACK)} - {*second.tags(STACK)}
    name = f"cdk-hnb659fds-container-assets-{ACCOUNT}-{REGIONS[0]}"
    app.client("ecr").batch_delete_image(repositoryName=name, imageIds=[{"imageTag": tag}])
    ran = app.run(f"rajee-deploy rollback --image {IMAGE}", code=1)
    assert "asset-image-lost" in ran.stderr
    assert f"git checkout {head(app, 'HEAD~1')}" in ran.stderr
    assert app.deployed().tags(STACK) == second.tags(STACK)
