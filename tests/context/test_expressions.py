"""Go's expressions in Python's: cases from the documentation of regexp/syntax."""

from __future__ import annotations

import pytest

from rajee_deploy.context.expressions import translate
from rajee_deploy.context.globs import BadPatternError


@pytest.mark.parametrize(
    ("expression", "text", "wanted"),
    [
        (r"^\d$", "7", True), (r"^\d$", "٣", False), (r"^\w$", "é", False),
        (r"^\s$", "\v", False), (r"^[\d]$", "7", True),
        (r"^[^\D]$", "7", True), (r"^[[:alpha:]]$", "x", True), (r"^[[:^alpha:]]$", "x", False), (r"^\x41$", "A", True),
        (r"^\101$", "A", True), (r"^\Qa*b\E$", "a*b", True), (r"^\Qa.b$", "a.b$", True), (r"^a\b$", "a", True),
        (r"^[]a]$", "]", True), (r"^[[^/]*]$", "[^]", True), (r"^[!a]$", "!", True), (r"^a^b$", "ab", False),
        ("^(.*/)?x$", "a\n/x", False), ("^a$", "a\n", False), (r"^\pL$", "é", True), (r"^\PL$", "é", False),
        (r"^[a-]$", "-", True), (r"^\t$", "\t", True), ("^]$", "]", True),
    ],
)  # fmt: skip
def test_translate(expression, text, wanted):
    assert bool(translate(expression).match(text)) is wanted


@pytest.mark.parametrize(
    "expression",
    [r"^\y$", r"^[z-a]$", "^[a", r"^\8$", r"^\1$", r"^\p\{L\}$", r"^\C$", r"^[\b]$", "^[[:nope:]]$", "^a\\"],
)
def test_what_go_refuses(expression):
    with pytest.raises(BadPatternError):
        translate(expression)
