"""Every case of our table of words and of the public one: their expansion, patterns."""

import re

import pytest
import tables

from rajee_deploy.dockerfile.patterns import Budget, PatternError, reverse, trim_prefix
from rajee_deploy.dockerfile.words import ExpansionError, Lexer

VARIABLES = {"APP": "shop", "EMPTY": "", "FILE": "a.tar.gz", "DIR": "/srv/data/in", "LANG": "de_DE.UTF-8"}


class AnyCase(dict):
    """The variables of a Windows frontend, where case does not matter."""

    def get(self, key, default=None):
        return {name.upper(): value for name, value in self.items()}.get(key.upper(), default)


def test_shell_case(shell_case):
    lexer = Lexer(shell_case["escape"])
    variables = shell_case["env"]
    if shell_case["os"] == "windows":
        variables = AnyCase(variables)
    if shell_case["error"]:
        with pytest.raises(ExpansionError, match=re.escape(shell_case.get("error_contains", "cannot"))):
            lexer.expand(shell_case["input"], variables)
        return
    found = lexer.expand(shell_case["input"], variables)
    assert (list(found.words) if shell_case["mode"] == "words" else found.text) == shell_case["expected"]
    if "matched" in shell_case:
        assert sorted(found.matched) == shell_case["matched"]
        assert sorted(found.unmatched) == shell_case["unmatched"]


def test_own_words_case(own_words_case):
    lexer = Lexer(own_words_case.get("escape", "\\"))
    if "error" in own_words_case:
        with pytest.raises(ExpansionError, match=re.escape(own_words_case["error"])):
            lexer.expand(own_words_case["word"], VARIABLES)
        return
    found = lexer.expand(own_words_case["word"], VARIABLES)
    assert (found.text, list(found.words)) == (own_words_case["text"], own_words_case["words"])


def test_patterns_match_what_their_expressions_match(shell_table):
    for case in shell_table["pattern_regex"]:
        theirs = re.compile(case["regexp"])
        for text in ("", "a", "ab", "*", "?", "(()[]{}^$.*?|\\", "\\", "aa*"):
            found = theirs.match(text)
            ours = trim_prefix(case["pattern"], text, Budget(), greedy=case["greedy"])
            assert ours == text[found.end() if found else 0 :], (case, text)


def test_malformed_patterns_are_refused(shell_table):
    for pattern in shell_table["pattern_regex_invalid"]:
        with pytest.raises(PatternError):
            trim_prefix(pattern, "", Budget(), greedy=True)


def test_patterns_are_reversed_without_their_escapes(shell_table):
    for case in shell_table["reverse_pattern"]:
        assert reverse(case["pattern"]) == case["reversed"]


LEXERS = {
    "plain": Lexer(),
    "heredoc": Lexer(raw_quotes=True, raw_escapes=True, keep_unset=True),
    "body": Lexer(plain_quotes=True),
    "tick": Lexer("`"),
}


@pytest.mark.parametrize(("setting", "word", "wanted"), tables.own("expansions"))
def test_own_expansion(setting, word, wanted):
    try:
        found = LEXERS[setting].expand(word, {"A": "x y", "N": "", "P": "a/b"})
        result = [found.text, list(found.words), sorted(found.matched), sorted(found.unmatched)]
    except ExpansionError as error:
        result = [str(error), error.by_value]
    assert result == wanted
