"""How values reach the CDK CLI, and what of them does not come back."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.parameters import ParameterValue
from rajee_deploy.plan.steps import DeployStack
from rajee_deploy.synth.passing import check_values, hush, matches, passing, without_secrets
from rajee_deploy.system.process import Completed

STEP = DeployStack("App", (("ImageTag", "c-1"), ("context:key", "c-2")), "", ())
VALUES = (ParameterValue("Size", "a=b c"), ParameterValue("Key", "canary", "KEY", is_secret=True))


def step(*values: ParameterValue) -> DeployStack:
    return DeployStack(STEP.stack, STEP.parameters, "", (), values=values)


def test_plain_values_are_arguments():
    with passing(step(VALUES[0]), "App") as found:
        assert found.arguments == ("--parameters=App:ImageTag=c-1", "--parameters=App:Size=a=b c")
        assert (found.environment, found.done) == ({}, None)
        found.check(step(VALUES[0]))


def test_what_comes_from_a_variable_is_named_and_no_more(monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=99")
    with passing(step(*VALUES), "App") as found:
        assert "canary" not in str(found)
        assert found.environment["NODE_OPTIONS"].startswith("--max-old-space-size=99 --require ")
        told = json.loads(found.environment["RAJEE_DEPLOY_PARAMETERS"])
        assert told["options"] == "--max-old-space-size=99"
        ((variable, name),) = told["parameters"].items()
        assert (name, found.environment[variable]) == ("App:Key", "canary")
        with pytest.raises(DeployError, match="was not given Key"):
            found.check(step(*VALUES))
        place = found.done.parent
    assert not place.exists()


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize("program", ["aws-cdk/bin/cdk", "other/bin/cdk"])
def test_only_the_cli_itself_gets_it_and_what_it_starts_does_not(tmp_path, program):
    """What is no CLI may still start it: there it is kept for that."""
    path = tmp_path / program
    path.parent.mkdir(parents=True)
    path.write_text(
        "const more = require('child_process').execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)']);"
        "console.log(JSON.stringify([process.argv.slice(2), JSON.parse(more)]))"
    )
    value = "canary\n= 'x'"
    with passing(step(ParameterValue("Key", value, "KEY")), "App") as found:
        ended = subprocess.run(
            ["node", str(path), "deploy"], env=found.environment, capture_output=True, text=True, check=True
        )
        assert found.done.exists() is program.startswith("aws-cdk")
    arguments, inner = json.loads(ended.stdout)
    if program.startswith("aws-cdk"):
        assert (arguments, inner) == (["deploy", f"--parameters=App:Key={value}"], {})
    else:
        assert (arguments, inner) == (["deploy"], found.environment)


def test_lines_are_without_what_comes_from_variables():
    hide = without_secrets((*VALUES, ParameterValue("Cert", "first-line\nsecond-line\nab", "CERT")))
    assert hide("x canary a=b c first-line second-line ab") == "x *** a=b c *** *** ab"
    ended = hush(Completed(("a",), 1, ("canary", "b")), hide)
    assert (ended.tail, ended.code) == (("***", "b"), 1)


AWKWARD = ["a\\b'c\"d`e", "it's-a\\path", 'say-"x"', "tab\there", "esc\x1b[31m\x7f", "groß-\\ü", "C:\\n\\x"]


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_nor_is_it_there_as_a_program_writes_its_arguments():
    """As util.inspect and JSON do, and JSON within a line of a log."""
    script = (
        "const v = JSON.parse(process.argv[1]); const i = require('util').inspect;"
        "for (const x of v) console.log(JSON.stringify([i(x), i({p: [x]}), JSON.stringify(x),"
        " JSON.stringify({m: JSON.stringify({p: x})}), i(JSON.stringify(x)), JSON.stringify(i([x]))]))"
    )
    ended = subprocess.run(["node", "-e", script, json.dumps(AWKWARD)], capture_output=True, text=True, check=True)
    for value, line in zip(AWKWARD, ended.stdout.splitlines(), strict=True):
        hide = without_secrets((ParameterValue("Key", value, "KEY"),))
        for text in [*json.loads(line), repr([value]), json.dumps(value)]:
            assert "***" in hide(text), text
            assert value[:3] not in hide(text), text


def test_a_cli_that_is_given_secrets_is_not_told_to_say_more():
    names = ["CDK_VERBOSE", "CDK_V", "CDK_DEBUG", "CDK_TRACE", "CDK_DEBUG_CLI", "CDK_debugApp", "CDK_DOCKER", "PATH"]
    with passing(step(*VALUES), "App") as found:
        changes = found.changes(names)
        assert {name for name in changes if changes[name] is None} == {*names[:6]}
        assert found.environment.items() <= changes.items()
    with passing(step(VALUES[0]), "App") as found:
        assert found.changes(names) == {}


SLOTS = {
    "Size": {"Type": "String", "AllowedValues": ["s", "m"]},
    "Count": {"Type": "Number", "AllowedValues": [1, 2]},
    "Zones": {"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]},
    "Any": {"Type": "String"},
    "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"},
}


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("Size", "s", True),
        ("Size", "x", False),
        ("Count", "2", True),
        ("Count", "3", False),
        ("Zones", "a, b", True),
        ("Zones", "a,c", False),
        ("Any", "", True),
        ("Name", "a", True),
        ("Name", "A", False),
    ],
)
def test_what_a_template_does_not_allow_is_refused_before_anything_is_built(name, value, is_taken):
    one = step(ParameterValue(name, value, "V"))
    if is_taken:
        check_values(one, {"Parameters": SLOTS})
        return
    with pytest.raises(ConfigurationError, match=r"does not take \*\*\*") as caught:
        check_values(one, {"Parameters": SLOTS})
    assert caught.value.code == "parameter-refused"


def test_a_pattern_that_python_does_not_read_is_left_to_cloudformation():
    assert matches(r"\p{Alpha}+", "x")
    assert not matches("a+", "b")
