"""Verbs that only look, before hostile checkouts, and how each has to end."""

from __future__ import annotations

from hostile_projects import SECONDS, slowness

PLAN = ("plan", "--infra-check=hash", "--json")
FINGERPRINT = ("fingerprint", "--json")
ROLLBACK = ("rollback", "--plan", "--infra-check=hash", "--json")
SINCE = ("explain", "--since", "HEAD~1", "--json")
# Of a run that was not fit to end as it did.
NO_ANSWER = {"bug", "machine"}
# Other verbs that only look.
LOOKS = [
    ("status", "--json"),
    ("verify", "--json"),
    ("rollback", "--plan", "--infra-check=hash", "--json"),
    ("lock", "--check", "--json"),
    ("replay", "--last", "2", "--json"),
    ("explain", "src/a", "--json"),
]


def check(hostile, words, **environment):
    """It ended by itself, as any run may end."""
    ended = hostile.run(*words, **environment)
    told = f"{ended.code} after {ended.seconds:.1f}s\n{ended.out[:2000]}\n{ended.err[:3000]}"
    assert ended.code in (0, 1, 2, 64), told
    assert (ended.code in (0, 2)) == (not ended.error), told
    assert ended.error not in NO_ANSWER, told
    assert "Traceback" not in ended.err, told
    assert len(ended.err) + len(ended.out) * bool(ended.error) < 20_000, told  # what is quoted is cut
    assert hostile.plants.ran == [], told
    assert ended.seconds < SECONDS * slowness(), told
    return ended
