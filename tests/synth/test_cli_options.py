"""Options of the CDK CLI that come by the environment: which are refused, which count, and what the CLI really does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from sampled import some

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.synth.cli_options import (
    COUNTED,
    NO_EFFECT,
    OF_DIFF,
    REFUSED,
    is_input,
    kept_from_diff,
    refuse_options,
)
from rajee_deploy.synth.cli_options import option_of as option

CLI = Path(__file__).parents[2] / "infra" / "node_modules" / "aws-cdk"
NAMES = {
    "CDK_APP": "app",
    "CDK_A": "a",
    "CDKAPP": "app",
    "CDK_app": "app",
    "CDK_PATH_METADATA": "pathMetadata",
    "CDK_pathMetadata": "pathMetadata",
    "CDK_Path_Metadata": "PathMetadata",
    "CDK_PATHMETADATA": "pathmetadata",
    "CDK_CONTEXT__size": "context",
    "CDK_NO_COLOR": "noColor",
    "CDK_EC2CREDS": "ec2creds",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_the_option_that_a_variable_is_taken_for(name, expected):
    assert option(name) == expected


@pytest.mark.parametrize("name", ["AWS_APP", "cdk_app", "MY_CDK_APP", "APP", ""])
def test_other_variables_are_no_option(name):
    assert option(name) == ""
    assert not is_input(name)


@pytest.mark.parametrize(
    "name",
    [
        "CDK_APP",
        "CDK_A",
        "CDKAPP",
        "CDK_app",
        "CDK_CONTEXT",
        "CDK_C",
        "CDK_CONTEXT__size",
        "CDK_OUTPUT",
        "CDK_PROFILE",
        "CDK_REGION",
        "CDK_BUILD",
        "CDK_PLUGIN",
        "CDK_TAGS",
        "CDK_HOTSWAP",
        "CDK_EXECUTE",
        "CDK_REQUIRE_APPROVAL",
        "CDK_METHOD",
        "CDK_FORCE",
        "CDK_WATCH",
        "CDK_NOTIFICATION_ARNS",
    ],
)
def test_what_would_overrule_settings_or_plan_is_refused(name):
    with pytest.raises(ConfigurationError) as caught:
        refuse_options({"HOME": "/", name: ""})  # an empty one is one
    assert (caught.value.code, caught.value.exit_code) == ("cdk-option-in-environment", 64)
    assert name in caught.value.problem
    assert caught.value.hint.startswith(f"unset {name}; ")


def test_the_hint_says_where_it_is_said_and_the_option_is_spelled_as_on_the_command_line():
    with pytest.raises(ConfigurationError) as caught:
        refuse_options({"CDK_REQUIRE_APPROVAL": "never"})
    assert caught.value.problem.endswith("--require-approval")
    assert "cdk.approval" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("CDK_PATH_METADATA", True),
        ("CDK_ASSET_METADATA", True),
        ("CDK_VERSION_REPORTING", True),
        ("CDK_TELEMETRY", True),
        ("CDK_STAGING", True),
        ("CDK_STRICT", True),
        ("CDK_LOOKUPS", True),
        ("CDK_IGNORE_ERRORS", True),
        ("CDK_OF_A_NEWER_CLI", True),
        ("CDK_STAGE", True),
        ("CDK_QUALIFIER", True),
        ("CDK_COLOR", False),
        ("CDK_CI", False),
        ("CDK_VERBOSE", False),
        ("CDK_DEBUG", False),
        ("CDK_NOTICES", False),
        ("CDK_PROGRESS", False),
        ("CDK_VALIDATION", False),
        ("CDK_ROLE_ARN", False),
        ("CDK_PROXY", False),
        ("CDK_CONTEXT_JSON", False),
        ("CDK_OUTDIR", False),
        ("CDK_DEFAULT_ACCOUNT", False),
        ("CDK_HOME", False),
    ],
)
def test_which_count_and_none_of_these_is_refused(name, counts):
    assert is_input(name) is counts
    refuse_options({name: "x"})


def test_what_a_diff_must_not_get():
    environment = dict.fromkeys(("CDK_FAIL_ON", "CDK_VERBOSE", "CDK_QUIET", "CDK_Q", "CDK_TEMPLATE", "CDK_STRICT"), "x")
    kept = kept_from_diff({**environment, "HOME": "/"})
    assert kept == dict.fromkeys(("CDK_FAIL_ON", "CDK_VERBOSE", "CDK_QUIET", "CDK_Q", "CDK_TEMPLATE"))


# -- what the installed CLI does ---------------------------------------------------------------------------------------


def options(*commands: str) -> dict[str, dict]:
    registry = json.loads((CLI / "lib" / "cli" / "cli-type-registry.json").read_text())
    found = dict(registry["globalOptions"])
    for command in commands:
        found |= registry["commands"][command]["options"]
    return found


def camel(spelled: str) -> str:
    return re.sub(r"-(.)", lambda found: found[1].upper(), spelled)


@pytest.mark.cdk
def test_every_option_of_the_commands_that_are_run_is_in_one_table():
    known = set()
    for name, told in options("synth", "deploy", "diff").items():
        aliases = told.get("alias") or []
        spelled = {name, *([aliases] if isinstance(aliases, str) else aliases), told.get("negativeAlias") or name}
        known |= {camel(each) for each in spelled}
    tables = [set(REFUSED), set(COUNTED), set(OF_DIFF), set(NO_EFFECT)]
    assert set().union(*tables) == known
    assert sum(map(len, tables)) == len(known)


@pytest.fixture
def app(tmp_path):
    """An app that says which context it gets, and has a stack with a warning."""
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    (tmp_path / "app.js").write_text("""
        const fs = require("fs"), out = process.env.CDK_OUTDIR
        console.log("context", process.env.CDK_CONTEXT_JSON)
        console.log("region", process.env.CDK_DEFAULT_REGION)
        fs.writeFileSync(`${out}/S.json`, "{}")
        const stack = {type: "aws:cloudformation:stack", environment: "aws://unknown-account/unknown-region",
            properties: {templateFile: "S.json"}, metadata: {"/S": [{type: "aws:cdk:warning", data: "beware"}]}}
        fs.writeFileSync(`${out}/manifest.json`, JSON.stringify({version: "36.0.0", artifacts: {S: stack}}))
    """)
    return tmp_path


def run_cli(app: Path, arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
    own = {name: os.environ[name] for name in ("PATH", "HOME")}
    fixed = {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    done = subprocess.run(
        [CLI / "bin" / "cdk", *arguments],
        cwd=app,
        env={**own, **fixed, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def arguments_of(app: Path, command: str, variables: dict[str, str]) -> dict[str, str]:
    """The arguments that the CLI understood, from its own talk."""
    _, said = run_cli(app, [command, "S", "-v"], variables)
    listed = re.search(r"Command line arguments: \{\n(.*?)\n\}\n", said, re.DOTALL)
    assert listed, said
    return dict(re.findall(r"^  '?([\w-]+)'?: (.*?),?$", listed[1], re.MULTILINE))


@pytest.mark.cdk
@pytest.mark.parametrize("command", some("commands of the CDK CLI", ["synth", "deploy", "diff"], 3))
def test_the_cli_takes_each_of_its_options_from_the_environment(app, command):
    without = arguments_of(app, command, {})
    examples = {}
    # --verbose is what makes the CLI tell; it prints no ec2creds, which does nothing.
    for name, told in options(command).items():
        if name in ("verbose", "ec2creds"):
            continue
        was = without.get(camel(name))
        others = [each for each in told.get("choices", []) if f"'{each}'" != was]
        examples[name] = (
            {
                "boolean": "false" if was == "true" else "true",
                "number": "7",
                "array": "x",
                "string": "x",
            }[told["type"]]
            if not others
            else others[0]
        )
    variables = {f"CDK_{name.upper().replace('-', '_')}": value for name, value in examples.items()}
    got = arguments_of(app, command, variables)
    assert [name for name in examples if got.get(camel(name)) == without.get(camel(name))] == []


QUIETLY = ["synth", "--quiet", "--output=out", "--ci", "--no-color", "--no-notices"]


@pytest.mark.cdk
@pytest.mark.parametrize(
    ("variables", "found"),
    some(
        "variables of the CDK CLI",
        [
            ({"CDK_APP": "echo other"}, "^other"),
            ({"CDK_A": ""}, "--app is required"),  # an empty variable is an option that is given
            (
                {"CDK_CONTEXT": "size=large", "CDK_BUILD": "echo built", "CDK_REGION": "eu-west-1"},
                r'(?s)built.*"size":"large".*region eu-west-1',
            ),
            ({"CDK_PLUGIN": "none"}, "Unable to resolve plug-in"),
            ({"CDK_TAGS": "a=b"}, "Expected array"),
            (
                {
                    "CDK_pathMetadata": "false",
                    "CDK_ASSET_METADATA": "false",
                    "CDK_TELEMETRY": "false",
                    "CDK_STAGING": "false",
                    "CDK_STRICT": "true",
                },
                r"(?s)^(?!.*(path|asset)-metadata).*disable-version-reporting.*disable-asset-staging.*--strict mode",
            ),
        ],
        3,
    ),
)
def test_what_is_refused_or_counts_changes_a_synth(app, variables, found):
    _, plain = run_cli(app, QUIETLY, {})
    _, said = run_cli(app, QUIETLY, variables)
    assert re.search(found, said, re.MULTILINE), said
    assert not re.search(found, plain, re.MULTILINE)
    assert all(option(name) in REFUSED or is_input(name) for name in variables)


@pytest.mark.cdk
@pytest.mark.proof  # of a CDK CLI that is pinned
def test_what_has_no_effect_has_none(app):
    names = (
        "CDK_EXCLUSIVELY",
        "CDK_NOTICES",
        "CDK_COLOR",
        "CDK_CONTEXT_JSON",
        "CDK_DEFAULT_REGION",
        "CDK_QUIET",
        "CDK_PATHMETADATA",
        "CDK_NO_LOOKUPS",
        "CDK_OUTPUT",
    )
    _, said = run_cli(app, QUIETLY, dict.fromkeys(names, "true"))
    warned = re.compile(r".*Unknown option.*\n")  # of what is no option
    assert warned.sub("", said) == run_cli(app, QUIETLY, {})[1]
