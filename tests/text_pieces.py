"""Texts that mean something to Markdown, to HTML, to GitHub or to a runner, in any order."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = [*"|\\`*_~<>[]()!#&@:$-+=\n\r\t ", "a", "b.c", "</code>", "<!--", "&#124;", "&lt;", "::error::", "##[group]"]
PIECES += ["---", "https://example.test", "www.example.test", "![a](b)", "@team", "#1", ":tada:", "\u2028", "\x1b[1m"]
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=30))
