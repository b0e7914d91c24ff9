"""What is kept of a `verify`: how many images were checked, and whether one disagreed."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from rajee_deploy.actions.verify.buildkit import Checked
from rajee_deploy.actions.verify.record import verify_and_record
from rajee_deploy.actions.verify.verdicts import VerifiedImage
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.report.history import History

CHECKED = VerifiedImage(None, "buildx", Checked((), ()))
UNASKED = replace(CHECKED, engine="", checked=None)


@pytest.fixture(autouse=True)
def _history(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))


def disagree() -> VerifiedImage:
    raise DeployError("verify-mismatch", "it reads something else")


def refuse() -> VerifiedImage:
    raise DeployError("verify-refused", "no")


def record(root, *verdicts) -> str:
    talk = io.StringIO()
    verify_and_record(Console(stderr=talk), root, "prod", [(str(n), verify) for n, verify in enumerate(verdicts)])
    return talk.getvalue()


def kept() -> list[tuple[int, int]]:
    return [(check.agreed, check.disagreed) for check in History().entries().checks]


def test_images_that_an_engine_was_asked_about_are_checks(tmp_path):
    record(tmp_path, lambda: CHECKED, lambda: UNASKED, lambda: CHECKED)
    assert kept() == [(2, 0)]
    (check,) = History().entries().checks
    assert (check.project, check.environment) == (str(tmp_path), "prod")


def test_where_nobody_was_asked_nothing_was_checked(tmp_path):
    record(tmp_path, lambda: UNASKED)
    record(None, lambda: CHECKED)
    assert kept() == []


@pytest.mark.parametrize(("end", "told"), [(disagree, (1, 1)), (refuse, (1, 0))])
def test_that_one_disagrees_is_kept_and_another_failure_is_none(tmp_path, end, told):
    with pytest.raises(DeployError):
        record(tmp_path, lambda: CHECKED, end)
    assert kept() == [told]


def test_a_history_that_cannot_be_written_costs_a_word(tmp_path):
    (tmp_path / "state").write_text("no directory")
    assert "cannot be written" in record(tmp_path, lambda: CHECKED)
