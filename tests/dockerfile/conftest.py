"""Case tables, and a short way to resolve a Dockerfile."""

import pytest
import tables

from rajee_deploy.dockerfile import resolve
from rajee_deploy.model import BuildOptions, Platform

TABLES = {
    "parser_case": "parser_cases.json",
    "shell_case": "shell_cases.json",
    "selection_case": "selection_examples.json",
}
OWN = {"own_parser_case": "parser", "own_words_case": "words"}


def pytest_generate_tests(metafunc):
    for fixture, name in TABLES.items():
        if fixture in metafunc.fixturenames:
            table = tables.public(name)
            params = (
                [pytest.param(case, id=case["id"]) for case in table["cases"]]
                if table
                else [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=tables.reason(name)))]
            )
            metafunc.parametrize(fixture, params)
    for fixture, name in OWN.items():
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, [pytest.param(case, id=case.get("name")) for case in tables.own(name)])


@pytest.fixture(scope="session")
def shell_table():
    table = tables.public("shell_cases.json")
    if table is None:
        pytest.skip(tables.reason("shell_cases.json"))
    return table


@pytest.fixture
def recipe():
    def build(text, *, platform="linux/amd64", target=None, args=None, contexts=None):
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        options = BuildOptions(Platform.parse(platform), target, args or {}, contexts or {})
        return resolve(data, options, "Dockerfile")

    return build


@pytest.fixture
def selected(recipe):
    """The selected paths of a Dockerfile, as (context, path) or path, `!` in front of what was widened."""

    def build(text, **options):
        return [
            f"{'!' if read.widened else ''}{read.context + ':' if read.context else ''}{read.selector.path}"
            for read in recipe(text, **options).reads
        ]

    return build
