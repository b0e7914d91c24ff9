"""Warnings as rows: briefly, and whole where all of it is asked for."""

from __future__ import annotations

import pytest

from rajee_deploy.console.rows import lay_out, plain
from rajee_deploy.console.warning_rows import rows_of
from rajee_deploy.warned import Concern, Warned

PINS = "is not pinned, so it may change unnoticed; rajee-deploy lock pins it"
UNPINNED = [
    Concern(Warned("image envoy", "base-unpinned", f"{name} {PINS}"), line, is_alike=True)
    for line, name in ((3, "busybox:1.37.0-musl"), (12, "envoy:v1.38.0"))
]
CDK = Concern(
    Warned(
        "Api",
        "cdk-warning",
        "minHealthyPercent has not been configured. See https://example.com [ack: @aws-cdk/aws-ecs:minHealthyPercent]",
    )
)
LONG = Concern(Warned("Api", "cdk-warning", "word " * 60 + "end"))


def shown(concerns, *, is_whole=False):
    return [plain(line) for line in lay_out(rows_of(concerns, is_whole=is_whole), 80)]


def test_bases_that_are_not_pinned_are_one_line_with_what_to_do():
    (line,) = shown(UNPINNED)
    assert line.startswith("  ! busybox:1.37.0-musl is not pinned, and 1 more  ")
    assert line.endswith("  rajee-deploy lock")
    assert len(shown(UNPINNED, is_whole=True)) >= 4


def test_a_base_that_nothing_locks_is_said_as_it_is():
    text = "base is not pinned, so it may change unnoticed; a stage has its name, so nothing locks it"
    (row,) = rows_of([Concern(Warned("image envoy", "base-unpinned", text))], is_whole=False)
    assert row.name == f"envoy: {text}"


@pytest.mark.parametrize(("concern", "ending"), [(CDK, "has not been configured."), (LONG, "word…")])
def test_of_what_the_cdk_warns_of_the_first_sentence_is_said(concern, ending):
    (row,) = rows_of([concern], is_whole=False)
    assert row.name.endswith(ending)
    (row,) = rows_of([concern], is_whole=True)
    assert row.name == f"Api: {concern.warned.message}".strip()
