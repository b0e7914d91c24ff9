"""Values for an app's own parameters: tables, environments, flags, and every mistake in them."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.desired_state import wanted_parameters
from rajee_deploy.errors import ConfigurationError, Exit
from rajee_deploy.plan.parameters import Given, WantedParameter
from rajee_deploy.settings import load, with_flags

GOOD = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
stacks = ["Registry", "App"]
[cdk.parameters.App]
Size = "small"
Zone = "a"
Key = { env = "KEY" }
[environments.prod.cdk.parameters.App]
Size = "large"
Key = { env = "PROD_KEY" }
[environments.prod.cdk.parameters.Registry]
Size = "1"
"""
OTHER = '[environments.other.cdk]\nstacks = ["Registry"]\n'


def read(tmp_path, text=GOOD, environment=None):
    (tmp_path / "cdk.json").write_text("{}")
    path = tmp_path / "rajee-deploy.toml"
    path.write_text(text)
    return load(path, environment)


def test_an_environment_is_laid_over_key_by_key(tmp_path):
    assert read(tmp_path).cdk.parameters == {
        "App": {"Size": Given("small"), "Zone": Given("a"), "Key": Given(variable="KEY")}
    }
    assert read(tmp_path, environment="prod").cdk.parameters == {
        "App": {"Size": Given("large"), "Zone": Given("a"), "Key": Given(variable="PROD_KEY")},
        "Registry": {"Size": Given("1")},
    }
    without = GOOD.replace('stack = "App"\n', "") + OTHER
    assert read(tmp_path, without, "other").cdk.parameters == {}, "a stack of other environments is no mistake"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Size = 1", "must be a string"),
        ("Size = { env = 1 }", "must be a string"),
        ('Size = { env = "A", default = "b" }', "must be a string"),
        ('Size = { env = "A=B" }', "must be a string"),
        ('Size = ["a"]', "must be a string"),
        ('"My-Size" = "a"', "letters and digits only"),
        ('ImageTag = "a"', "the tag of the image app"),
        ('RajeeRevision = "a"', "the tool itself writes it"),
    ],
)
def test_mistakes_are_named_by_their_key(tmp_path, line, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        read(tmp_path, GOOD.replace('Size = "small"', line))
    assert "cdk.parameters.App." in caught.value.problem
    assert caught.value.exit_code == Exit.USAGE


@pytest.mark.parametrize("table", ['[cdk.parameters.Nope]\nA = "1"', '[cdk.parameters]\nApp = "1"'])
def test_a_table_is_a_stacks(tmp_path, table):
    text = GOOD.partition("[cdk.parameters.App]")[0] + table
    with pytest.raises(ConfigurationError, match=r"cdk\.parameters"):
        read(tmp_path, text)


def test_flags_go_before_the_settings_and_those_of_a_stack_before_those_for_all(tmp_path):
    settings = read(tmp_path)
    found = with_flags(settings, ["Size=all", "App:Zone=a:b=c", "New=1", "New=2", "App:Key="])
    everywhere = {"Size": Given("all", is_for_all=True, rank=1), "New": Given("2", is_for_all=True, rank=1)}
    own = {
        "Size": Given("all", rank=1),
        "Zone": Given("a:b=c", rank=2),
        "Key": Given("", rank=2),
        "New": everywhere["New"],
    }
    assert found == {"Registry": everywhere, "App": own}
    assert with_flags(settings, ["App:Size=1", "Size=2"])["App"]["Size"] == Given("1", rank=2)


@pytest.mark.parametrize(
    "flag",
    ["Size", "App:Size", "Nope:Size=1", "=1", "App:=1", "My-Size=1", "RajeeInfraHash=1", "ImageTag=1", ":Size=1"],
)
def test_flags_that_say_nothing_are_refused(tmp_path, flag):
    with pytest.raises(ConfigurationError) as caught:
        with_flags(read(tmp_path), [flag])
    assert caught.value.code == "bad-flag"


def test_without_stacks_a_flag_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="known: none"):
        with_flags(read(tmp_path, '[images.app]\nrepository = "team/app"\n'), ["Size=1"])


def test_a_variable_that_is_empty_is_not_set(tmp_path):
    cdk = read(tmp_path).cdk
    found = wanted_parameters(cdk, ["Registry", "App"], {"KEY": ""})
    assert found["App"][-1] == WantedParameter("Key", None, "KEY")
    assert wanted_parameters(cdk, ["App"], {"KEY": "k"})["App"][-1].value == "k"
    assert wanted_parameters(cdk, ["Registry"], {}) == {}
    assert "canary" not in repr([Given("canary"), WantedParameter("Key", "canary")])
