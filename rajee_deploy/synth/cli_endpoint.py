"""Whether a CDK CLI asks where the variables lead to. It reads variables and starts nothing.

Up to 2.166 the CLI has version 2 of AWS's SDK for JavaScript, which knows no AWS_ENDPOINT_URL: it would go to the real
AWS while we look at another one. Seen with 2.100.0, 2.160.0, 2.165.0 and 2.166.0; 2.167.0 is the first that follows.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.synth.cli_files import CdkCli

_FIRST = (2, 167)


def check_endpoint(app: Path, cli: CdkCli, variables: Mapping[str, str | None]) -> None:
    """DeployError `cdk-ignores-endpoint` where AWS is elsewhere, and this CLI would not go there."""
    version = re.match(r"(\d{1,9})\.(\d{1,9})", cli.version)
    if version is None or (int(version[1]), int(version[2])) >= _FIRST:
        return
    named = next((name for name in sorted(variables) if name.startswith("AWS_ENDPOINT_URL") and variables[name]), None)
    if named is None or (variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or "").lower() == "true":
        return
    raise DeployError(
        "cdk-ignores-endpoint",
        f"aws-cdk {cli.version} would go to the real AWS, and not to {variables[named]}",
        where=str(cli.path),
        cause=f"{named} is set, and the CDK CLI follows it from {'.'.join(map(str, _FIRST))} on",
        hint=f"npm install -D aws-cdk@2 --prefix {quote(str(app))}",
    )
