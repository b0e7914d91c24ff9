"""The source, parsed once in a process: a dozen tests read all of it. They go to one worker, see schedule.py."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of a file's, as `ast.walk` has them."""
    return tuple(ast.walk(tree(path)))
