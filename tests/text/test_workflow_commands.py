"""Commands of GitHub Actions: one line each, and the runner reads back what was meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.text.workflow_commands import workflow_command

HOSTILE = st.one_of(
    st.lists(st.sampled_from([*"%:,=\r\n ", "::", "a", "%0A", "%25", "##[x]", "::set-env name=A::b"])).map("".join),
    st.text(max_size=20),
)


def read(line: str) -> tuple[str, dict[str, str], str]:
    """As the runner reads it (TryParseV2 of its ActionCommand.cs): the first `::` behind the name ends the head."""
    head, _, message = line.removeprefix("::").partition("::")
    name, _, given_ones = head.partition(" ")
    pairs = (one.partition("=")[::2] for one in given_ones.split(",") if one)
    return name, {key: unescape(value) for key, value in pairs}, unescape(message)


def unescape(text: str) -> str:
    signs = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    return re.sub("|".join(signs), lambda found: signs[found[0]], text)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_what_is_said_comes_back_and_no_second_command_with_it(message, file, title):
    line = workflow_command("error", message, file=file, title=title)
    assert not re.search(r"[\n\r]", line)
    properties = {key: value for key, value in (("file", file), ("title", title)) if value}
    assert read(line) == ("error", properties, message)


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (workflow_command("endgroup"), "::endgroup::"),
        (workflow_command("group", "build: api"), "::group::build: api"),
        (workflow_command("error", "a\nb", file="x,y", line="3"), "::error file=x%2Cy,line=3::a%0Ab"),
        (workflow_command("error", "100%", file=""), "::error::100%25"),
    ],
)
def test_lines(made, line):
    assert made == line
