"""Findings in lines and as a document, word for word."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.doctor.findings import Finding, Health, of_error, unknown, worst
from rajee_deploy.actions.doctor.rows import Examined, document, result, wrong_alone
from rajee_deploy.actions.doctor.screen import rows
from rajee_deploy.console.rows import lay_out, plain
from rajee_deploy.errors import ConfigurationError, DeployError

OK, WARNING, ERROR, UNKNOWN = Health
LONG = "a repository that is called as no repository should be called, since its name goes on and on"
FINDINGS = (
    Finding("engine", OK, "Docker Engine 26.1.5, buildx 0.13"),
    Finding("repository", WARNING, LONG, "say so in its stack; where there is none:\naws ecr " + "x" * 80, "app"),
    of_error("cdk", DeployError("cdk-missing", "it is not there", where="infra", cause="a\nb\n", hint="npm ci")),
    unknown("clock", "no answer told the time"),
)


def told(*findings: Finding, width=80, **flags) -> list[str]:
    return [plain(line).rstrip() for line in lay_out(rows(Examined("", "", findings), width, **flags), width)]


def test_all_there_is_to_say():
    assert told(*FINDINGS, Finding("expiry", WARNING, "they expire in 14 min", "aws sso login")) == [
        "  ! repository  a repository that is called as no repository should be called,",
        "                since its name goes on and on",
        "                → say so in its stack; where there is none:",
        "                → aws ecr",
        "                " + "x" * 80,
        "  ✗ cdk         infra: it is not there (b)                                npm ci",
        "  ? clock       no answer told the time",
        "  ! expiry      they expire in 14 min                              aws sso login",
        "",
        "  ✓ engine      Docker Engine 26.1.5, buildx 0.13",
    ]


def test_with_codes_and_all_that_was_said():
    assert told(FINDINGS[2], is_whole=True) == [
        "  ✗ cdk  infra: it is not there (b) [cdk-missing]",
        "         │ a",
        "         │ b",
        "         → npm ci",
    ]


def test_commands_get_the_flags_of_the_run():
    (line,) = told(Finding("bases", WARNING, "x", "rajee-deploy lock"), as_pasted=lambda text: f"{text} -e prod")
    assert line.endswith(" rajee-deploy lock -e prod")


def test_what_is_well_can_be_left_out():
    found = wrong_alone(Examined("", "", FINDINGS))
    assert [each.check for each in found.findings] == ["repository", "cdk", "clock"]


@pytest.mark.parametrize(
    ("findings", "summary"),
    [
        ((), "nothing is wrong; 0 ok"),
        (FINDINGS[:1] * 3, "nothing is wrong; 3 ok"),
        (FINDINGS[2:3] * 2, "2 errors; 0 ok"),
        ((*FINDINGS[1:2] * 2, *FINDINGS[3:]), "2 warnings, 1 not known; 0 ok"),
    ],
)
def test_how_many(findings, summary):
    assert result(Examined("", "", findings)) == summary


def test_the_document():
    found = document(Examined("/a/rajee-deploy.toml", "prod", FINDINGS[2:]))
    assert found == {
        "schema": "rajee-deploy.doctor/1",
        "settings": "/a/rajee-deploy.toml",
        "environment": "prod",
        "health": "error",
        "counts": {"ok": 0, "warning": 0, "error": 1, "unknown": 1},
        "checks": [
            {
                "check": "cdk",
                "subject": None,
                "health": "error",
                "text": "infra: it is not there (b)",
                "fix": "npm ci",
                "code": "cdk-missing",
                "detail": "a\nb\n",
            },
            {
                "check": "clock",
                "subject": None,
                "health": "unknown",
                "text": "no answer told the time",
                "fix": None,
                "code": None,
                "detail": None,
            },
        ],
    }
    assert (document(Examined("", "", ()))["settings"], document(Examined("", "", ()))["health"]) == (None, "ok")


@pytest.mark.parametrize(
    ("healths", "expected"),
    [([], OK), ([OK], OK), ([OK, WARNING], WARNING), ([WARNING, UNKNOWN], UNKNOWN), ([UNKNOWN, ERROR, OK], ERROR)],
)
def test_the_worst(healths, expected):
    assert worst(Finding("x", health, "") for health in healths) is expected


@pytest.mark.parametrize(
    ("code", "health"),
    [
        ("aws-unreachable", UNKNOWN),
        ("throttled", UNKNOWN),
        ("unknown-answer", UNKNOWN),
        ("access-denied", UNKNOWN),
        ("aws-error", UNKNOWN),
        ("no-role", UNKNOWN),
        ("no-credentials", ERROR),
        ("expired-credentials", ERROR),
        ("bad-credentials", ERROR),
        ("clock-skew", ERROR),
        ("wrong-account", ERROR),
        ("no-settings", ERROR),
    ],
)
def test_what_an_error_says(code, health):
    assert of_error("x", ConfigurationError(code, "problem")).health is health
    assert of_error("x", DeployError(code, "problem", cause="\n"), "s").text == "problem"
