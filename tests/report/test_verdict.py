"""One run against the success metrics, in words."""

from __future__ import annotations

import pytest
from past_runs import run_at as run

from rajee_deploy.report.verdict import is_met, saving, verdict


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "code", "seconds": 179.9}, "goal 3m: met"),
        ({"kind": "code", "seconds": 180.0}, "goal 3m: met"),
        ({"kind": "code", "seconds": 180.2}, "goal 3m: missed by 1 s"),
        ({"kind": "code", "seconds": 198.0}, "goal 3m: missed by 18 s"),
        ({"kind": "code", "seconds": 305.0}, "goal 3m: missed by 2m 05s"),
        ({"kind": "noop", "seconds": 0.3}, "goal 30s: met"),
        ({"kind": "infra", "seconds": 900.0}, ""),
        ({"kind": "code", "seconds": 12.0, "outcome": "accepted"}, ""),
    ],
)
def test_the_goal(fields, words):
    found = run(**fields)
    assert verdict(found) == words
    assert is_met(found) == ("missed" not in words)


ABOUT = "saved about {} against building and deploying each time"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "noop", "seconds": 0.3, "built": ()}, ABOUT.format("4m")),
        ({"kind": "infra", "seconds": 62.0, "built": ()}, ABOUT.format("3m")),
        ({"kind": "code", "seconds": 30.0, "built": ("api",)}, ""),
        ({"kind": "infra", "seconds": 230.0, "built": ()}, ""),
        ({"kind": "rollback", "seconds": 30.0, "built": ()}, ""),
        ({"kind": "code", "seconds": 30.0, "built": (), "outcome": "accepted"}, ""),
    ],
)
def test_what_was_saved(fields, words):
    assert saving(run(**fields)) == words
