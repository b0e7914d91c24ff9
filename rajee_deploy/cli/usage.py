"""A command line that cannot be understood, said as every other mistake is: its code, what is wrong, what to do.

Owns the words for it alone. What is wrong, and which option is similar, click says.
"""

from __future__ import annotations

import io
from shlex import join
from typing import TYPE_CHECKING, Any

from rajee_deploy.cli.line import VERBS
from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUP = "sandbox"
_SECRET = ("--parameters", "--build-arg")  # flags whose values are not said again
# What other programs call it.
_OURS = {"deploy": "up", "apply": "up", "diff": "plan", "preview": "plan", "undo": "rollback", "version": "--version"}


def usage(error: Any, argv: Sequence[str]) -> ConfigurationError | str:
    """The mistake that click found in these arguments; or the help, where they say too little to be wrong."""
    if type(error).__name__ == "NoArgsIsHelpError":
        said = io.StringIO()
        error.show(said)
        return said.getvalue()
    first = argv[0] if argv else ""
    verb = next((word for word in argv if word in VERBS), "")
    if first.startswith("-") and verb:
        return ConfigurationError("usage", "flags stand behind the verb", hint=_in_order(verb, argv))
    if first in _OURS:
        ours = _OURS[first]
        problem = f"there is no verb {first!r}; here it is {ours}"
        return ConfigurationError("usage", problem, hint=f"rajee-deploy {ours}{' --help' * (ours in VERBS)}")
    return ConfigurationError("usage", error.format_message(), hint=f"{_command(error, argv)} --help")


def _in_order(verb: str, argv: Sequence[str]) -> str:
    """The same command with its verb in front; not where values stand in it that may be secrets."""
    at = argv.index(verb)
    if any(word.startswith(_SECRET) for word in argv):
        return f"rajee-deploy {verb} --help"
    return join(["rajee-deploy", verb, *argv[:at], *argv[at + 1 :]])


def _command(error: Any, argv: Sequence[str]) -> str:
    """The command whose help says how it is written. click forgets it where an option lacks its value."""
    if error.ctx is not None:
        return str(error.ctx.command_path)
    verb = next((word for word in argv if word in VERBS or word == _GROUP), "")
    return f"rajee-deploy {verb}".rstrip()
