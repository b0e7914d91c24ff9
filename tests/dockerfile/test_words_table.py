"""Every case of the public shell table: words, their expansion, patterns."""

import re

import pytest

from rajee_deploy.dockerfile.patterns import PatternError, reverse, translate
from rajee_deploy.dockerfile.words import ExpansionError, Lexer


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


def test_patterns_become_the_same_expressions(shell_table):
    for case in shell_table["pattern_regex"]:
        # Both sides are compared by what they match: Go and Python escape different harmless characters.
        ours = re.compile(translate(case["pattern"], greedy=case["greedy"]))
        theirs = re.compile(case["regexp"])
        for text in ("", "a", "ab", "*", "?", "(()[]{}^$.*?|\\", "\\", "aa*"):
            assert (ours.match(text) is None) == (theirs.match(text) is None), (case, text)


def test_malformed_patterns_are_refused(shell_table):
    for pattern in shell_table["pattern_regex_invalid"]:
        with pytest.raises(PatternError):
            translate(pattern)


def test_patterns_are_reversed_without_their_escapes(shell_table):
    for case in shell_table["reverse_pattern"]:
        assert reverse(case["pattern"]) == case["reversed"]
