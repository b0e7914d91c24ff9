"""A verb's page as a value: made of its flags, of its docstring, and of `facts`. It shows nothing.

A docstring has its sentence, then what else there is to say, and the examples as one block behind `\\b`, a command a
line with what it is for behind two blanks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.cli.manual.facts import CHAPTERS, DIRECTORIES, EXITS, FACTS, GROUPS, VALUES, VARIABLES, Facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ITSELF = "Flags"
_NOBODY = Facts("", "", ())


class Flag(NamedTuple):
    """A flag as it is written, what it does, and the variable that gives it, too ("": none)."""

    spelling: str
    text: str
    variable: str


class Example(NamedTuple):
    """A command, and what it is for; "" where it speaks for itself."""

    command: str
    text: str


class Page(NamedTuple):
    """All that is said of a verb."""

    name: str
    usage: str
    sentence: str
    paragraphs: tuple[str, ...]
    facts: Facts
    examples: tuple[Example, ...]
    arguments: tuple[Flag, ...]
    groups: tuple[tuple[str, tuple[Flag, ...]], ...]
    exits: tuple[tuple[int, str], ...]
    variables: tuple[tuple[str, str], ...]


def page_of(command: Any, name: str, context: Any) -> Page:
    """The page of one of click's commands, as the user calls it."""
    sentence, paragraphs, examples = _words(command.help or "")
    facts = FACTS.get(name, _NOBODY)
    flags = {each.name: _flag(each) for each in command.get_params(context) if each.param_type_name != "argument"}
    given = tuple(_argument(each) for each in command.params if each.param_type_name == "argument")
    return Page(
        name,
        _usage(name, [flag.spelling for flag in given]),
        sentence,
        paragraphs,
        facts,
        examples,
        tuple(flag for flag in given if flag.text),
        tuple(_groups(flags)),
        tuple(sorted({**EXITS, **facts.exits}.items())),
        tuple(_variables(flags.values())),
    )


class Overview(NamedTuple):
    """All that is said of the program, or of a verb that has verbs of its own. `chapters` has these, each with its
    sentence."""

    name: str
    sentence: str
    paragraphs: tuple[str, ...]
    examples: tuple[Example, ...]
    chapters: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    flags: tuple[Flag, ...]


def overview_of(group: Any, name: str, context: Any) -> Overview:
    """The page of one of click's groups."""
    sentence, paragraphs, examples = _words(group.help or "")
    said: dict[str, str] = {verb: sentence_of(each.help or "") for verb, each in group.commands.items()}
    chapters = CHAPTERS.items() if not name else [("Verbs", tuple(said))]
    return Overview(
        name,
        sentence,
        paragraphs,
        examples,
        tuple((title, tuple((verb, said[verb]) for verb in names if verb in said)) for title, names in chapters),
        tuple(_flag(each) for each in group.get_params(context)),
    )


def sentence_of(text: str) -> str:
    """The first sentence of a docstring."""
    return _words(text)[0]


def _words(text: str) -> tuple[str, tuple[str, ...], tuple[Example, ...]]:
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block]
    shown = [block for block in blocks if block.startswith("\b")]
    plain = [" ".join(block.split()) for block in blocks if not block.startswith("\b")]
    first = plain[0] if plain else ""
    sentence, dot, rest = first.partition(". ")
    examples = tuple(_example(line) for block in shown for line in block.split("\n")[1:])
    return sentence.rstrip("."), tuple(each for each in (rest if dot else "", *plain[1:]) if each), examples


def _example(line: str) -> Example:
    command, _, text = line.strip().partition("  ")
    return Example(command, text.strip())


def _usage(name: str, arguments: Sequence[str]) -> str:
    return " ".join(("rajee-deploy", *filter(None, (name,)), "[FLAG]...", *arguments))


def _argument(parameter: Any) -> Flag:
    word = (parameter.metavar or _value(parameter)).strip("[].")
    return Flag(f"[{word}]{'...' * (parameter.nargs == -1)}", _sentences(parameter), "")


def _flag(option: Any) -> Flag:
    names = sorted(option.opts, key=len)
    value = "" if option.is_flag or option.count else f" {option.metavar or _value(option)}"
    if option.secondary_opts:  # --quiet and --no-quiet
        names[-1] = names[-1].replace("--", "--[no-]")
    return Flag(", ".join(names) + value, _sentences(option), option.envvar or "")


def _value(parameter: Any) -> str:
    """The word that stands for a value."""
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return "|".join(str(getattr(each, "value", each)) for each in choices)
    if parameter.name in DIRECTORIES:
        return "DIR"
    if type(parameter.type).__name__ in {"Path", "TyperPath"}:
        return "FILE"
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    return "N" if "int" in parameter.type.name else str(parameter.name).upper()


def _sentences(parameter: Any) -> str:
    text = parameter.help or ""
    default = parameter.default
    is_known = "default" in text or parameter.param_type_name == "argument"
    if is_known or default in (None, False, (), []) or callable(default):
        return text
    return f"{text.removesuffix('.')} (default: {getattr(default, 'value', default)})."


def _groups(flags: Mapping[str, Flag]) -> Iterator[tuple[str, tuple[Flag, ...]]]:
    shared = {name for names in GROUPS.values() for name in names}
    for title, names in ((_ITSELF, [name for name in flags if name not in shared]), *GROUPS.items()):
        found = tuple(flags[name] for name in names if name in flags)
        if found:
            yield title, found


def _variables(flags: Any) -> Iterator[tuple[str, str]]:
    yield from ((flag.variable, f"as {flag.spelling.split(' ')[0].rstrip(',')}") for flag in flags if flag.variable)
    yield from VARIABLES.items()
