"""Commands of ours in a message, made to mean where they are pasted what they mean here.

`rajee-deploy up --yes` after `rajee-deploy up -e prod --image api` would be about other stacks, in another account: a
command that is shown gets the flags of the run that shows it, as far as its verb takes them and it has none of its own.
"""

from __future__ import annotations

import re
from functools import cache
from shlex import quote
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COMMAND = re.compile(r"(?<![\w-])rajee-deploy ([a-z]+(?:-[a-z]+)*)((?:[ ][^\s;,()]+)*)")
# What says which project, account and images are meant, which build, and how it is done.
_WHICH = ("environment", "config", "profile", "region", "image")
_BUILD = ("context", "file", "target", "platform", "build_context")
_HOW = (
    "also_tag",
    "allow_rollback",
    "infra_check",
    "repair_drift",
    "wait",
    "no_wait",
    "outputs_file",
    "modes",
    "max_size",
)
# Their values may be secrets: whoever pastes the command has to write them again, and is refused until then.
_HIDDEN = ("parameters", "build_arg")
_KEPT = frozenset((*_WHICH, *_BUILD, *_HOW, *_HIDDEN))


def as_pasted(text: str, argv: Sequence[str]) -> str:
    """The text of a message of the run with these arguments."""
    if "rajee-deploy " not in text or len(argv) < 2:  # noqa: PLR2004 -- a verb, and something more
        return text
    given = _given_flags(tuple(argv))
    return _COMMAND.sub(lambda found: _whole(found, given), text) if given else text


def _whole(found: re.Match[str], given: Mapping[str, Any]) -> str:
    from rajee_deploy.cli.line import VERBS

    meant, words = found[1], found[2]
    if meant not in VERBS or "--help" in words:
        return found[0]
    flags: list[str] = []
    taken = _options(meant)
    for name, value in given.items():
        option = taken.get(name)
        if name == "context" and option == ["context"]:
            flags.append(quote(str(value)))  # an argument of this verb
            continue
        if (
            not option
            or not option[0].startswith("-")
            or any(re.search(rf"(?<!\S){re.escape(each)}(?![^\s=])", words) for each in option)
        ):
            continue
        flags += _arguments(option, value, is_hidden=name in _HIDDEN or "@" in str(value))  # an address with a login
    return " ".join((f"rajee-deploy {meant}", *flags)) + words


def _arguments(option: Sequence[str], value: Any, *, is_hidden: bool) -> Iterator[str]:
    flag = min(option, key=len)
    if value is True:
        yield flag
        return
    for each in value if isinstance(value, (list, tuple)) else [value]:
        yield f"{flag} …" if is_hidden else f"{flag} {quote(str(getattr(each, 'value', each)))}"


@cache
def _given_flags(argv: tuple[str, ...]) -> dict[str, Any]:
    """What was given on the command line and is kept, by parameter."""
    from rajee_deploy.cli.line import VERBS, click_command

    verb = argv[0]
    if verb not in VERBS:
        return {}
    context = click_command(verb).make_context(verb, list(argv[1:]), resilient_parsing=True)
    return {
        name: value
        for name, value in context.params.items()
        if name in _KEPT
        and value is not None
        and getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    }


def _is_written(context: Any, name: str) -> bool:
    """Whether a parameter's value stood on the command line."""
    return getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"


@cache
def _options(verb: str) -> dict[str, list[str]]:
    """The parameters of a verb → their spellings; of an argument the name alone."""
    from rajee_deploy.cli.line import click_command

    return {str(each.name): list(each.opts) for each in click_command(verb).params}
