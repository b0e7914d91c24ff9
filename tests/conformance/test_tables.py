"""The public tables, where they are there, are as long as is said of them where they are not."""

import pytest
import tables


@pytest.mark.parametrize("name", tables.PUBLIC)
def test_as_many_cases_as_are_said_to_be_absent(name):
    table = tables.public(name)
    if table is None:
        pytest.skip(tables.reason(name))
    assert len(table["cases"]) == tables.PUBLIC[name]


def test_absent_tables_are_counted(monkeypatch):
    monkeypatch.delenv(tables.VARIABLE, raising=False)
    assert tables.absent().startswith("589 optional cases of public tables were not run (parser_cases.json 100, ")
