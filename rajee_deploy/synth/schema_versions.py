"""Which cloud assemblies the CDK CLI can read, and which ones the app's aws-cdk-lib writes: by what is installed.

A CLI refuses an assembly of a schema that is newer than its own (https://docs.aws.amazon.com/cdk/v2/guide/versioning.html),
and says so only after the app has run. It starts no node; what no file says is None.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.synth.command import above
from rajee_deploy.synth.toolchain import versions_of
from rajee_deploy.system.regular_files import LARGE, read_json, read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.synth.cli_files import CdkCli

# The CLI is one file into which the schema's own version file is bundled; its form changed with schema 37.
_BUNDLED = re.compile(
    rb'cloud-assembly-schema/schema/(?:cloud-assembly\.)?version\.json".{0,600}?'
    rb'\b(?:revision"?:\s{0,4}|version"?:\s{0,4}")(\d{1,6})\b',
    re.DOTALL,
)
_SCHEMA_PACKAGE = "@aws-cdk/cloud-assembly-schema/package.json"


class Library(NamedTuple):
    """The app's aws-cdk-lib ("" where it is not found), and the schema that it writes (None where no file says)."""

    version: str
    schema: int | None


def newest_readable(cli: CdkCli) -> int | None:
    """The newest schema that a CLI reads; None where its files do not say."""
    beside = cli.path.parent.parent / "aws-cdk"  # .bin of node_modules may hold a script in place of a link
    places = (beside, *cli.path.resolve().parents) if cli.path.parent.name == ".bin" else cli.path.resolve().parents
    root = next((each for each in places if (each / "package.json").is_file()), None)
    if root is None:
        return None
    try:
        found = set(_BUNDLED.findall(read_regular(root / "lib" / "index.js", LARGE)))
    except (OSError, ValueError):
        return None
    return int(found.pop()) if len(found) == 1 else None


def written_schema(app: Path) -> Library:
    """What the app's library is, and what it writes. DeployError where the app's own Python does not run."""
    versions = versions_of(app)
    if "python-libraries" in versions:
        names = dict(each.rpartition("-")[::2] for each in versions["python-libraries"].split())
        names = {name.replace("-", "_").replace(".", "_"): version for name, version in names.items()}
        return Library(names.get("aws_cdk_lib", ""), _major(names.get("aws_cdk_cloud_assembly_schema", "")))
    packages = (*above(app, f"node_modules/aws-cdk-lib/node_modules/{_SCHEMA_PACKAGE}"),)
    packages += (*above(app, f"node_modules/{_SCHEMA_PACKAGE}"),)
    package = next((path for path in packages if path.is_file()), None)
    return Library(versions.get("aws-cdk-lib", ""), _major(_version(package)) if package is not None else None)


def _version(package: Path) -> str:
    try:
        return str(read_json(package)["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _major(version: str) -> int | None:
    found = re.match(r"(\d{1,6})\.", version)
    return int(found[1]) if found else None
