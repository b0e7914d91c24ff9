"""The selectors of the public selection examples."""

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Selector


def test_selection_case(selection_case, recipe):
    text = selection_case["dockerfile"]
    options = {
        "target": selection_case.get("target"),
        "platform": selection_case.get("platform") or "linux/amd64",
        "args": selection_case.get("args"),
    }
    if selection_case["llb_error"]:
        with pytest.raises(DeployError):
            recipe(text, **options)
        return
    found = recipe(text, **options)
    assert [read.selector for read in found.reads] == [_selector(use["selector"]) for use in selection_case["uses"]]
    assert [read.widened for read in found.reads] == [""] * len(found.reads)


def _selector(fields):
    lists = {key: tuple(fields.get(key, ())) for key in ("include", "exclude", "required")}
    return Selector(fields["path"], fields["wildcard"], fields["follow"], **lists)
