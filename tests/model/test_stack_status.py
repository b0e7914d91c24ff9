"""The table of CloudFormation's statuses: whole, the only one, and what it answers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import botocore.session
import pytest

import rajee_deploy
from rajee_deploy.model import stack_status as table
from rajee_deploy.model.stack_status import STATUSES, Answer

MODEL = botocore.session.get_session().get_service_model("cloudformation")
EVENTS = MODEL.shape_for("ResourceStatus").enum
TOP = Path(rajee_deploy.__file__).parent
# A status of CloudFormation, or a part of one that only statuses have.
NAMES = re.compile(
    r"_IN_PROGRESS|\bIN_PROGRESS|ROLLBACK"
    r"|\b(CREATE|UPDATE|DELETE|IMPORT|REVIEW|EXPORT)_(COMPLETE|FAILED|SKIPPED|PENDING|$)|^_?(COMPLETED?|FAILED)$"
)
# The rooms that may name one, and why.
EXCEPTIONS = {
    "model/stack_status.py": "the table",
    "sandbox/": "it is the CloudFormation of the tests and the demo",
    "rollout/rollout_state.py": "the rollout states of ECS",
    "engine/steps.py": "the lines of a build engine",
}


def named(path: Path) -> list[str]:
    """The texts of a source file that name a status; what is written for people does not count."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in texts if id(node) not in docstrings and NAMES.search(node.value)]


def sources() -> dict[str, Path]:
    return {path.relative_to(TOP).as_posix(): path for path in sorted(TOP.rglob("*.py"))}


def test_the_table_has_every_status_that_cloudformation_knows_and_no_other():
    assert set(MODEL.shape_for("StackStatus").enum) == STATUSES


def test_no_other_room_names_a_status():
    rooms = {name: path for name, path in sources().items() if not name.startswith(tuple(EXCEPTIONS))}
    assert {name: found for name, path in rooms.items() if (found := named(path))} == {}


def test_the_scan_finds_what_it_looks_for(tmp_path):
    path = tmp_path / "planted.py"
    for text in (*STATUSES, *EVENTS, "ROLLBACK", "_IN_PROGRESS", "IN_PROGRESS", "_FAILED", "CREATE_", "FAILED"):
        path.write_text(f'"""CREATE_COMPLETE is a word here."""\nis_it = state.status.startswith({text!r})\n')
        assert named(path) == [text], text
    assert all(named(sources()[name]) for name in EXCEPTIONS if name.endswith(".py") and name != "engine/steps.py")


# What follows says in which statuses each question is answered with yes, in CloudFormation's own words.
SETTLED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
UNDONE = {status for status in STATUSES if "ROLLBACK" in status}
MOVING = {status for status in STATUSES if status.endswith("_IN_PROGRESS")}
CREATING = {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
RECREATING = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        (table.is_settled, SETTLED),
        (table.is_busy, MOVING - {"REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS"}),
        (table.is_updatable, {*SETTLED, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}),
        (table.is_made_anew, CREATING | RECREATING),
        (table.is_undone, UNDONE),
        (table.has_failed, UNDONE | {status for status in STATUSES if status.endswith("_FAILED")}),
        (table.runs_what_it_says, {*SETTLED, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}),
        (table.may_lack_template, MOVING),
        (table.is_reviewed, {"REVIEW_IN_PROGRESS"}),
        (
            table.may_be_empty,
            {
                status
                for status in STATUSES
                if status.startswith(("REVIEW_", "CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_", "DELETE_"))
            },
        ),
        (table.is_known, STATUSES),
    ],
)
def test_what_the_table_answers(question, yes):
    assert {status for status in STATUSES if question(status)} == yes


def test_of_a_status_that_is_not_known_nothing_good_is_believed():
    new = "UPDATE_PAUSED"
    assert table.answer(new) is Answer.STOP
    believed = (
        table.is_settled,
        table.is_busy,
        table.is_updatable,
        table.is_made_anew,
        table.runs_what_it_says,
        table.is_known,
        table.may_be_empty,
        table.is_reviewed,
    )
    assert not any(question(new) for question in believed)
    assert table.may_lack_template(new)  # then it is refused for its status, which says more


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_an_action_and_how_far_it_is(event):
    actions = {"CREATE", "DELETE", "UPDATE", "IMPORT", "EXPORT", "ROLLBACK"}
    actions |= {f"{action}_ROLLBACK" for action in ("UPDATE", "IMPORT", "EXPORT")}
    action = table.action_of(event)
    assert action in actions
    assert event == action + ("_IN_PROGRESS" if table.goes_on(event) else event.removeprefix(action))
    assert table.is_failure(event) == event.endswith("_FAILED")
    assert table.is_deletion(event) == event.startswith("DELETE_")
    assert table.begins_operation(event) == (
        event in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
    )


@pytest.mark.parametrize(
    ("message", "of_a_call", "of_a_program"),
    [
        ("Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.", True, True),
        ("OperationInProgressException", False, True),
        ("App | UPDATE_IN_PROGRESS | AWS::ECS::Service | Service", True, False),
        ("Parameter ImageTag must match", False, False),
    ],
)
def test_a_refusal_for_now(message, of_a_call, of_a_program):
    assert table.is_refused_for_now(message) == of_a_call
    assert table.tells_of_refusal_for_now(message) == of_a_program


def test_a_refusal_since_nothing_was_deployed_yet():
    assert table.is_refused_since_reviewed("Stack:arn is in REVIEW_IN_PROGRESS state")
    assert not table.is_refused_since_reviewed("Stack:arn is in UPDATE_IN_PROGRESS state")
