"""Apps of the shapes that public ones have, deployed by nothing but the CDK CLI: what ours is compared with.

Each edit says what plain `cdk deploy` changes by it.
"""

from __future__ import annotations

import uuid

import pytest
from e2e.any_app import STACKS, Change

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

EDGES = {"acme-edge-us-east-1", "eu-west-1/acme-edge-eu-west-1"}
# An app, a file, text to add, and what that changes.
EDITS = [
    ("lambdas_py", "functions/shop/prices.py", "# more", Change(images={"Shop"})),
    ("lambdas_py", "functions/shop/NOTES.md", "More.", Change(tags={"Shop"})),
    ("fargate_py", "README.md", "More.", Change(tags={"Guestbook"})),
    ("fargate_py", "service/entries.py", "# more", Change(images={"Guestbook"})),
    ("fargate_py", "tests/test_entries.py", "# ignored", Change()),
    ("nested_py", "images/search/content.txt", "more", Change(images={"Platform-Search"})),
    ("nested_py", "images/gateway/README.md", "more", Change(tags={"Platform"})),
    ("regions_py", "edge/site/index.html", "<p>more</p>", Change(images=EDGES)),
    ("services_ts", "services/common/currencies.txt", "GBP", Change(images={"Services"})),
    ("services_ts", "services/README.md", "More.", Change(tags={"Services"})),
    ("stages_py", "api/README.md", "More.", Change()),
    ("stages_py", "runner/run.sh", "# more", Change(images={"Prod-Jobs"})),
]


@pytest.fixture(scope="module")
def deployed(apps):
    """Deploys an app when it is first asked for."""
    made = {}

    def deployed(name: str):
        if name not in made:
            made[name] = apps(name)
            made[name].deploy()
        return made[name]

    return deployed


@pytest.mark.proof  # of the CDK CLI, which is pinned; ours is held to the table by test_adoption
@pytest.mark.parametrize(("name", "path", "text", "change"), EDITS)
def test_an_edit_changes_what_a_dockerfile_copies_or_no_more_than_a_tag(deployed, name, path, text, change):
    app = deployed(name)
    before = app.deployed()
    assert before.images
    # The CDK builds nothing that the engine has under its name, by whichever run.
    app.append(path, f"{text} {uuid.uuid4()}\n")
    ran = app.deploy()
    assert app.deployed().since(before) == change
    assert (ran.builds > 0) == bool(change.images or change.tags)
    assert ran.node


def test_every_app_is_in_the_table():
    assert {name for name, *_ in EDITS} == set(STACKS)
