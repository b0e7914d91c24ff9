"""Words: expansions beyond the public table."""

import pytest

from rajee_deploy.dockerfile.words import ExpansionError, Lexer

VARIABLES = {"A": "banana", "R": "$0", "N": "", "P": "a/b/c.tar.gz", "NL": "a\nb", "S": "*", "É": "ok"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("${A//a/[$R]}", "b[a]n[a]n[a]"),
        ("${A/a/[$R]}", "b[$0]nana"),
        ("${A//a/$$}", "bnn"),
        ("${A//a/\\$\\$}", "b\\$\\$n\\$\\$n\\$\\$"),
        ("${A//x/y}", "banana"),
        ("${A//*/x}", "x"),
        ("${A///-}", "-b-a-n-a-n-a-"),
        ("${P##*/}", "c.tar.gz"),
        ("${P#*/}", "b/c.tar.gz"),
        ("${P%.*}", "a/b/c.tar"),
        ("${P%%.*}", "a/b/c"),
        ("${P%$S}", "a/b/c.tar.gz"),
        ("${NL#*b}", "a\nb"),
        ("${N-x}${N:-y}", "y"),
        ("${X-${N:-${A}}}", "banana"),
        ("$É", "ok"),
        ("$A$", "banana$"),
        ("\\$A", "$A"),
        ("'$A'\"$A\"", "$Abanana"),
        ('"a\\b\\$A"', "a\\b$A"),
        ("a\\", "a"),
        ("a<b <<  c", "a<b <<  c"),
        ("\ufeffx", "x"),
        ("a\udcffb", "a\ufffdb"),
        ("${A:+x}${X:+y}", "x"),
    ],
)
def test_expansion(word, expected):
    assert Lexer().expand(word, VARIABLES).text == expected


@pytest.mark.parametrize(
    "word",
    [
        "${A^}", "${A,,}", "${A@Q}", "${A=x}", "${!A}", "${A:1:2}", "${A:#a}", "${A[0]}", "${A", "${A:-", "${A/b}",
        "${A#\\d}", "'", '"', '"$A', "${X?}", "${N:?no}", "${}", "${:-x}",
    ],
)  # fmt: skip
def test_what_cannot_be_expanded(word):
    with pytest.raises(ExpansionError):
        Lexer().expand(word, VARIABLES)


def test_nesting_has_an_end():
    with pytest.raises(ExpansionError, match="nested"):
        Lexer().expand("${A:+" * 500 + "}" * 500, VARIABLES)


@pytest.mark.parametrize(
    ("lexer", "word", "expected"),
    [
        (Lexer("`"), "`$A \\$A", "$A \\banana"),
        (Lexer(plain_quotes=True), "'$A' \"", "'banana' \""),
        (Lexer(keep_unset=True), "$X ${X} ${X:-a$A} ${X/b/c} $A", "$X ${X} ${X:-abanana} ${X/b/c} banana"),
        (Lexer(raw_quotes=True, raw_escapes=True), '\'a b\' "c\\"" \\d', '\'a b\' "c\\"" \\d'),
    ],
)
def test_lexer_settings(lexer, word, expected):
    assert lexer.expand(word, VARIABLES).text == expected


def test_words_split_after_expansion_unless_quoted():
    assert Lexer().expand('$V "$V"', {"V": " 80  81 "}).words == ("80", "81", " 80  81 ")


def test_a_value_error_is_told_from_a_syntax_error():
    for word, by_value in (("${X:?}", True), ("${A#$B}", True), ("${A", False)):
        with pytest.raises(ExpansionError) as caught:
            Lexer().expand(word, {"A": "a", "B": "\\d"})
        assert caught.value.by_value is by_value
