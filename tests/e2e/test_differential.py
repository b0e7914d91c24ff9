"""Whatever plain `cdk deploy` changes by an edit, `up` changes; what it spares is a tag of the same content."""

from __future__ import annotations

import pytest
from e2e.any_app import Change

pytestmark = [pytest.mark.docker, pytest.mark.cdk, pytest.mark.proof]


def more(path: str, text: str = "# more"):
    return lambda app: app.append(path, f"{text}\n")


def mode(path: str, bits: int):
    return lambda app: (app.folder / path).chmod(bits)


def other(path: str, old: str, new: str):
    return lambda app: app.replace(path, old, new)


def new(path: str, text: str = "new\n"):
    return lambda app: app.write(path, text)


def gone(path: str):
    return lambda app: (app.folder / path).unlink()


# Per app: what each edit is, and what `up` changes by it.
NOTHING = Change()
EDGES = {"acme-edge-us-east-1", "eu-west-1/acme-edge-eu-west-1"}
EDITS = {
    "lambdas_py": [
        ("notes", more("functions/shop/NOTES.md", "More."), NOTHING),
        ("a module", more("functions/shop/prices.py"), Change(images={"Shop"})),
        ("another image", more("functions/thumbnails/handler.py"), Change(images={"Shop"})),
        ("a new module", new("functions/shop/taxes.py"), Change(images={"Shop"})),
        ("no module", gone("functions/shop/taxes.py"), Change(images={"Shop"})),
        ("a file beside", new("functions/shop/notes.txt"), NOTHING),
        ("infrastructure", other("app.py", "seconds(10)", "seconds(20)"), Change(templates={"Shop"})),
        ("a comment of the app", more("app.py"), NOTHING),
        ("the Dockerfile", other("functions/shop/Dockerfile", '"orders', '"refunds'), Change(images={"Shop"})),
    ],
    "fargate_py": [
        ("a README", more("README.md", "More."), NOTHING),
        ("code", more("service/entries.py"), Change(images={"Guestbook"})),
        ("a test", more("tests/test_entries.py"), NOTHING),
        ("ignored code", new("service/__pycache__/x.pyc"), NOTHING),
        ("ignore rules", more(".dockerignore", "service/main.py"), Change(images={"Guestbook"})),
    ],
    "nested_py": [
        ("a README within", more("images/search/README.md"), NOTHING),
        ("one part", more("images/search/content.txt"), Change(images={"Platform-Search"})),
        ("the parent's", more("images/gateway/content.txt"), Change(images={"Platform"})),
    ],
    "services_ts": [
        ("what both read", more("services/common/currencies.txt", "GBP"), Change(images={"Services"})),
        ("what another target reads", more("services/api/debug.txt", "more"), NOTHING),
        ("an argument", other("lib/services-stack.ts", "CY: '4'", "CY: '8'"), Change(images={"Services"})),
    ],
    "stages_py": [
        ("a mode", mode("runner/run.sh", 0o755), NOTHING),
        ("a script", more("runner/run.sh"), Change(images={"Prod-Jobs"})),
        ("a README", more("api/README.md"), NOTHING),
    ],
    "regions_py": [
        ("a page", more("edge/site/index.html"), Change(images=EDGES)),
        ("changes", more("edge/CHANGES.md"), NOTHING),
    ],
}


@pytest.mark.parametrize("name", EDITS)
def test_no_edit_is_missed(twins, name):
    pair = twins(name)
    pair.begin()
    found = {}
    for what, edit, _ in EDITS[name]:
        compared = pair.compare(edit)
        assert not compared.missed, what
        assert not compared.differing, what
        assert compared.ran.builds <= len(compared.ours.images) * 2, what
        found[what] = compared.ours
    assert found == {what: change for what, _, change in EDITS[name]}
