"""Go's expressions in Python's: cases from the documentation of regexp/syntax."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rajee_deploy.context.expressions import translate
from rajee_deploy.context.globs import BadPatternError
from rajee_deploy.context.ignore import Matcher, Rule


@pytest.mark.parametrize(
    ("expression", "text", "wanted"),
    [
        (r"^\d$", "7", True),
        (r"^\d$", "٣", False),
        (r"^\w$", "é", False),
        (r"^\s$", "\v", False),
        (r"^[\d]$", "7", True),
        (r"^[^\D]$", "7", True),
        (r"^[[:alpha:]]$", "x", True),
        (r"^[[:^alpha:]]$", "x", False),
        (r"^\x41$", "A", True),
        (r"^\101$", "A", True),
        (r"^\Qa*b\E$", "a*b", True),
        (r"^\Qa.b$", "a.b$", True),
        (r"^a\b$", "a", True),
        (r"^[]a]$", "]", True),
        (r"^[[^/]*]$", "[^]", True),
        (r"^[!a]$", "!", True),
        (r"^a^b$", "ab", False),
        ("^(.*/)?x$", "a\n/x", False),
        ("^a$", "a\n", False),
        (r"^\pL$", "é", True),
        (r"^\PL$", "é", False),
        (r"^[a-]$", "-", True),
        (r"^\t$", "\t", True),
        ("^]$", "]", True),
    ],
)
def test_translate(expression, text, wanted):
    assert bool(translate(expression).matches(text)) is wanted


@pytest.mark.parametrize(
    "expression",
    [r"^\y$", r"^[z-a]$", "^[a", r"^\8$", r"^\1$", r"^\p\{L\}$", r"^\C$", r"^[\b]$", "^[[:nope:]]$", "^a\\"],
)
def test_what_go_refuses(expression):
    with pytest.raises(BadPatternError):
        translate(expression)


def members(expression, among):
    """The characters that one bracket or class takes."""
    pattern = translate(f"^{expression}$")
    return "".join(character for character in among if pattern.matches(character))


ASCII = "".join(map(chr, range(128)))
EDGES = "/09:@AZ[`az{_" + "\x00\x1f \x7f\t\n\v\f\r!~é\U0010ffff"
CLASSES = {
    "[:alnum:]": "09AZaz",
    "[:alpha:]": "AZaz",
    "[:ascii:]": "/09:@AZ[`az{_\x00\x1f \x7f\t\n\v\f\r!~",
    "[:blank:]": " \t",
    "[:cntrl:]": "\x00\x1f\x7f\t\n\v\f\r",
    "[:digit:]": "09",
    "[:graph:]": "/09:@AZ[`az{_!~",
    "[:lower:]": "az",
    "[:print:]": "/09:@AZ[`az{_ !~",
    "[:punct:]": "/:@[`{_!~",
    "[:space:]": " \t\n\v\f\r",
    "[:upper:]": "AZ",
    "[:word:]": "09AZaz_",
    "\\d": "09",
    "\\s": " \t\n\f\r",
    "\\w": "09AZaz_",
}


@pytest.mark.parametrize(("name", "wanted"), CLASSES.items())
def test_classes_and_their_complements(name, wanted):
    other = name.replace("[:", "[:^") if name.startswith("[") else name.upper()
    rest = "".join(character for character in EDGES if character not in wanted)
    assert members(f"[{name}]", EDGES) == "".join(character for character in EDGES if character in wanted)
    assert members(f"[{other}]", EDGES) == rest
    assert members(f"[^{name}]", EDGES) == rest
    if name.startswith("\\"):
        assert (members(name, EDGES), members(other, EDGES)) == (members(f"[{name}]", EDGES), rest)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("[b-d]", "bcd"),
        ("[b-b]", "b"),
        ("[b-db]", "bcd"),
        ("[b-]", "-b"),
        ("[-b]", "-b"),
        ("[b\\-d]", "-bd"),
        ("[\\]b]", "]b"),
        ("[]-a]", "]^_`a"),
        ("[[:digit:]x]", "0123456789x"),
        ("[[:digit:]-]", "-0123456789"),
        ("[\\x41-C]", "ABC"),
        ("[\\060-\\62]", "012"),
        ("[\\0]", "\0"),
        ("[\\a\\f\\n\\r\\t\\v]", "\a\t\n\v\f\r"),
        ("[[:]", ":["),
        ("[[a]", "[a"),
        ("[xX]", "Xx"),
        ("[^\\x00-\\x7e]", "\x7f"),
        ("[\\D0]", None),
        ("\\x7e", "~"),
        ("\\07", "\a"),
        ("\\177", "\x7f"),
        ("\\.", "."),
        ("\\_", "_"),
        (".", None),
        ("\\pN", "0123456789"),
        ("[\\pNx]", "0123456789x"),
        ("\\pZ", " "),
        ("[\\PL]", None),
        ("\\pS", "$+<=>^`|~"),
    ],
)
def test_single_characters(expression, wanted):
    special = {
        "[\\D0]": "".join(c for c in ASCII if c not in "123456789"),
        ".": ASCII.replace("\n", ""),
        "[\\PL]": "".join(c for c in ASCII if not c.isalpha()),
    }
    assert members(expression, ASCII) == (special[expression] if wanted is None else wanted)


@pytest.mark.parametrize(
    ("expression", "text", "wanted"),
    [
        ("^a(b.c)?$", "a", True),
        ("^a(b.c)?$", "abxc", True),
        ("^a(b.c)?$", "abc", False),
        (r"^\Qa.b\Ec$", "a.bc", True),
        (r"^\Qa\E*$", "aa", True),
        (r"^\Q\E$", "", True),
        (r"^a\Bb$", "ab", True),
        (r"^a\Bb$", "a", False),
        (r"^\Aa\z", "a", True),
        (r"^\Aa\z", "a\n", False),
        (r"^é\b", "é", False),
        (r"^X*$", "XX", True),
        ("^X?$", "", True),
        ("^{$", "{", True),
        ("^[a]*b$", "aab", True),
        (r"^\d*b$", "12b", True),
        ("^[[:x]$", ":", True),
        ("^[[:x]$", "a", False),
    ],
)
def test_more_expressions(expression, text, wanted):
    assert bool(translate(expression).matches(text)) is wanted


@pytest.mark.parametrize(
    "expression",
    [
        r"^[a-\d]$",
        r"^[\x4]$",
        r"\x",
        r"\xZZ",
        r"^\p$",
        r"^\pX$",
        r"^\P$",
        "^[",
        "^[]",
        "^[^]",
        "^[a-",
        "^[\\",
        "^[[:alpha:]",
        "^[[:Alpha:]]$",
        "^[[::]]$",
        r"\é",
        r"^[\z]$",
        r"\9",
        "^?*",
        "^a**$",
        "[b-a]",
    ],
)
def test_more_that_go_refuses(expression):
    with pytest.raises(BadPatternError):
        translate(expression)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "[^/]*",
        "[^/]",
        "(.*/)?",
        "[ab]",
        "[^a]",
        "[[^/]*]",
        r"\d",
        r"\b",
        r"\B",
        r"\Qa*\E",
        "/",
        r"\.",
        "^",
        "é",
        r"\D",
        "[b-]*",
        r"\w",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(PIECES, max_size=7).map("".join),
    st.sampled_from(["", ".*"]),
    st.lists(st.text("ab/*7.é\n[]", max_size=9), min_size=1, max_size=6),
)
def test_the_machine_answers_as_pythons_engine(body, end, texts):
    try:
        found = translate(f"^{body}{end}$")
    except BadPatternError:
        return
    theirs = re.compile(found.text)
    found.is_quick = False
    for text in texts:
        assert bool(found.matches(text)) is (theirs.match(text) is not None), (found.text, text)


@pytest.mark.parametrize(
    "pattern", ["a*" * 40 + "[bc]", "**/a*/" * 20 + "b?", "a*" * 30 + r"\b[bc]", "[a-b]*" * 60 + "c"]
)
def test_no_pattern_goes_back(pattern):
    for path in ("a" * 255, "/".join(["a"] * 127), "a" * 200 + "é"):
        assert not Matcher([Rule(pattern)]).matches(path)
