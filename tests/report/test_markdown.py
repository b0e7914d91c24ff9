"""The report as Markdown: tables of whole rows, and no name that is markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from past_runs import SPITEFUL, any_runs, run_at

from rajee_deploy.report.markdown import code, markdown
from rajee_deploy.report.metrics import figures
from rajee_deploy.report.tiles import WORDS

CELL = re.compile(r"(?:\\.|[^|\\])*")  # as GitHub's parser has it: what stands behind a backslash ends no cell


def cells(line: str) -> int:
    return len(CELL.sub("", line)) - 1


@given(any_runs)
def test_every_row_has_as_many_cells_as_its_head(runs):
    columns = 0
    for line in markdown(figures(runs)).split("\n"):
        if not line.startswith("|"):
            columns = 0
            continue
        columns = columns or cells(line)
        assert cells(line) == columns, line


@pytest.mark.parametrize("name", SPITEFUL)
def test_a_name_stands_in_a_code_span_that_it_cannot_end(name):
    span = code(name)
    fence = re.match("`+", span)[0]
    inside = span[len(fence) : -len(fence)]
    assert span.endswith(fence)
    assert fence not in re.findall("`+", inside)
    assert "\n" not in span


def test_nothing_is_no_span():
    assert code("") == code("  ") == ""


def test_the_report_of_two_runs():
    runs = [run_at(kind="noop", seconds=0.3), run_at(1, seconds=200.0), run_at(1, outcome="failed", error="x-y")]
    assert markdown(figures(runs)) == (
        "## Deployments\n\n"
        "2 runs finished, of which 1 built an image (50%); 1 did not finish\n\n"
        "|  |  |  |  |\n|---|--:|---|---|\n"
        "| No-op, p50 | 300ms | goal: p95 at most 30s, and it is 300ms | ✅ met |\n"
        "| Code change, p95 | 3m 20s | goal: at most 3m; p50 3m 20s | ❌ missed |\n"
        "| Runs that built an image | 50% | 1 of 2 |  |\n"
        "| Time saved | 2m 40s to 6m 40s | against 3m to 5m a run before |  |\n"
        "| Deployments a week | 1 | 1 in 2 days |  |\n"
        "| Lead time, p50 | none | from commit to done; of 0 commits |  |\n"
        "| Changes that failed | 50% | 1 of 2 |  |\n"
        "| Time to restore, p50 | none | to the next run done; of 0 |  |\n"
        "| Wrong skips | ? | nobody has looked yet: rajee-deploy verify does |  |\n\n"
        f"{WORDS}\n\n"
        "### Kinds of runs\n\n"
        "| kind | runs | p50 | p95 | max | goal |  |\n|---|--:|--:|--:|--:|---|---|\n"
        "| `code` | 1 | 3m 20s | 3m 20s | 3m 20s | p95 ≤ 3m | ❌ missed |\n"
        "| `no-op` | 1 | 300ms | 300ms | 300ms | p95 ≤ 30s | ✅ met |\n\n"
        "### Where the time goes\n\n"
        "| phase | runs | p50 | p95 | max |\n|---|--:|--:|--:|--:|\n"
        "| `deploy RajeeEnvoyStack` | 2 | 150ms | 1m 40s | 1m 40s |\n"
        "| `start` | 2 | 100ms | 100ms | 100ms |\n\n"
        "### By the day\n\n"
        "| day | finished | built an image | did not finish |\n|---|--:|--:|--:|\n"
        "| 2026-01-01 | 1 | 0 | 0 |\n"
        "| 2026-01-02 | 1 | 1 | 1 |\n\n"
        "### The last runs\n\n"
        "| when (UTC) | environment | kind | end | time | what |\n|---|---|---|---|--:|---|\n"
        "| 2026-01-02 12:00 | `prod` | `code` | `failed x-y` | 1m 30s | `build envoy; deploy RajeeEnvoyStack` |\n"
        "| 2026-01-02 12:00 | `prod` | `code` | `done` | 3m 20s | `build envoy; deploy RajeeEnvoyStack` |\n"
        "| 2026-01-01 12:00 | `prod` | `no-op` | `done` | 300ms |  |"
    )
