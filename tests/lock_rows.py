"""What `lock` prints of its changes, without its columns."""

from __future__ import annotations

from rajee_deploy.text.short import short


def changes(stdout: str) -> list[str]:
    """A line each, like `+ add busybox:1 sha256:0123456789ab`."""
    return [" ".join(line.split()) for line in stdout.splitlines()]


def row(words: str, *digests: str) -> str:
    """The line of a change: its mark, verb and reference, and its digests."""
    return f"{words} {' → '.join(map(short, digests))}"
