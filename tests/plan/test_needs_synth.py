"""What names need a synth; why stacks do is test_infrastructure.py's."""

from __future__ import annotations

import pytest

from rajee_deploy.plan.needs_synth import names_needing_synth
from rajee_deploy.plan.state import StackAbsent, StackPresent


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("App", StackPresent("UPDATE_COMPLETE", {}, {}), None),
        ("App", None, None),  # nobody was asked: it is taken for a stack of that name
        ("Stage/App", None, "Stage/App: no synth of these inputs is known"),
        ("*", None, "*: no synth of these inputs is known"),
        ("App", StackAbsent(), "App: it is not deployed yet"),
        ("App", StackPresent("UPDATE_ROLLBACK_COMPLETE", {}, {}), "App: it is UPDATE_ROLLBACK_COMPLETE"),
        ("App", StackPresent("UPDATE_IN_PROGRESS", {}, {}), "App: it is UPDATE_IN_PROGRESS"),
    ],
)
def test_which_names_need_a_synth(name, state, reason):
    found = names_needing_synth([name], {} if state is None else {name: state})
    assert [text[: len(reason or "")] for text in found] == ([] if reason is None else [reason])
