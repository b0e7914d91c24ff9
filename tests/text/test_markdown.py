"""Whatever a text says: read by a Markdown parser it is that text, in its cell, and nothing else."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from text_pieces import PIECES, TEXTS

from rajee_deploy.console import printable
from rajee_deploy.text import markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
JOINER = "\u2060"


def cells(rendered: str) -> list[list[str]]:
    """The cells of the one table, as they are shown."""
    rows = re.findall(r"<tr>(.*?)</tr>", rendered, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]


def shown(cell: str) -> str:
    return html.unescape(cell.removeprefix("<code>").removesuffix("</code>")).replace(JOINER, "")


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_no_text_is_markup_or_leaves_its_cell(pairs):
    check(pairs)


@pytest.mark.parametrize("one", PIECES)
def test_nor_do_two_pieces_with_something_between_them_or_nothing(one):
    check([(f"{one}{other}", f"{one}b{other}") for other in PIECES])


def check(pairs):
    """That a table of these texts has them in its cells, and nothing else."""
    texts = [(printable(one), printable(other)) for one, other in pairs]
    table = markdown.table(("name", ">why"), [(markdown.code(one), markdown.plain(other)) for one, other in texts])
    found = cells(PARSER.render(table))
    assert [len(row) for row in found] == [2] * (len(texts) + 1)
    for (one, other), row in zip(texts, found[1:], strict=True):
        assert shown(row[0]) == " ".join(one.replace(JOINER, "").split())
        assert shown(row[1]) == " ".join(other.replace(JOINER, "").split())
        assert "<" not in row[1]
        assert row[0].count("<") in (0, 2)


@given(TEXTS)
def test_a_folded_text_is_one_block_with_its_title(text):
    rendered = PARSER.render(markdown.folded(printable(text), "inside\n") + "\nafter\n")
    assert re.findall(r"</?(\w+)>", rendered) == ["details", "summary", "summary", "p", "p", "details", "p", "p"]


@given(TEXTS)
def test_nobody_is_mentioned_and_nothing_is_linked(text):
    said = html.unescape(markdown.plain(printable(text)))
    assert not re.search(r"[@#](?![\s\u2060])\S|:[\w+-]+:", said)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a first build", "a first build"),
        ("app.py | x", "app&#46;py &#124; x"),
        ("<b>", "&#60;b&#62;"),
        ("https://a.test", "https&#58;//a&#46;test"),
        ("node_modules/@types", f"node&#95;modules/&#64;{JOINER}types"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_a_sentence(text, escaped):
    assert markdown.plain(text) == escaped


@pytest.mark.parametrize(("text", "tag"), [("a_b", "<code>a&#95;b</code>"), ("", ""), ("  ", "")])
def test_a_name(text, tag):
    assert markdown.code(text) == tag


def test_a_long_text_and_a_long_table_are_cut():
    assert len(markdown.plain("x" * 5000)) < 700
    table = markdown.table(("a",), [(str(number),) for number in range(markdown.MOST_ROWS + 7)])
    assert table.count("\n| ") == markdown.MOST_ROWS + 1
    assert table.endswith("7 more are left out here\n")
