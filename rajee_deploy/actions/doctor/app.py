"""What of the CDK app's toolchain matters before the app is run: by files alone. Starts at most the app's own Python,
to be told its packages, as every plan does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.doctor import judgements
from rajee_deploy.actions.doctor.findings import Finding, Health, of_error, unknown
from rajee_deploy.errors import DeployError
from rajee_deploy.synth.cli_files import usable_cli
from rajee_deploy.synth.command import configuration
from rajee_deploy.synth.how_to import install_cli
from rajee_deploy.synth.schema_versions import newest_readable, written_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.synth.cli_files import CdkCli


def check_cli(app: Path) -> Iterator[Finding]:
    """Whether there is a CDK CLI, one that works, and one that reads what the app writes."""
    try:
        cli = usable_cli(app)
    except DeployError as error:
        yield of_error("cdk", error)
        return
    if cli.version == "unknown":
        yield unknown("cdk", f"which version {cli.path} is, no file beside it says", fix=install_cli(app))
    else:
        yield Finding("cdk", Health.OK, f"aws-cdk {cli.version}")
    yield _schema(app, cli)


def _schema(app: Path, cli: CdkCli) -> Finding:
    try:
        library = written_schema(app)
    except DeployError as error:
        return of_error("schema", error)
    return judgements.judge_schema(cli.version, newest_readable(cli), library.version, library.schema, install_cli(app))


def check_version_reporting(app: Path) -> Iterator[Finding]:
    """Whether the template is the same on machines whose interpreters differ by a patch."""
    try:
        reports = configuration(app).get("versionReporting", True)
    except DeployError as error:
        yield of_error("versions", error)
        return
    if reports is False:
        yield Finding("versions", Health.OK, "cdk.json keeps the versions of this machine out of templates")
        return
    text = "versionReporting is not off: a template names the exact version of its interpreter, and so differs "
    fix = f'write "versionReporting": false into {app / "cdk.json"}'
    yield Finding("versions", Health.WARNING, f"{text}between machines where nothing else does", fix)
