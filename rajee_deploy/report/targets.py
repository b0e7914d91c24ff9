"""The success metrics. Values alone: every run reads them."""

from __future__ import annotations

# Seconds, by kind of run: a no-op within 30 s (our own aim: 1 s), a code change within 3 minutes.
TARGETS = {"noop": 30.0, "code": 180.0}
