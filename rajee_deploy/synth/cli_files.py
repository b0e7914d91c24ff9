"""The CDK CLI, found and checked by its files; nothing is started.

aws-cdk 3.0.0 on npm is an accidental publish of an old build that cannot read current assemblies; it is refused.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.system.process import find_program
from rajee_deploy.system.regular_files import read_json


@dataclass(frozen=True, slots=True)
class CdkCli:
    """An installed CDK CLI and its version, read from its package without starting node."""

    path: Path
    version: str


def find_cli(app: Path) -> CdkCli | None:
    """The CLI that the app pins (node_modules of it or of a directory above), else the one on PATH, else None."""
    for directory in (app, *app.parents):
        package = directory / "node_modules" / "aws-cdk" / "package.json"
        if package.is_file():
            return CdkCli(directory / "node_modules" / ".bin" / "cdk", _version(package, app))
    found = find_program("cdk")
    if found is None:
        return None
    # bin/cdk of a global installation is a link into the package, whose root is a directory or two above.
    real = Path(found).resolve()
    manifest = next((p / "package.json" for p in real.parents[:3] if (p / "package.json").is_file()), None)
    return CdkCli(Path(found), _version(manifest, app) if manifest else "unknown")


def get_cli(app: Path) -> CdkCli:
    """`find_cli` or a ConfigurationError that says how to get one; refuses 3.0.0 and CDK version 1."""
    if find_program("node") is None:
        raise node_missing()
    return usable_cli(app)


def node_missing() -> DeployError:
    """The error for a machine without node."""
    return DeployError(
        "node-missing", "node is not installed; the CDK CLI needs it", hint="install Node.js 18 or newer"
    )


def usable_cli(app: Path) -> CdkCli:
    """The same by the CLI's files alone, whether or not there is a node to run it."""
    cli = find_cli(app)
    if cli is None:
        from rajee_deploy.synth.how_to import install_cli

        raise DeployError("cdk-missing", "the CDK CLI is not installed", where=str(app), hint=install_cli(app))
    if not cli.version.startswith("2.") and cli.version != "unknown":
        raise DeployError(
            "cdk-version",
            f"aws-cdk {cli.version} is not a usable CDK CLI",
            where=str(cli.path),
            cause="3.0.0 was published by accident and reads no current assembly",
            hint=f"npm install -D aws-cdk@2 --prefix {quote(str(app))}",
        )
    return cli


def _version(package: Path, app: Path) -> str:
    try:
        return str(read_json(package)["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        from rajee_deploy.synth.how_to import install_cli

        raise DeployError(
            "cdk-missing",
            "the CDK CLI's package cannot be read",
            where=str(package),
            cause=str(error),
            hint=install_cli(app),
        ) from error
