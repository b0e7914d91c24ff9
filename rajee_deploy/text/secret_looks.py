"""What may be a secret, by its name or by its form. In doubt it may: then it is neither shown nor carried. Pure."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"secret|token|passw|passphrase|pwd|credential|private|key|auth|dsn|webhook|connection|(?:^|_)pat(?:_|$)",
    re.IGNORECASE,
)
# What has the form of one, whatever it is called: a login in an address, a key, anything long and without words.
_VALUE = re.compile(r"@|-----BEGIN|[?&]\w+=|\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|A[KS]IA)|[\w+=-]{32}")


def may_be_secret(name: str, value: str) -> bool:
    """Whether something of this name and value may be a secret."""
    return bool(_NAME.search(name) or _VALUE.search(value))
