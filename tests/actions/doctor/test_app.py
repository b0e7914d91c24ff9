"""What is said of an app's toolchain, by files alone."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.actions.doctor.app import check_cli, check_version_reporting
from rajee_deploy.actions.doctor.findings import Health

OK, WARNING, ERROR, UNKNOWN = Health
BUNDLE = 'x=a({{"../@aws-cdk/cloud-assembly-schema/schema/version.json"(e,t){{t.exports={{revision:{}}}}}}})'


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "cdk.json").write_text('{"app": "npx tsx app.ts"}')
    return tmp_path


def install(app, name: str, version: str | None, **files: str) -> None:
    package = app / "node_modules" / name
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version} if version else {}))
    for path, text in files.items():
        (package / path).mkdir()
        (package / path / "index.js").write_text(text)


def told(app) -> list[tuple]:
    return [(each.check, each.health, each.code) for each in check_cli(app)]


def test_no_cli(app):
    assert told(app) == [("cdk", ERROR, "cdk-missing")]


@pytest.mark.parametrize("version", ["3.0.0", "1.204.0"])
def test_a_cli_that_is_none(app, version):
    install(app, "aws-cdk", version)
    (found,) = check_cli(app)
    assert (found.health, found.code, version in found.text) == (ERROR, "cdk-version", True)
    assert found.fix == f"npm install -D aws-cdk@2 --prefix {app}"


def test_a_cli_that_is_too_old_for_the_library(app):
    install(app, "aws-cdk", "2.1000.0", lib=BUNDLE.format(40))
    install(app, "aws-cdk-lib", "2.200.0")
    install(app, "@aws-cdk/cloud-assembly-schema", "45.0.0")
    assert told(app) == [("cdk", OK, ""), ("schema", ERROR, "")]


def test_a_cli_that_reads_it(app):
    install(app, "aws-cdk", "2.1000.0", lib=BUNDLE.format(45))
    install(app, "aws-cdk-lib", "2.200.0")
    install(app, "@aws-cdk/cloud-assembly-schema", "45.0.0")
    assert told(app) == [("cdk", OK, ""), ("schema", OK, "")]


def test_a_cli_of_which_nothing_is_known(app):
    install(app, "aws-cdk", "2.1000.0")
    assert told(app) == [("cdk", OK, ""), ("schema", UNKNOWN, "")]


def test_a_cli_on_path_without_its_package(app):
    (app / "bin").mkdir()
    (app / "bin" / "cdk").write_text("")
    (app / "bin" / "cdk").chmod(0o700)
    assert told(app) == [("cdk", UNKNOWN, ""), ("schema", UNKNOWN, "")]


def test_a_cdk_json_that_cannot_be_read(app):
    (app / "cdk.json").write_text("{")
    install(app, "aws-cdk", "2.1000.0")
    assert told(app) == [("cdk", OK, ""), ("schema", ERROR, "bad-cdk-json")]
    assert [each.code for each in check_version_reporting(app)] == ["bad-cdk-json"]


@pytest.mark.parametrize(
    ("document", "health"),
    [
        ({"versionReporting": False}, OK),
        ({"versionReporting": True}, WARNING),
        ({}, WARNING),
        ({"versionReporting": 0}, WARNING),
    ],
)
def test_versions_in_templates(app, document, health):
    (app / "cdk.json").write_text(json.dumps(document))
    (found,) = check_version_reporting(app)
    assert (found.health, str(app / "cdk.json") in found.fix) == (health, health is WARNING)
