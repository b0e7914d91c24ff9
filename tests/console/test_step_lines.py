"""How a step looks when it is done, and how what moves is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.console.rows import Piece, cells, plain
from rajee_deploy.console.step_lines import StepColumns, crop, done_lines

OK = Piece("✓", "green")


def shown(words, text: str, width: int, names=()) -> list[str]:
    return [plain(line) for line in done_lines(OK, words, text, StepColumns(width, names))]


@pytest.mark.parametrize(
    ("words", "text", "width", "lines"),
    [
        (
            ("build", "envoy", "1m 12s"),
            "sha256:166e49ac07e8",
            80,
            ["  ✓ build   envoy               1m 12s   sha256:166e49ac07e8"],
        ),
        (
            ("update", "RajeeEnvoyStack", "48.00s"),
            "c-ebb2bba14535 on 2 of 2 tasks and on several others",
            80,
            [
                "  ✓ update  RajeeEnvoyStack     48.00s   c-ebb2bba14535 on 2 of 2 tasks and on",
                "                                         several others",
            ],
        ),
        (("add", "App", "140ms"), "", 80, ["  ✓ add     App                  140ms"]),
        (
            ("build", "envoy", "1m 12s"),
            "sha256:166e49ac07e8",
            44,
            ["  ✓ build   envoy     1m 12s", "            sha256:166e49ac07e8"],
        ),
        (
            ("update", "A-stack-whose-name-is-longer-than-its-column", "9.00s"),
            "done",
            100,
            ["  ✓ update  A-stack-whose-name-is-longer-than-its-column   9.00s", f"{' ' * 41}done"],
        ),
    ],
)
def test_a_step_that_is_done(words, text, width, lines):
    assert shown(words, text, width) == lines


def test_the_steps_of_a_plan_share_their_columns():
    names = ("envoy", "RajeeEnvoyStackOfProd")
    lines = [shown(("build", name, "1.00s"), "text", 100, names)[0] for name in names]
    assert [line.index("text") for line in lines] == [44, 44]


@given(st.lists(st.text("ab漢 ", max_size=12).map(Piece), max_size=6), st.integers(1, 40))
def test_what_moves_never_wraps(pieces, width):
    line = tuple(pieces)
    cut = crop(line, width)
    assert cells(plain(cut)) <= width
    if cells(plain(line)) <= width:
        assert cut == line
    else:
        assert plain(cut).endswith("…")
        assert plain(line).startswith(plain(cut)[:-1])


@pytest.mark.parametrize("text", ["漢" * 100_000, "e\u0301" * 100_000])
def test_of_a_page_that_moves_no_more_is_looked_at_than_may_be_shown(text):
    """A build's step may be as long, and who speaks meanwhile waits."""
    cut = crop((Piece("x "), Piece(text)), 60)
    assert cells(plain(cut)) <= 60
    assert plain(cut).endswith("…")
