"""The public case tables beside the checkout, and a short way to resolve a Dockerfile."""

import json
import os
from pathlib import Path

import pytest

from rajee_deploy.dockerfile import resolve
from rajee_deploy.model import BuildOptions, Platform

TABLES = {
    "parser_case": "parser_cases.json",
    "shell_case": "shell_cases.json",
    "selection_case": "selection_examples.json",
}


def _load(name):
    folder = os.environ.get("RAJEE_CONFORMANCE_DIR")
    if not folder:
        return None, "RAJEE_CONFORMANCE_DIR names no folder of case tables"
    path = Path(folder, name)
    if not path.exists():
        return None, f"{path} does not exist"
    return json.loads(path.read_text("utf-8")), ""


def pytest_generate_tests(metafunc):
    for fixture, name in TABLES.items():
        if fixture in metafunc.fixturenames:
            table, reason = _load(name)
            params = (
                [pytest.param(case, id=case["id"]) for case in table["cases"]]
                if table
                else [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
            )
            metafunc.parametrize(fixture, params)


@pytest.fixture(scope="session")
def shell_table():
    table, reason = _load("shell_cases.json")
    if table is None:
        pytest.skip(reason)
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
