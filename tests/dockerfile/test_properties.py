"""Properties of the whole room: it never breaks, and layout means nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rajee_deploy.dockerfile import resolve
from rajee_deploy.dockerfile.patterns import Budget, reverse, trim_prefix
from rajee_deploy.dockerfile.words import Lexer
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Platform

OPTIONS = BuildOptions(Platform.parse("linux/amd64"), None, {"A": "v"}, {"s": "./d", "i": "docker-image://q"})
PIECES = st.sampled_from(
    [
        "FROM ",
        "a",
        "scratch",
        " AS s",
        "\n",
        "COPY ",
        "ADD ",
        "RUN ",
        "--from=",
        "--mount=",
        "type=bind,",
        "from=s,",
        "0",
        "$A",
        "${A:-b}",
        "${A",
        "}",
        '"',
        "'",
        "\\",
        "`",
        "# escape=`\n",
        "ARG A",
        "=1",
        "ENV ",
        "<<E",
        "\nE\n",
        "[",
        '"a"',
        ",",
        "]",
        " ",
        "\t",
        "ONBUILD ",
        "HEALTHCHECK ",
        "CMD ",
        "EXPOSE ",
        "VOLUME ",
        "\udcff",
        "é",
        "\r\n",
        "--",
        "/",
        "--parents ",
        "--exclude=*.md ",
        "*",
        "${A//a/$0}",
        "${A%%*}",
        "https://x/y",
        "git@h:p",
        "target=/x",
        "\x00",
        "\ufeff",
    ]
)


CODES = ("dockerfile-syntax", "unknown-instruction", "stage-circular", "target-not-found")


def failure_of(data):
    """How resolving fails, as (code, where); None when it does not."""
    try:
        resolve(data, OPTIONS, "Dockerfile")
    except DeployError as error:
        return error.code, error.where
    return None


def check(data):
    code, where = failure_of(data) or (CODES[0], "Dockerfile")
    assert code in CODES
    assert where.startswith("Dockerfile")


@settings(max_examples=300, deadline=None)
@given(st.binary())
def test_any_bytes_resolve_or_fail_as_expected(data):
    check(data)
    check(b"FROM a\n" + data)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_pieces_resolve_or_fail_as_expected(text):
    check(text.encode("utf-8", "surrogateescape"))
    check(b"FROM a\n" + text.encode("utf-8", "surrogateescape"))


INSTRUCTIONS = (
    ("FROM", "scratch", "AS", "a"),
    ("COPY", "a", "b/*", "/"),
    ("ENV", "A=b", "C='d e'"),
    ("COPY", "$A", "/"),
    ("ARG", "X=1", "Y"),
    ("COPY", "--exclude=x", "d", "/"),
    ("ADD", "e", "/"),
    ("EXPOSE", "80", "81"),
    ("VOLUME", "/a", "/b"),
    ("FROM", "a"),
    ("COPY", "--from=a", "f", "/"),
    ("USER", "u"),
    ("LABEL", "l=m"),
    ("RUN", "--mount=source=q,target=/q", "ls"),
)


@st.composite
def layouts(draw):
    """The same instructions with other blanks, continuations, comments, blank lines and case."""
    blank = st.sampled_from([" ", "  ", "\t", " \\\n", " \\\n\n# comment \\\n   ", " \\ \n\t"])
    filler = st.sampled_from(["", "\n", "# comment\n", "   # COPY x /\n", "\t\n\n"])
    lines = []
    for name, *words in INSTRUCTIONS:
        head = draw(st.sampled_from([name, name.lower(), name.title()]))
        end = draw(st.sampled_from(["\n", "\r\n", "  \n"]))
        lines.append(draw(filler) + head + "".join(draw(blank) + word for word in words) + end)
    return "".join(lines)


@settings(max_examples=200, deadline=None)
@given(layouts())
def test_layout_means_nothing(text):
    plain = resolve("\n".join(" ".join(words) for words in INSTRUCTIONS).encode(), OPTIONS, "Dockerfile")
    found = resolve(text.encode(), OPTIONS, "Dockerfile")
    assert found.instructions == plain.instructions
    assert [read.selector for read in found.reads] == [read.selector for read in plain.reads]
    assert [read.source for read in found.reads] == [read.source for read in plain.reads]
    assert found.build_args == plain.build_args


@given(st.text(alphabet="ab$'\"\\ {}", max_size=12))
def test_a_single_quoted_text_is_itself(text):
    quoted = text.replace("'", "")
    assert Lexer().expand(f"'{quoted}'", {"a": "x"}).text == quoted


@given(st.text(max_size=20))
def test_a_values_own_dollars_are_not_expanded(value):
    assert Lexer().expand("$A", {"A": value}).text == value


@given(st.lists(st.sampled_from(["a", "b", "*", "?", "\\*", "\\\\"]), max_size=8))
def test_a_pattern_is_reversed_piece_by_piece(pieces):
    assert reverse("".join(pieces)) == "".join(reversed(pieces))


@pytest.mark.parametrize("greedy", [True, False])
@given(st.text(alphabet="ab.+(", max_size=8))
def test_letters_of_patterns_mean_themselves(greedy, text):
    assert trim_prefix(text, text, Budget(), greedy=greedy) == ""
