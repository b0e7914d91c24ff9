"""Durations with bars: each text in its column, whole, and nothing wider than the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.console.bars import Bar, bar_lines
from rajee_deploy.console.rows import plain

ROWS = [
    Bar("time", 198.0, "goal 3m: missed by 18 s"),
    Bar("build", 72.0, of=198.0),
    Bar("deploy", 14.0, "CloudFormation", of=198.0),
    Bar("rollout", 109.0, "start 38s, health 52s, drain 19s", of=198.0),
]


def shown(rows, width: int) -> list[str]:
    return [plain(line).rstrip() for line in bar_lines(rows, width)]


def test_at_80_columns():
    assert shown(ROWS, 80) == [
        "  time        3m 18s   goal 3m: missed by 18 s",
        "  build       1m 12s   ███████",
        "  deploy      14.00s   █             CloudFormation",
        "  rollout     1m 49s   ███████████   start 38s, health 52s, drain 19s",
    ]


def test_what_does_not_fit_beside_wraps_in_its_column_or_stands_below():
    assert shown(ROWS[3:], 64) == [
        "  rollout     1m 49s   ███████████   start 38s, health 52s,",
        "                                     drain 19s",
    ]
    assert shown(ROWS[3:], 50) == [
        "  rollout     1m 49s   ███████████",
        "            start 38s, health 52s, drain 19s",
    ]


def test_a_bar_is_never_longer_than_all_and_never_nothing():
    assert [line.count("█") for line in shown([Bar("a", 9.0, of=3.0), Bar("b", 0.001, of=9.0)], 80)] == [20, 1]


BARS = st.builds(
    Bar, st.text("ab", max_size=9), st.floats(0, 1e4), st.text("cd ", max_size=90), st.just(0.0) | st.floats(0.01, 1e4)
)


@given(st.lists(BARS), st.integers(40, 120))
def test_nothing_is_lost_nor_wider_than_the_terminal(rows, width):
    lines = bar_lines(rows, width)
    words = [word for row in rows for word in row.text.split()]
    longest = max(map(len, words), default=0)
    assert all(len(plain(line)) <= max(width, longest + 44) for line in lines)
    said = " ".join(piece.text for line in lines for piece in line).split()
    assert [word for word in said if set(word) <= {"c", "d"}] == words
