"""The words that may stand where the cursor is, for a line of the shell: verbs, flags, and values of both.

Owns how a line is understood that is not yet whole. Which names there are, `names` says; how a shell is told,
`scripts` does.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.cli.line import VERBS, click_command
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Candidate(NamedTuple):
    """A word that fits, and what it stands for, where that is worth a line."""

    word: str
    about: str = ""


class Paths(Enum):
    """The shell knows its files best."""

    FILES = "files"
    DIRECTORIES = "directories"


Answer = list[Candidate] | Paths


@dataclass(slots=True)
class Typed:
    """What stands before the cursor: the verb, and values by parameter."""

    verb: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def last(self, name: str) -> str | None:
        """The value that counts; None where it was not given."""
        values = self.values.get(name)
        return values[-1] if values else None


def answer(before: Sequence[str], word: str) -> Answer:
    """What may stand in the place of `word`, after these words (without the program's own name)."""
    at = next((place for place, each in enumerate(before) if not each.startswith("-")), None)
    if at is None:
        return _fitting(_root_flags() if word.startswith("-") else _verbs(), word)
    verb, rest = before[at], before[at + 1 :]
    if verb == "sandbox":
        return _of_sandbox(rest, word)
    return _of_command(click_command(verb), Typed(verb), rest, word) if verb in VERBS else []


def _of_command(command: Any, given: Typed, before: Sequence[str], word: str) -> Answer:
    flags = {spelling: each for each in command.params for spelling in each.opts if spelling.startswith("-")}
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    awaits = _read(flags, arguments, given, before)
    if awaits is not None:
        return _values(awaits, given, word)
    if word.startswith("--") and "=" in word:
        return _of_joined(flags, given, word)
    if word.startswith("-") and "--" not in before:
        return _fitting(_flags(command, given), word)
    place = len(given.values.get("", ()))
    if place < len(arguments):
        return _values(arguments[place], given, word)
    return _values(arguments[-1], given, word) if arguments and arguments[-1].nargs == -1 else []


def _read(flags: Mapping[str, Any], arguments: Sequence[Any], given: Typed, before: Sequence[str]) -> Any:
    """Put down what the words mean; the flag whose value comes next, where one does. Arguments have the name ""."""
    awaits = None
    is_over = False  # after "--" no word is a flag
    for each in before:
        name, joined, value = each.partition("=")
        if awaits is not None:
            given.values.setdefault(awaits.name, []).append(each)
            awaits = None
        elif each == "--" and not is_over:
            is_over = True
        elif is_over or not each.startswith("-") or each == "-":
            place = len(given.values.setdefault("", []))
            given.values[""].append(each)
            if place < len(arguments):
                given.values.setdefault(arguments[place].name, []).append(each)
        elif (flag := flags.get(name)) is not None:
            given.values.setdefault(flag.name, []).extend([value] if joined else [])
            awaits = None if joined or flag.is_flag or flag.count else flag
    return awaits


def _of_joined(flags: Mapping[str, Any], given: Typed, word: str) -> Answer:
    """The same for `--flag=value`, which is one word."""
    name, _, value = word.partition("=")
    found = _values(flags[name], given, value) if name in flags and not flags[name].is_flag else []
    return found if isinstance(found, Paths) else [Candidate(f"{name}={each.word}", each.about) for each in found]


def _values(parameter: Any, given: Typed, word: str) -> Answer:
    """The values that a flag or an argument may have."""
    from rajee_deploy.cli.shells import names

    if parameter.name in names.DIRECTORIES:
        return Paths.DIRECTORIES
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return _fitting((Candidate(str(getattr(each, "value", each))) for each in choices), word)
    source = names.SOURCES.get((given.verb, parameter.name)) or names.SOURCES.get(("", parameter.name))
    if source is not None:
        return _fitting(source(given), word)
    return Paths.FILES if type(parameter.type).__name__ in {"Path", "TyperPath"} or parameter.name == "path" else []


def _flags(command: Any, given: Typed) -> Iterator[Candidate]:
    """Those that may still be given, by their long spelling."""
    for each in (*command.params, command.get_help_option(command.context_class(command))):
        if each is None or each.param_type_name == "argument" or each.hidden:
            continue
        if each.multiple or each.name not in given.values:
            yield Candidate(max(each.opts, key=len), _sentence(each.help or ""))


def _root_flags() -> Iterator[Candidate]:
    from typer.main import get_command

    from rajee_deploy.cli.line import command_line

    return _flags(get_command(command_line(["--version"])), Typed(""))


def _verbs() -> Iterator[Candidate]:
    from typer.main import get_command

    from rajee_deploy.cli.line import command_line

    for name, each in _commands(get_command(command_line([]))).items():
        yield Candidate(name, _sentence(each.help or ""))


def _of_sandbox(before: Sequence[str], word: str) -> Answer:
    from typer.main import get_command

    from rajee_deploy.cli.sandbox import sandbox

    commands = _commands(get_command(sandbox))
    at = next((place for place, each in enumerate(before) if not each.startswith("-")), None)
    if at is None:
        return _fitting((Candidate(name, _sentence(each.help or "")) for name, each in commands.items()), word)
    found = commands.get(before[at])
    return _of_command(found, Typed("sandbox"), before[at + 1 :], word) if found is not None else []


def _commands(group: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = group.commands
    return found


def _fitting(found: Iterable[Candidate], word: str) -> list[Candidate]:
    """Those that begin so, each once. What a terminal would not show as it is, or a shell would split, is none."""
    by_word = {each.word: each for each in found if each.word.startswith(word)}
    return [each for each in by_word.values() if each.word.isprintable() and not set(each.word) & {" ", "\xa0"}]


def _sentence(text: str) -> str:
    """The first sentence."""
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")
