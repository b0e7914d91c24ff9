"""JSON and TOML of others: a value or a ValueError, in little time."""

from __future__ import annotations

import time

import pytest

from rajee_deploy.text.foreign import MOST_DEEP, parse_json, parse_toml

DEEP = 200_000


NAMES = "\n{a" + ".a" * 40 + " = 1, b" + ".b" * 40
WORDS = NAMES.strip()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * DEEP, id="nested, and never closed"),
        pytest.param("[" * DEEP + "]" * DEEP, id="nested"),
        pytest.param('{"a":' * DEEP + "1" + "}" * DEEP, id="nested objects"),
        pytest.param("[" * (MOST_DEEP + 1) + "]" * (MOST_DEEP + 1), id="one too deep"),
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e400",
        "[-1e999]",
        pytest.param("9" * 5000, id="more digits than Python counts"),
        pytest.param("9" * 41, id="a number that no float holds"),
        '"\\ud800"',
        '{"\\udfff": 1}',
        '["\\ud83d \\ude00"]',
        "",
        "{",
        b"\xff",
        b'"\xed\xa0\x80"',
        '"\udce9"',
        "\x00",
        b"\xff\xfe[\x00]\x00",
    ],
)
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[" * MOST_DEEP + "]" * MOST_DEEP, None),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("\ufeff{}", {}),
        (b"\xef\xbb\xbf[1, 1.5, -3]", [1, 1.5, -3]),
        ('["[[[["]', ["[[[["]),
        ('"é"'.encode(), "é"),
        ("1e300", 1e300),
    ],
)
def test_all_other_json_is_its_value(text, value):
    assert value is None or parse_json(text) == value
    parse_json(text)


def test_a_wide_document_is_not_a_deep_one():
    assert len(parse_json("[" + "[]," * 5000 + "{}]")) == 5001
    with pytest.raises(ValueError, match="too many values"):
        parse_json("[" + "[]," * 2_000_000 + "{}]")


def test_half_a_character_is_allowed_where_it_is_taken_care_of():
    assert parse_json('"\\ud800"', errors="surrogatepass") == "\ud800"


def test_objects_are_made_by_who_asks():
    with pytest.raises(ValueError, match="twice"):
        parse_json('{"a": 1, "a": 2}', pairs=_once)


def _once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = " + "[" * DEEP, id="nested, and never closed"),
        pytest.param("x = " + "[" * DEEP + "]" * DEEP, id="nested"),
        pytest.param("x = " + "{a=" * DEEP + "1" + "}" * DEEP, id="nested tables"),
        pytest.param("a" + ".a" * DEEP + " = 1", id="a name of many parts"),
        pytest.param("[a" + " . 'a'" * DEEP + "]", id="a table's name of many parts"),
        pytest.param('x = {"a"' + '."b"' * DEEP + " = 1}", id="such a name in a table"),
        pytest.param("x = " + "9" * 5000, id="more digits than Python counts"),
        "x",
        "x = 1\nx = 2",
        "x = 1979-13-40",
        b"x = '\xff'",
        "x = '\x00'",
        "\udce9 = 1",
        'x = "\\ud800"',
        pytest.param("#" + "x" * (1 << 20), id="a megabyte"),
        pytest.param('x = """y"""\na' + ".a" * DEEP + " = 1", id="a name of many parts behind a text"),
        pytest.param("x = '\\'\na" + ".a" * DEEP + " = 1", id="a name of many parts behind a backslash"),
        pytest.param('"' + '\\"' * 200_000, id="a text without an end"),
        pytest.param('"' + "\\" * 200_001, id="backslashes"),
        pytest.param('"""' + '\\"""' * 200_000, id="a long text without an end"),
    ],
)
def test_what_is_no_toml_is_a_value_error(text):
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"\w"):
        parse_toml(text)
    assert time.monotonic() - start < 20  # the square of it is hours


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeffx = 1", {"x": 1}),
        (b"[a.b]\nc.d = 'e'", {"a": {"b": {"c": {"d": "e"}}}}),
        ("", {}),
        ("x = 'a. b. c. " + "d. " * 40 + "'", {"x": "a. b. c. " + "d. " * 40}),
        *[
            (
                f"x = {quotes}{NAMES}{quotes} # {WORDS}\n# {WORDS}\ny = 1",
                {"x": WORDS, "y": 1},
            )
            for quotes in ('"""', "'''")
        ],
        (f'x = "{WORDS}" # "', {"x": WORDS}),
        ('"a.b" = \'"""\'\n[c."#"]', {"a.b": '"""', "c": {"#": {}}}),
        pytest.param("x = '" + "y" * (900 << 10) + "'", {"x": "y" * (900 << 10)}, id="much of it"),
    ],
)
def test_all_other_toml_is_its_table(text, value):
    assert parse_toml(text) == value
