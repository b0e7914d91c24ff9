"""Case tables: our own, which lie in the repository, and public ones of BuildKit's, which may lie beside the checkout.

The public ones come under licences of their own and are not copied here. Where they are absent, their tests are
skipped, and the run's last lines say how many cases that were.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent / "conformance" / "tables"
VARIABLE = "RAJEE_CONFORMANCE_DIR"
# How many cases each public table has; held true where they are there.
PUBLIC = {
    "parser_cases.json": 100,
    "shell_cases.json": 310,
    "patternmatcher_cases.json": 138,
    "selection_examples.json": 41,
}


def own(name: str) -> list[Any]:
    """Our cases of one kind."""
    cases: list[Any] = json.loads((OWN / f"{name}.json").read_text("utf-8"))["cases"]
    return cases


def public(name: str) -> dict[str, Any] | None:
    """A public table, or None where it is not."""
    path = Path(os.environ.get(VARIABLE) or "/nowhere", name)
    if not path.exists():
        return None
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return table


def reason(name: str) -> str:
    """Why a public table's cases are skipped."""
    return f"{VARIABLE} names no folder with {name}"


def absent() -> str:
    """A line that says which cases were not run; "" when all were there."""
    missing = {name: count for name, count in PUBLIC.items() if public(name) is None}
    if not missing:
        return ""
    each = ", ".join(f"{name} {count}" for name, count in missing.items())
    return f"{sum(missing.values())} optional cases of public tables were not run ({each}): {VARIABLE} names no folder"
