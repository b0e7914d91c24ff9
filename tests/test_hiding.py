"""Which texts are hidden for a secret."""

from __future__ import annotations

import pytest

from rajee_deploy import console
from rajee_deploy.hiding import texts_of


@pytest.mark.parametrize(
    ("secret", "texts"),
    [
        ("plain-one", ["plain-one"]),
        ("one-line\nother\r\nabc\n", ["one-line", "other"]),
        ("abc", []),
        (" with-blanks ", ["with-blanks"]),
    ],
)
def test_a_plain_secret_is_hidden_by_line_and_a_short_one_is_not(secret, texts):
    assert texts_of([secret]) == texts


def test_the_longest_goes_first_and_an_escaped_one_is_hidden_too():
    assert texts_of(["long", "longer"]) == ["longer", "long"]
    assert {"a\\b'c", "a\\\\b'c", "a\\\\b\\'c", "a\\\\\\\\b'c"} <= {*texts_of(["a\\b'c"])}


def test_what_is_said_is_without_escaped_ones(monkeypatch):
    monkeypatch.setattr(console, "_secrets", [])
    console.hide(["pass\\word'1"])
    assert console.printable("argv: [ 'pass\\\\word\\'1', \"pass\\\\word'1\" ]") == "argv: [ '***', \"***\" ]"
