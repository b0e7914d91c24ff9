"""The flags that several verbs share, declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        envvar="RAJEE_DEPLOY_ENVIRONMENT",
        help="An environment of the settings, like dev or prod.",
    ),
]
Profile = Annotated[str | None, typer.Option(help="AWS profile; goes before the environment's.")]
Region = Annotated[str | None, typer.Option(help="AWS region; goes before the environment's.")]
Images = Annotated[list[str] | None, typer.Option("--image", help="Only this image and its stack (may be repeated).")]
Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="RAJEE_DEPLOY_CONFIG", help="The settings file, when it is not found by itself."),
]
AllowRollback = Annotated[
    bool, typer.Option("--allow-rollback", help="Let this revision replace one that is newer, or of unknown age.")
]
RepairDrift = Annotated[
    bool, typer.Option("--repair-drift", help="Put services back that run something else than their stack says.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
EventsFile = Annotated[
    str | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Write what happens there as it happens, one JSON document a line; - is stdout, which then has no other.",
    ),
]
File = Annotated[Path | None, typer.Option("--file", "-f", help="The Dockerfile (default: Dockerfile in the context).")]
ContextFlag = Annotated[
    Path | None, typer.Option("--context", help="A build context, instead of the images of the settings.")
]
Target = Annotated[str | None, typer.Option(help="The stage to build.")]
PlatformFlag = Annotated[
    list[str] | None,
    typer.Option(help="Like linux/amd64 (the default); several: linux/amd64,linux/arm64 (or repeated)."),
]
BuildArgs = Annotated[
    list[str] | None, typer.Option("--build-arg", metavar="NAME=VALUE", help="A build argument (may be repeated).")
]
BuildContexts = Annotated[
    list[str] | None,
    typer.Option("--build-context", metavar="NAME=REF", help="A named build context (may be repeated)."),
]
AlsoTags = Annotated[
    list[str] | None,
    typer.Option(
        "--also-tag",
        metavar="TAG",
        help="Give the images this tag too, like v1.2.3 or {short-revision} (may be repeated).",
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameters",
        metavar="[STACK:]KEY=VALUE",
        help="A value for a parameter of the app's own, as cdk deploy takes it (may be repeated).",
    ),
]
Quiet = Annotated[
    bool | None,
    typer.Option(
        "--quiet/--no-quiet",
        "-q",
        help="Say errors, warnings, a line for each step, and how it ended; -v goes before it. The default where a "
        "coding agent runs the command.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what cdk and the engine say, and every reason.")]


class InfraCheckFlag(StrEnum):
    """On what "the infrastructure did not change" may stand."""

    auto = "auto"
    hash = "hash"
    synth = "synth"


InfraCheckOption = Annotated[
    InfraCheckFlag | None,
    typer.Option(
        "--infra-check",
        help="hash: never synthesise to decide. synth: always. auto: where hashes prove nothing, and in production.",
    ),
]


class ModesFlag(StrEnum):
    """How file modes count."""

    git = "git"
    exact = "exact"
