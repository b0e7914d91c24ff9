"""How something is said on a stream: in colour or not, moving or not, how wide, how much; and whether anybody is asked.

The one place that reads the variables which say so. It writes nothing, and never decides what is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.console.agents import agent_variable
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

LOG_WIDTH = 160  # a log has no edge, but lines that are too long for eyes
_USUAL_WIDTH = 80  # of a terminal that does not tell
_LEAST_WIDTH = 20
_OFF = ("", "0", "false")


class Manner(NamedTuple):
    """How it is said on one stream."""

    has_colour: bool
    moves: bool  # lines may be written anew in their places
    may_ask: bool  # as far as this stream goes; an answer has to come from somewhere, too

    @property
    def is_watched(self) -> bool:
        """Whether somebody waits for the first line."""
        return self.moves or self.may_ask


def manner_of(environment: Mapping[str, str], *, is_terminal: bool) -> Manner:
    """By the conventions of no-color.org, force-color.org and bixense.com/clicolors, NO_COLOR before all; and by CI,
    which build services set, some of them with a terminal that nobody looks at."""

    def is_on(name: str) -> bool:
        return environment.get(name, "").lower() not in _OFF

    is_dumb = environment.get("TERM", "") in ("dumb", "unknown")
    is_forced = is_on("FORCE_COLOR") or is_on("CLICOLOR_FORCE") or environment.get("TTY_COMPATIBLE") == "1"
    is_off = bool(environment.get("NO_COLOR")) or (
        not is_forced and (is_dumb or "0" in (environment.get("CLICOLOR"), environment.get("FORCE_COLOR")))
    )
    is_alone = is_on("CI") or bool(agent_variable(environment))
    return Manner(
        has_colour=not is_off and (is_forced or is_terminal),
        moves=is_terminal and not is_dumb and not is_on("CI"),
        may_ask=is_terminal and not is_alone,
    )


def width_of(environment: Mapping[str, str], stream: TextIO) -> int:
    """How many cells a line may have: COLUMNS, else the terminal's own, else a log's."""
    chosen = whole(environment.get("COLUMNS", ""))
    if chosen:
        return max(chosen, _LEAST_WIDTH)
    if not stream.isatty():
        return LOG_WIDTH
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return _USUAL_WIDTH
    return max(found, _LEAST_WIDTH) if found else _USUAL_WIDTH


_is_quiet = [False]  # this run


def choose_quiet(*, quiet: bool | None, verbose: bool = False) -> None:
    """How much this run says: what was asked for (None: nothing), else little where an agent runs it; -v is all."""
    _is_quiet[0] = not verbose and (bool(agent_variable(os.environ)) if quiet is None else quiet)


def is_quiet() -> bool:
    """Whether this run says errors, warnings, a line for each step, and how it ended; and nothing else."""
    return _is_quiet[0]
