"""Where the time of one run went, in few rows."""

from __future__ import annotations

import pytest

from rajee_deploy.report.run_times import TimeRow, time_rows
from rajee_deploy.report.timings import Phase

SPANS = [
    ("start tasks", 1000.0, 38.4),
    ("health checks", 1038.4, 52.0),
    ("draining", 1090.4, 19.0),
    ("settling", 1109.4, 0.2),
]
ROLLOUT = {"api": SPANS}


def phase(name: str, start: float, seconds: float) -> Phase:
    return Phase(name, start, seconds)


@pytest.mark.parametrize(
    ("phases", "rollouts", "total", "rows"),
    [
        ([], {}, 0.0, []),
        (
            [phase("start", 0, 1.0), phase("ask AWS", 1.0, 2.0), phase("hash inputs", 1.0, 1.5), phase("synth", 3, 9)],
            {},
            12.0,
            [TimeRow("plan", 3.0), TimeRow("synth", 9.0)],
        ),
        (  # side by side
            [
                phase("build and push api", 0, 10),
                phase("build and push web", 4, 10),
                phase("web: look at base images", 3, 1),
            ],
            {},
            14.0,
            [TimeRow("build", 14.0)],
        ),
        (
            [phase("deploy App", 0, 123.6), phase("look at what App runs", 123.6, 3.0)],
            ROLLOUT,
            126.6,
            [
                TimeRow("deploy", 14.0, "CloudFormation"),
                TimeRow("rollout", 112.6, "start 38s, health 52s, drain 19s"),
            ],
        ),
        (  # a function: what is said of it has no short word
            [phase("deploy App", 0, 30)],
            {"fn": [("Lambda takes the image over", 5.0, 20.0)]},
            30.0,
            [TimeRow("deploy", 10.0, "CloudFormation"), TimeRow("rollout", 20.0, "Lambda takes the image over 20s")],
        ),
        (  # nothing rolled out
            [phase("deploy App", 0, 30), phase("look at what App runs", 30, 3)],
            {},
            33.0,
            [TimeRow("deploy", 30.0), TimeRow("confirm", 3.0)],
        ),
        ([phase("deploy App", 0, 0.2), phase("ask AWS", 0.2, 0.01)], {}, 0.3, [TimeRow("deploy", 0.2)]),
        ([phase("deploy App", 0, 200), phase("ask AWS", 200, 0.9)], {}, 201.0, [TimeRow("deploy", 200.0)]),
        ([phase("keep for other machines what is known of App", 0, 5)], {}, 5.0, []),
    ],
)
def test_the_rows(phases, rollouts, total, rows):
    found = time_rows(phases, rollouts, total)
    assert [(row.name, round(row.seconds, 3), row.text) for row in found] == [
        (row.name, row.seconds, row.text) for row in rows
    ]
