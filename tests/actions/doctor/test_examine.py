"""All checks are made, in their order, and none hides another: not one that fails, nor one that never ends."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakeRules

from rajee_deploy.actions.doctor.cloud import Cloud
from rajee_deploy.actions.doctor.examine import ORDER, Examination, examine
from rajee_deploy.actions.doctor.findings import Health
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model.caller import Caller, HeldKeys
from rajee_deploy.settings import load
from rajee_deploy.synth.deploy_checks import BootstrapNeed

OK, WARNING, ERROR, UNKNOWN = Health


class Known:
    seconds_ahead = 0.0

    def caller(self) -> Caller:
        return Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ann")


@pytest.fixture
def examination(tmp_path, monkeypatch) -> Examination:
    """A project of one image and one stack, in a home of its own."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    project = tmp_path / "project"
    project.mkdir()
    (project / "cdk.json").write_text('{"app": "npx tsx app.ts"}')
    (project / "Dockerfile").write_text("FROM scratch\n")
    (project / "rajee-deploy.toml").write_text(
        '[images.api]\nrepository = "team/api"\nstack = "Api"\n[cdk]\nstacks = ["Api"]\n[environments.dev]\n'
    )
    settings = load(project / "rajee-deploy.toml", "dev")
    cloud = Cloud(
        identity=Known(),
        held_keys=lambda: HeldKeys("env", is_temporary=False),
        rules=FakeRules(),
        images=lambda _who: settings.images,
        needs=lambda who: [BootstrapNeed(who.account, who.region, "/p", 6, "")],
        version=lambda _need: 6,
        now=lambda: datetime(2026, 11, 30, tzinfo=UTC),
        login="",
    )
    return Examination(
        settings=settings,
        trouble=None,
        app=project,
        images=lambda: settings.images,
        engine=lambda: "Docker Engine",
        has_classic_store=lambda: False,
        data_root=lambda: None,
        cloud=cloud,
    )


def checks(found) -> list[str]:
    return list(dict.fromkeys(finding.check for finding in found.findings))


def test_every_check_in_its_order(examination):
    found = examine(examination)
    order = [name for group in ORDER for name in group]
    assert checks(found) == [name for name in order if name in checks(found)]
    assert set(order) - set(checks(found)) <= {"schema", "account", "lifecycle", "dockerfile", "unused"}
    assert (found.settings, found.environment) == (str(examination.settings.path), "dev")
    assert found.findings[0].text == "rajee-deploy.toml, environment dev: 1 image, 1 stack"
    assert found.health is ERROR, "there is neither node nor a CDK CLI"


@pytest.mark.parametrize(
    ("line", "classic", "expected"),
    [
        ("", True, [OK]),
        ('cache-to = ["team/cache"]', False, [OK]),
        ('cache-to = ["team/cache"]', True, [OK, WARNING]),
        ('platform = ["linux/amd64", "linux/arm64"]', True, [OK, ERROR]),
    ],
)
def test_an_engine_that_lacks_what_the_settings_ask_for(examination, line, classic, expected):
    path = examination.settings.path
    path.write_text(path.read_text().replace('stack = "Api"\n', f'stack = "Api"\n{line}\n', 1))
    found = examine(replace(examination, settings=load(path, "dev"), has_classic_store=lambda: classic))
    assert [each.health for each in found.findings if each.check == "engine"] == expected


def test_an_engine_that_does_not_answer_is_told_once(examination):
    def fail() -> bool:
        raise DeployError("no-engine", "no Docker Engine answers")

    path = examination.settings.path
    path.write_text(path.read_text().replace('stack = "Api"\n', 'stack = "Api"\ncache-to = ["team/cache"]\n', 1))
    found = examine(replace(examination, settings=load(path, "dev"), has_classic_store=fail, engine=fail))
    assert [each.health for each in found.findings if each.check == "engine"] == [ERROR]


def test_without_settings_the_machine_and_the_caller_are_looked_at(examination):
    trouble = ConfigurationError("no-settings", "no settings were found", hint="rajee-deploy init")
    found = examine(replace(examination, settings=None, trouble=trouble, app=None))
    assert (found.settings, found.environment) == ("", "")
    assert (found.findings[0].health, found.findings[0].fix) == (ERROR, "rajee-deploy init")
    assert {"engine", "node", "disk", "cache", "state", "credentials", "clock"} <= set(checks(found))
    assert not {"cdk", "bootstrap", "repository", "bases"} & set(checks(found))


def test_one_that_does_not_end_is_unknown_and_hides_no_other(examination):
    going_on = threading.Event()

    def never() -> str:
        going_on.wait(30)
        return "at last"

    try:
        found = examine(replace(examination, engine=never), seconds=0.5)
    finally:
        going_on.set()
    (engine,) = (each for each in found.findings if each.check == "engine")
    assert (engine.health, engine.text) == (UNKNOWN, "no answer within 0 s")
    assert {"settings", "node", "bases"} <= set(checks(found))


def test_one_that_fails_as_a_whole_hides_no_other(examination):
    class Failing(Known):
        def caller(self) -> Caller:
            raise AssertionError

    def fail() -> None:
        raise DeployError("aws-error", "the call failed")

    found = examine(replace(examination, data_root=fail))
    assert [each.health for each in found.findings if each.subject == "engine"] == [UNKNOWN]
    with pytest.raises(AssertionError):  # a fault of our own is none of theirs, and is told as one
        examine(replace(examination, cloud=replace(examination.cloud, identity=Failing())))


def test_settings_without_stacks_need_neither_node_nor_a_bootstrap_stack(examination, tmp_path):
    (tmp_path / "project" / "rajee-deploy.toml").write_text('[images.api]\nrepository = "team/api"\n')
    found = examine(replace(examination, settings=load(examination.settings.path), app=None))
    assert "bootstrap" not in checks(found)
    assert "1 image, 0 stacks" in found.findings[0].text
