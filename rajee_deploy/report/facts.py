"""What a report says besides durations, each in a line: screen, Markdown and page show the same words. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.revision import commit_of, is_dirty, short_commit, with_state
from rajee_deploy.report.saved import long
from rajee_deploy.report.timings import duration

if TYPE_CHECKING:
    from datetime import date

    from rajee_deploy.report.history import PastRun
    from rajee_deploy.report.metrics import Figures

_MOST_CODES = 3
_ACCOUNT = re.compile(r"(?<![0-9a-f])(?<!\bc-)[0-9]{12}(?![0-9a-f])")  # and no digits of a digest, or of a tag of ours
_TEN, _HOUR, _DAY = 10, 3600, 86400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMES = {"noop": "no-op"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said of it; `is_bad` where something has to be done about it."""

    name: str
    text: str
    is_bad: bool = False


def facts(found: Figures) -> list[Fact]:
    """All that a report says in words."""
    rows = []
    if found.runs:
        rows += [Fact("images built", _builds(found)), _skips(found)]
        rows.append(Fact("saved", f"{found.saved} against {found.saved.baseline} a run before"))
    if found.dora.attempts:
        rows.append(Fact("deployments", deployments(found)))
    if found.failed:
        rows.append(Fact("did not finish", _failed(found)))
    rows += [Fact(name, text) for name, text in _others(found)]
    return rows


def kind_name(kind: str) -> str:
    """A kind of run as people call it."""
    return _NAMES.get(kind, kind)


def short_revision(run: PastRun) -> str:
    """The commit that a run was of, short; "" where nobody asked."""
    commit = short_commit(commit_of(run.revision)) if run.revision not in ("", "-") else ""
    return with_state(commit, is_dirty=is_dirty(run.revision)) if commit else ""


def without_accounts(words: str) -> str:
    """What errors and reasons say, for whoever is sent the page."""
    return _ACCOUNT.sub("…", words)


def runs_in_words(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


def day_in_words(day: date, now: date) -> str:
    """`1 Oct`, with the year where it is another one."""
    words = f"{day.day} {_MONTHS[day.month - 1]}"
    return words if day.year == now.year else f"{words} {day.year}"


def _builds(found: Figures) -> str:
    share = f" ({found.builds / found.runs:.0%})" if found.runs else ""
    of = f"{found.runs} that finished" if found.failed else runs_in_words(found.runs)
    words = f"{found.builds} of {of}{share}"
    if not found.compared:
        return words
    return f"{words}; {found.needless} of {found.compared} made the same layers as before"


def _skips(found: Figures) -> Fact:
    skips = found.skips
    if not skips.checks:
        return Fact("wrong skips", "nobody has looked yet: rajee-deploy verify does")
    words = f"{skips.wrong} in {skip_checks(found)}"
    return Fact("wrong skips", f"{words}: please report it", is_bad=True) if skips.wrong else Fact("wrong skips", words)


def skip_checks(found: Figures) -> str:
    """How often it was looked whether a skip was right, and by whom."""
    counts = ((found.skips.by_verify, "verify"), (found.skips.by_synth, "a synth"))
    by = ", ".join(f"{count} by {what}" for count, what in counts if count)
    checks = "1 check" if found.skips.checks == 1 else f"{found.skips.checks} checks"
    return f"{checks} ({by})"


def deployments(found: Figures) -> str:
    """The DORA figures in a line."""
    dora = found.dora
    words = [f"{a_week(found)} a week"]
    if dora.lead is not None:
        words.append(f"lead time {span(dora.lead)}")
    rate = f"failed {dora.failure_rate or 0:.0%}"
    words.append(rate if dora.restore is None else f"{rate}, back in {span(dora.restore)}")
    return "; ".join(words)


def a_week(found: Figures) -> str:
    """Deployments a week, as exact as such a number is."""
    number = found.dora.per_week
    return f"{number:.0f}" if number >= _TEN or number == round(number) else f"{number:.1f}"


def span(seconds: float) -> str:
    """A duration of any length: `52.00s`, `14m 20s`, `3h 05m`, `2d 4h`."""
    if seconds < _HOUR:
        return duration(seconds)
    if seconds < 2 * _DAY:
        return long(seconds)
    days, rest = divmod(round(seconds / _HOUR), 24)
    return f"{days}d {rest}h" if rest else f"{days}d"


def _failed(found: Figures) -> str:
    every = found.failed + found.runs
    counted = Counter(run.error or run.outcome for run in found.failures)
    named = [f"{code} {count}" if count > 1 else code for code, count in counted.most_common(_MOST_CODES)]
    last = f"; the last {len(found.failures)}: " if found.failed > len(found.failures) else ": "
    more = ", …" if len(counted) > _MOST_CODES else ""
    return f"{found.failed} of {runs_in_words(every)}{last}{', '.join(named)}{more}"


def _others(found: Figures) -> list[tuple[str, str]]:
    pairs = (
        (found.refused, "refused", "for settings or flags"),
        (found.accepted, "accepted", "and not waited for (--no-wait)"),
    )
    return [(name, f"{runs_in_words(count)} {what}") for count, name, what in pairs if count]
