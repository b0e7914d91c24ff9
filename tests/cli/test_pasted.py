"""A command of ours in a message is about what the run is about that shows it."""

from __future__ import annotations

import io
import shlex

import pytest

from rajee_deploy import at_work
from rajee_deploy.cli.pasted import as_pasted
from rajee_deploy.console import Console
from rajee_deploy.console.documents import error_document
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Notice


@pytest.mark.parametrize(
    ("argv", "text", "shown"),
    [
        ("up -e prod", "then: rajee-deploy up --yes, or", "then: rajee-deploy up -e prod --yes, or"),
        ("up --environment=prod", "rajee-deploy up --yes", "rajee-deploy up -e prod --yes"),
        ("up --image a --image b", "rajee-deploy up --yes", "rajee-deploy up --image a --image b --yes"),
        ("rollback -e prod", "rajee-deploy rollback --image api", "rajee-deploy rollback -e prod --image api"),
        ("rollback --image x", "rajee-deploy rollback --image api", "rajee-deploy rollback --image api"),
        ("rollback c-1 -e prod", "rajee-deploy up", "rajee-deploy up -e prod"),
        ("plan -e prod --region x", "rajee-deploy lock", "rajee-deploy lock -e prod"),
        ("up --also-tag v1 --wait 5", "rajee-deploy up --yes", "rajee-deploy up --also-tag v1 --wait 5 --yes"),
        ("up --also-tag v1", "rajee-deploy plan", "rajee-deploy plan --also-tag v1"),
        ("lock --check", "rajee-deploy lock", "rajee-deploy lock"),
        ("up --allow-rollback -v --json", "rajee-deploy up --yes", "rajee-deploy up --allow-rollback --yes"),
        # A value may be a secret: whoever pastes it is refused until it is written again.
        ("up --parameters Db=x", "rajee-deploy up --yes", "rajee-deploy up --parameters … --yes"),
        ("fingerprint svc -f D", "rajee-deploy lock", "rajee-deploy lock -f D --context svc"),
        ("verify svc", "rajee-deploy fingerprint prints", "rajee-deploy fingerprint svc prints"),
        ("explain --context svc", "rajee-deploy verify", "rajee-deploy verify svc"),
        ("explain -e prod", "rajee-deploy explain-error bug", "rajee-deploy explain-error bug"),
        ("plan --config 'a b.toml'", "rajee-deploy up", "rajee-deploy up --config 'a b.toml'"),
        (
            "lock --build-context l=https://u:p@h/x",
            "rajee-deploy lock",
            "rajee-deploy lock --build-context …",
        ),
        ("up --wait soon -e prod", "rajee-deploy up --yes", "rajee-deploy up -e prod --yes"),
        ("plan -e prod", "rajee-deploy sandbox start", "rajee-deploy sandbox start"),
        # What the command says itself is not said twice, however it is written.
        ("plan --infra-check hash", "rajee-deploy plan --infra-check=synth", "rajee-deploy plan --infra-check=synth"),
        ("plan --infra-check hash", "rajee-deploy plan", "rajee-deploy plan --infra-check hash"),
        ("plan -e prod", "rajee-deploy keeps it", "rajee-deploy keeps it"),
        ("plan -e prod", "no command", "no command"),
        ("sandbox start", "rajee-deploy up", "rajee-deploy up"),
        ("plan", "rajee-deploy up", "rajee-deploy up"),
        ("", "rajee-deploy up", "rajee-deploy up"),
    ],
)
def test_a_command_gets_the_flags_of_the_run(argv, text, shown):
    assert as_pasted(text, shlex.split(argv)) == shown


def test_warnings_and_errors_have_it_too(monkeypatch):
    monkeypatch.setattr(at_work, "_writers", [lambda text: as_pasted(text, ["up", "-e", "prod"])])
    error = DeployError("a-code", "rajee-deploy lock", hint="rajee-deploy lock")
    stream = io.StringIO()
    console = Console(stderr=stream)
    console.warn("stack App", "rajee-deploy plan")
    console.notices("app", [Notice("base-unpinned", "rajee-deploy lock pins it", 1)])
    console.error(error)
    said = stream.getvalue()
    for words in ("rajee-deploy plan -e prod", "rajee-deploy lock -e prod pins it", "next   rajee-deploy lock -e prod"):
        assert words in said
    assert error_document(error)["hint"] == "rajee-deploy lock -e prod"
