"""Tables without a terminal: rich's own lines, without rich."""

from __future__ import annotations

import io
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.console import Console
from rajee_deploy.console.manner import LOG_WIDTH
from rajee_deploy.console.tables import plain_table

CELLS = st.text(st.sampled_from("ab 0.█-"), max_size=8).map(str.strip)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(st.sampled_from(["phase", ">time", "", ">n"]), min_size=width, max_size=width),
        st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=4),
    )
)


def by_rich(columns, rows) -> list[str]:
    shown = io.StringIO()
    console = Console(stderr=shown)
    console._print_table(console._rich(shown), columns, rows)
    return shown.getvalue().splitlines()


@given(TABLES)
def test_lines_are_those_of_rich(table):
    columns, rows = ["phase", *table[0]], [["a", *row] for row in table[1]]
    lines = plain_table(columns, rows, LOG_WIDTH)
    assert lines is not None
    assert [line.rstrip() for line in lines] == [line.rstrip() for line in by_rich(columns, rows)]


def test_what_may_be_wider_or_does_not_fit_is_left_to_rich():
    assert plain_table(["phase"], [["漢"]], LOG_WIDTH) is None
    assert plain_table(["phase"], [[" x"]], LOG_WIDTH) is None
    assert plain_table(["phase"], [["x" * (LOG_WIDTH + 1)]], LOG_WIDTH) is None
    shown = io.StringIO()
    Console(stderr=shown).timings([("漢", 1.0, "1s")], 1.0, "1s")
    assert "漢" in shown.getvalue()


def test_timings_need_no_rich():
    program = (
        "import sys; from rajee_deploy.console import Console; Console().timings([('a', 1.0, '1s')], 2.0, '2s');"
        "sys.exit('rich' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True, env={})
    assert (ended.returncode, ended.stderr.split()[:2]) == (0, ["phase", "time"])
