"""Words: expansions beyond the public table."""

import pytest

from rajee_deploy.dockerfile.nodes import Heredoc, heredoc_of
from rajee_deploy.dockerfile.patterns import (
    Budget,
    PatternError,
    replace_all,
    replace_first,
    reverse,
    trim_prefix,
    trim_suffix,
)
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
        "${A^}",
        "${A,,}",
        "${A@Q}",
        "${A=x}",
        "${!A}",
        "${A:1:2}",
        "${A:#a}",
        "${A[0]}",
        "${A",
        "${A:-",
        "${A/b}",
        "${A#\\d}",
        "'",
        '"',
        '"$A',
        '"a\\',
        "${X?}",
        "${N:?no}",
        "${}",
        "${:-x}",
    ],
)
def test_what_cannot_be_expanded(word):
    with pytest.raises(ExpansionError):
        Lexer().expand(word, VARIABLES)


def test_nesting_has_an_end():
    assert Lexer().expand("${A:+" * 99 + "}" * 99, VARIABLES).text == ""
    with pytest.raises(ExpansionError, match="nested"):
        Lexer().expand("${A:+" * 100 + "}" * 100, VARIABLES)
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
    for word, by_value in (
        ("${X:?}", True),
        ("${A#$B}", True),
        ("${A/$B/x}", True),
        ("${X-${X:?}}", True),
        ("${A", False),
    ):
        with pytest.raises(ExpansionError) as caught:
            Lexer().expand(word, {"A": "a", "B": "\\d"})
        assert caught.value.by_value is by_value


@pytest.mark.parametrize("pattern", ["\\", "\\X", "a\\", "\\a", "*\\ "])
def test_escapes_that_mean_nothing(pattern):
    with pytest.raises(PatternError):
        trim_prefix(pattern, "", Budget(), greedy=True)


@pytest.mark.parametrize(
    ("pattern", "value", "results"),
    [
        ("*/", "a/b/c", ("b/c", "c", "a/b/c", "a/b/c")),
        ("/*", "a/b/c", ("a/b/c", "a/b/c", "a/b", "a")),
        ("*", "abc", ("abc", "", "abc", "")),
        ("?", "abc", ("bc", "bc", "ab", "ab")),
        ("x", "abc", ("abc",) * 4),
        ("\\*", "*a*", ("a*", "a*", "*a", "*a")),
        ("", "abc", ("abc",) * 4),
        ("abc", "abc", ("",) * 4),
    ],
)
def test_trimming(pattern, value, results):
    assert results == (
        trim_prefix(pattern, value, Budget(), greedy=False),
        trim_prefix(pattern, value, Budget(), greedy=True),
        trim_suffix(pattern, value, Budget(), greedy=False),
        trim_suffix(pattern, value, Budget(), greedy=True),
    )


def test_a_pattern_from_right_to_left():
    assert (reverse("a\\*b?c"), reverse("\\\nX"), reverse("a\\")) == ("c?b\\*a", "X\\\n", "\\a")


@pytest.mark.parametrize(
    ("pattern", "replacement", "value", "first", "all_of_them"),
    [
        ("a", "X", "banana", "bXnana", "bXnXnX"),
        ("x", "X", "banana", "banana", "banana"),
        ("", "-", "ab", "-ab", "-a-b-"),
        ("a", "<$0>", "aba", "<$0>ba", "<a>b<a>"),
        ("a", "<${0}$1${x}$x_1$$$>", "a", "<${0}$1${x}$x_1$$$>", "<a$$>"),
        ("*", "X", "ab", "X", "X"),
        ("a*", "X", "bab", "bX", "bX"),
        ("?", "$0$0", "ab", "$0$0b", "aabb"),
        ("a", "X", "", "", ""),
        ("*", "X", "", "X", "X"),
        ("n", "", "banana", "baana", "baaa"),
        ("ana", "X", "bananana", "bXnana", "bXnX"),
    ],
)
def test_replacing(pattern, replacement, value, first, all_of_them):
    assert replace_first(pattern, replacement, value, Budget()) == first
    assert replace_all(pattern, replacement, value, Budget()) == all_of_them


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("<<E", Heredoc("E", 0, expand=True, chomp=False)),
        ("3<<-E", Heredoc("E", 3, expand=True, chomp=True)),
        ("<<'E'", Heredoc("E", 0, expand=False, chomp=False)),
        ('<<"E"', Heredoc("E", 0, expand=False, chomp=False)),
        ("007<< \tE", Heredoc("E", 7, expand=True, chomp=False)),
        ("<<$E", Heredoc("$E", 0, expand=True, chomp=False)),
        ("18446744073709551615<<E", Heredoc("E", 2**64 - 1, expand=True, chomp=False)),
        ("18446744073709551616<<E", Heredoc("E", 2**64 - 1, expand=True, chomp=False)),
        (f"{'9' * 30}<<E", Heredoc("E", 2**64 - 1, expand=True, chomp=False)),
        (f"{'0' * 30}1<<E", Heredoc("E", 1, expand=True, chomp=False)),
        ("000<<E", Heredoc("E", 0, expand=True, chomp=False)),
        ("<<\\E", Heredoc("E", 0, expand=True, chomp=False)),
        ("<<E'F'", Heredoc("EF", 0, expand=False, chomp=False)),
        ("<<", None),
        ("<E", None),
        ("a<<E", None),
        ("<<E<", None),
        ("<<a b", None),
        ("<<''", None),
        ("<<-", None),
        ("<<<E", None),
        ("<<\x85E", Heredoc("E", 0, expand=True, chomp=False)),
    ],
)
def test_heredocs_of_words(word, wanted):
    assert heredoc_of(word) == wanted


@pytest.mark.parametrize("word", ["<<'E", '<<"E', "<<${E"])
def test_heredocs_that_cannot_be_read(word):
    with pytest.raises(ExpansionError):
        heredoc_of(word)


def test_the_text_of_a_heredoc():
    assert Heredoc("E", 0, expand=True, chomp=True, content="\t\ta\n b\n\tc\td").text == "a\n b\nc\td"
    assert Heredoc("E", 0, expand=True, chomp=False, content="\ta").text == "\ta"
