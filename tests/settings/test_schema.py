"""The schema that editors read: made of the keys, and a validator refuses by it what the reader refuses, key by key."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.names import Approval, DeployBy, Drift, InfraCheck
from rajee_deploy.settings import keys, load
from rajee_deploy.settings.build_settings import DEFAULT_CONCURRENCY, MOST_CONCURRENT, Provenance
from rajee_deploy.settings.engine_kinds import EngineKind
from rajee_deploy.settings.schema import schema, text

TOP = Path(__file__).parents[2]
PUBLISHED = TOP / "rajee_deploy/settings/schema.json"
PAGES = [TOP / "README.md", *sorted(TOP.glob("docs/*.md"))]
# Where the keys of each table stand.
PLACES = {
    "": keys.TOP_KEYS,
    "images.api.": keys.IMAGE_KEYS,
    "cdk.": keys.CDK_KEYS,
    "environments.prod.": keys.ENVIRONMENT_KEYS,
    "environments.prod.images.api.": keys.IMAGE_KEYS,
    "environments.prod.cdk.": keys.CDK_KEYS,
}
KEYS = [(place, name) for place, table in PLACES.items() for name in table]
CHOICES = [(place, name) for place, name in KEYS if PLACES[place][name].among]
PLAIN = [at for at in KEYS if at not in CHOICES and PLACES[at[0]][at[1]].takes != keys.TABLE]
LEAST = '[images.api]\nrepository = "a"\nstack = "S"\n[cdk]\nstacks = ["S"]\n'
VALUES = ["text", "", " ", 3, -1, 1.5, True, False, [], ["a"], ["a", "a"], [""], [3], {}, {"a": "b"}, {"a": 3}]


VALIDATOR = Draft4Validator(schema())


def problems(document) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def document(place: str, name: str, value):
    """A document with this value alone."""
    made = value
    for part in reversed([*filter(None, place.split(".")), name]):
        made = {part: made}
    return made


def examples() -> list:
    found = []
    for page in PAGES:
        for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)):
            found.append(pytest.param(block, id=f"{page.name}-{number}"))
    return found


def test_what_is_published_is_made_of_the_keys():
    made = "python -m rajee_deploy.settings.schema rajee_deploy/settings/schema.json"
    assert PUBLISHED.read_text("utf-8") == text(), made


def test_it_is_a_schema_of_the_draft_that_it_names():
    assert schema()["$schema"] == Draft4Validator.META_SCHEMA["$schema"] == "http://json-schema.org/draft-04/schema#"
    Draft4Validator.check_schema(schema())


@pytest.mark.parametrize("block", examples())
def test_it_takes_every_example_of_the_pages(block):
    assert problems(tomllib.loads(block)) == []


def test_there_are_examples():
    assert len(examples()) > 3


def test_it_takes_the_settings_of_this_repository():
    own = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["rajee-deploy"]
    assert problems(own) == []


@pytest.mark.parametrize(("place", "name"), KEYS)
def test_a_misspelt_key_is_refused(place, name):
    (problem,) = problems(document(place, f"{name}x", "text"))
    assert f"'{name}x' was unexpected" in problem


@pytest.mark.parametrize(("place", "name"), PLAIN)
def test_it_takes_the_kinds_of_values_that_the_reader_takes(place, name):
    key = PLACES[place][name]
    for value in VALUES:
        taken = keys.is_taken(value, key) and not keys.list_problem(name, value)
        assert (problems(document(place, name, value)) == []) == taken, value


def with_line(place: str, line: str) -> str:
    """Settings that are read, with this line in one of their tables."""
    match place:
        case "images.api.":
            return LEAST.replace("[cdk]", f"{line}\n[cdk]")
        case "cdk.":
            return f"{LEAST}{line}\n"
        case _:
            return f"{place}{line}\n{LEAST}"


@pytest.mark.parametrize(("place", "name"), CHOICES)
def test_choices_are_those_of_the_reader(place, name, tmp_path):
    """Each value that can be chosen is read, and one beside them is not; the schema says the same."""
    among = PLACES[place][name].among
    beside = [among[0] - 1, among[-1] + 1] if isinstance(among, range) else [f"{among[0]}x"]
    (tmp_path / "cdk.json").write_text("{}")
    path = tmp_path / "rajee-deploy.toml"
    for value, is_right in [*((each, True) for each in among), *((each, False) for each in beside)]:
        lines = with_line(place, f"{name} = {json.dumps(value)}")
        path.write_text(lines)
        assert (problems(tomllib.loads(lines)) == []) == is_right, lines
        if is_right:
            load(path)
            continue
        with pytest.raises(ConfigurationError) as caught:
            load(path)
        assert name in caught.value.problem


def test_no_choice_of_the_reader_is_missing():
    def values(kind):
        return {each.value for each in kind}

    assert set(keys.TOP_KEYS["engine"].among) == values(EngineKind)
    assert keys.TOP_KEYS["build-concurrency"].among == range(1, MOST_CONCURRENT + 1)
    assert DEFAULT_CONCURRENCY in keys.TOP_KEYS["build-concurrency"].among
    assert set(keys.TOP_KEYS["drift"].among) == values(Drift) - {Drift.REPAIR_NOW.value}
    assert set(keys.IMAGE_KEYS["deploy-by"].among) == values(DeployBy)
    assert set(keys.IMAGE_KEYS["provenance"].among) == values(Provenance) - {Provenance.NONE.value}
    assert set(keys.CDK_KEYS["infra-check"].among) == values(InfraCheck)
    assert set(keys.CDK_KEYS["approval"].among) == values(Approval)


def test_provenance_is_false_or_a_choice():
    assert problems(document("images.api.", "provenance", False)) == []  # noqa: FBT003 -- the setting's value
    assert problems(document("images.api.", "provenance", True)) != []  # noqa: FBT003


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        ({"App": {"Size": "large"}}, True),
        ({"App": {"Password": {"env": "DB_PASSWORD"}}}, True),
        ({"App": {"Size": 3}}, False),
        ({"App": "large"}, False),
        ({"App": {"Password": {"environment": "DB_PASSWORD"}}}, False),
        ({"App": {"Password": {}}}, False),
    ],
)
def test_parameters_of_the_app(value, is_right):
    assert (problems(document("cdk.", "parameters", value)) == []) == is_right


def test_two_keys_that_exclude_each_other():
    assert problems({"images": {"api": {"parameter": "Tag", "context-key": "tag"}}}) != []
    assert problems({"images": {"api": {"context-key": "tag"}}}) == []


def test_every_key_that_has_a_line_says_it():
    """What an editor shows beside a key is its line in docs/settings.md."""
    page = (TOP / "docs/settings.md").read_text()
    for name, value in schema()["definitions"]["image"]["properties"].items():
        example = value["description"].partition("  # ")[0]
        assert example in page, name
