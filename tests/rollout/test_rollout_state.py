"""The table of rollout states: whole, as AWS's own models have them, and what it answers."""

from __future__ import annotations

import botocore.session
import pytest

from rajee_deploy.rollout import rollout_state as table

SESSION = botocore.session.get_session()
ECS = SESSION.get_service_model("ecs")


def test_the_table_has_every_state_that_ecs_knows_and_no_other():
    assert set(ECS.shape_for("DeploymentRolloutState").enum) == table.STATES


def test_every_status_of_a_functions_update_is_a_state():
    known = SESSION.get_service_model("lambda").shape_for("LastUpdateStatus").enum
    assert {table.of_function("Active", update) for update in known} == table.STATES
    assert table.of_function("Active", "SomethingNew") == "SomethingNew"


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("Active", "COMPLETED"),
        ("Inactive", "COMPLETED"),  # nobody called it for long
        ("", "COMPLETED"),  # a Lambda that tells no state
        ("Pending", "IN_PROGRESS"),
        ("Failed", "FAILED"),
    ],
)
def test_a_functions_state_goes_before_its_update(state, meaning):
    assert table.of_function(state, "Successful") == meaning


def test_of_the_other_states_that_lambda_has_nothing_is_concluded():
    known = set(SESSION.get_service_model("lambda").shape_for("State").enum)
    unknown = {state for state in known if not table.is_known(table.of_function(state, "Successful"))}
    assert unknown == {"Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting"}


@pytest.mark.parametrize(
    ("state", "known", "over", "failed", "arrived"),
    [
        ("COMPLETED", True, True, False, True),
        ("IN_PROGRESS", True, False, False, False),
        ("FAILED", True, True, True, False),
        (table.UNTOLD, True, False, False, False),
        ("SOMETHING_NEW", False, False, False, False),
    ],
)
def test_what_a_state_means(state, known, over, failed, arrived):
    found = table.is_known(state), table.is_over(state), table.has_failed(state), table.has_arrived(state)
    assert found == (known, over, failed, arrived)


@pytest.mark.parametrize(
    ("status", "there", "gone"),
    [
        ("ACTIVE", True, False),
        ("DRAINING", False, True),
        ("INACTIVE", False, True),
        ("MISSING", False, True),
        ("SOMETHING_NEW", False, False),
    ],
)
def test_what_a_status_of_a_service_means(status, there, gone):
    assert (table.is_there(status), table.is_gone(status)) == (there, gone)


def test_which_deployments_were_undone():
    undone = {status for status in ECS.shape_for("ServiceDeploymentStatus").enum if table.is_undone(status)}
    assert undone == {
        "STOPPED",
        "STOP_REQUESTED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
    }
