"""Options of the CDK CLI that come by the environment. Pure.

The CLI takes each of its options from a variable, too, when no flag gives it: CDK_PATH_METADATA stands for
--path-metadata, CDK_C for -c (yargs' `.env("CDK")`). So a variable can change what is synthesised, or deploy something
else than was planned. The tables were read in aws-cdk 2.1148.1; a test holds them against the CLI that is installed.
A name that is no option of ours, or one of a newer CLI, is a variable like any other, and counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_PROFILE = "--profile="  # the CLI's own way to be told that none is meant (seen with aws-cdk 2.1148.1)
_PREFIX = "CDK"
_HOW = "how a stack is deployed is decided here, and shown in the plan"
_IN_APP = "say it in the app, where it is an input: new Stack(…, {…})"
_HOTSWAP = "a hotswap leaves the stack behind what runs, so it is never made here"
# What contradicts the settings or the plan, with what to do instead.
REFUSED = {
    "app": "the app is what cdk.json says, in the directory that cdk.app of the settings names",
    "a": "the app is what cdk.json says, in the directory that cdk.app of the settings names",
    "build": 'say it in cdk.json, as "build"',
    "context": "say it in cdk.context of the settings, or in cdk.json",
    "c": "say it in cdk.context of the settings, or in cdk.json",
    "plugin": 'say it in cdk.json, as "plugin"',
    "p": 'say it in cdk.json, as "plugin"',
    "profile": "use --profile, or profile of the settings' environment",
    "region": "use --region, or region of the settings' environment",
    "output": "each run synthesises into a directory of its own",
    "o": "each run synthesises into a directory of its own",
    "requireApproval": "use cdk.approval of the settings",
    "tags": _IN_APP,
    "t": _IN_APP,
    "notificationArns": _IN_APP,
    **dict.fromkeys(("rollbackTriggerAlarmArns", "monitoringTimeMinutes"), _HOW),
    **dict.fromkeys(("all", "watch", "buildExclude", "execute", "force", "f", "method", "m", "changeSetName"), _HOW),
    **dict.fromkeys(("importExistingResources", "parameters", "previousParameters", "revertDrift", "express"), _HOW),
    **dict.fromkeys(("hotswap", "hotswapFallback", "hotswapEcsMinimumHealthyPercent"), _HOTSWAP),
    **dict.fromkeys(("hotswapEcsMaximumHealthyPercent", "hotswapEcsStabilizationTimeoutSeconds"), _HOTSWAP),
}
# What changes the template, or whether there is one: adopted, and an input.
COUNTED = frozenset(
    {
        "assetMetadata",
        "pathMetadata",
        "versionReporting",
        "telemetry",
        "staging",
        "strict",
        "lookups",
        "ignoreErrors",
        "unstable",
    }
)
# How a diff is made and printed: kept from ours, which is read. No other command of ours has these options, or heeds
# them; the CLI would say more with the last ones, which is for people.
OF_DIFF = frozenset(
    {
        "contextLines",
        "template",
        "securityOnly",
        "fail",
        "failOn",
        "processed",
        "changeSet",
        "changeset",
        "includeMoves",
        "quiet",
        "q",
        "json",
        "j",
        "verbose",
        "v",
        "trace",
        "debug",
        "debugApp",
        "debugCli",
    }
)
# Given by a flag of ours each time; or how the CLI talks, reaches AWS and goes about a deployment that was decided on.
NO_EFFECT = frozenset(
    {
        "exclusively",
        "e",
        "ci",
        "color",
        "noColor",
        "notices",
        "progress",
        "validation",
        "telemetryFile",
        "yes",
        "y",
        "proxy",
        "caBundlePath",
        "ec2creds",
        "i",
        "roleArn",
        "r",
        "toolkitStackName",
        "rollback",
        "outputsFile",
        "logs",
        "concurrency",
        "assetParallelism",
        "assetBuildConcurrency",
        "assetPrebuild",
        "ignoreNoStacks",
        # In capital letters no variable can mean them: E is e, R is r, O is o.
        "E",
        "R",
        "O",
    }
)
# No options, and no input: the CLI writes its own over them for the app, or they are about the CLI itself.
_OF_CLI = frozenset(
    f"CDK_{name}"
    for name in (
        "CLI_ASM_VERSION",
        "CLI_USERAGENT",
        "CLI_VERSION",
        "CONTEXT_JSON",
        "DEFAULT_ACCOUNT",
        "DEFAULT_REGION",
        "DISABLE_CLI_TELEMETRY",
        "DISABLE_VERSION_CHECK",
        "DOCKER_CREDS_FILE",
        "ERROR_FILE",
        "HOME",
        "NOTICES_TIMEOUT",
        "OUTDIR",
        "PERF_COUNTERS_FILE",
        "ROLE_SESSION_NAME",
        "TELEMETRY_SENDER_DEBUG",
    )
)


def refuse_options(environment: Iterable[str]) -> None:
    """ConfigurationError `cdk-option-in-environment` for a variable that would overrule the settings or the plan."""
    for name in sorted(environment):
        option = option_of(name)
        if option in REFUSED:
            raise ConfigurationError(
                "cdk-option-in-environment",
                f"the CDK CLI would take {name} for its option --{_spelling(option)}",
                where="the environment",
                hint=f"unset {name}; {REFUSED[option]}",
            )


def is_input(name: str) -> bool:
    """Whether a variable counts since the CDK CLI may heed it, or hands it to the app; for those named CDK*."""
    if not name.startswith(_PREFIX) or name in _OF_CLI:
        return False
    return option_of(name) not in OF_DIFF | NO_EFFECT


def kept_from_diff(environment: Mapping[str, str]) -> dict[str, None]:
    """The variables that a diff of ours must not get (see `process.run`)."""
    return {name: None for name in environment if option_of(name) in OF_DIFF}


def option_of(name: str) -> str:
    """The option that the CLI takes a variable for, as it is called inside: `CDK_PATH_METADATA` → `pathMetadata`; ""
    for one that is not named CDK*. Not every name is an option.

    As yargs-parser does it (applyEnvVars, camelCase): without the prefix, `__` leads into an object, and words of one
    case are put together, whatever stands between them.
    """
    if not name.startswith(_PREFIX):
        return ""
    words = name.removeprefix(_PREFIX).split("__")[0]
    if words == words.upper():
        words = words.lower()
    first, *rest = words.lstrip("_-").replace("-", "_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _spelling(option: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in option)
