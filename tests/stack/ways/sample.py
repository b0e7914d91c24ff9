"""Which ways a run of the tests takes: all, or the same few of each table.

All take minutes, so `make test` takes a sample, and says so; `make proof` sets the variable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stack.ways import in_c, node, of_the_cdk, python_files, python_rest, shell, typescript

if TYPE_CHECKING:
    from stack.ways.way import Way

VARIABLE = "RAJEE_ALL_WAYS"
TABLES = (in_c.WAYS, node.WAYS, of_the_cdk.WAYS, python_files.WAYS, python_rest.WAYS, shell.WAYS, typescript.WAYS)
_STEP = 1 if VARIABLE in os.environ else 8  # tables are in order of kind: a step takes from each


def taken(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """What this run takes of a table."""
    return ways[::_STEP]


def left_out() -> str:
    """What this run does not check, in words; "" when it checks all."""
    number, every = (sum(map(len, tables)) for tables in (map(taken, TABLES), TABLES))
    return "" if number == every else f"{number} of {every} ways of looking at the world; make proof runs all"
