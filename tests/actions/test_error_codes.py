"""What `explain-error` prints is what docs/troubleshooting.md says, of every code that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from codes import codes

from rajee_deploy.actions.error_codes import ErrorCode, all_codes, codes_of, near_codes, text_of

TOP = Path(__file__).parents[2]
PAGE = TOP / "docs" / "troubleshooting.md"
FILE = TOP / "rajee_deploy" / "actions" / "error_codes.json"


def test_what_is_published_is_the_page():
    made = "python -m rajee_deploy.actions.error_codes docs/troubleshooting.md"
    assert FILE.read_text("utf-8") == text_of(PAGE.read_text("utf-8")), made
    assert all_codes() == tuple(codes_of(PAGE.read_text("utf-8")))


def test_every_code_of_the_source_is_there():
    assert codes() - {each.code for each in all_codes()} == set()


def test_every_row_of_the_page_is_there():
    rows = [line for line in PAGE.read_text("utf-8").split("\n") if line.startswith("| `")]
    assert len(rows) == len(all_codes()) > 100


def test_each_makes_sense_by_itself():
    for each in all_codes():
        assert each.meaning, each
        assert not re.fullmatch("the same(, .*)?", each.remedy), f"{each.code}: it is printed without the row above"
        assert "](" not in each.meaning + each.remedy, each


def test_a_row_by_where_it_stands():
    page = """## Errors

### AWS

| code | what it means | what to do |
|---|---|---|
| `no-region` | none is set | [Settings](settings.md) |

## Warnings

| `odd` | a `b` | nothing |
"""
    assert [*codes_of(page)] == [
        ErrorCode("no-region", "error", "AWS", "none is set", "Settings (docs/settings.md)"),
        ErrorCode("odd", "warning", "Warnings", "a `b`", "nothing"),
    ]


KNOWN = ["no-region", "bad-region", "no-settings", "registry-tls", "stack-busy"]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("no-regoin", ["no-region"]),
        ("region", ["no-region", "bad-region"]),
        ("tls", ["registry-tls"]),
        ("no", []),
        ("xyzzy", []),
    ],
)
def test_what_is_meant_by_something_else(text, near):
    found = near_codes(text, KNOWN)
    assert found[: len(near)] == near
    assert bool(found) == bool(near)
