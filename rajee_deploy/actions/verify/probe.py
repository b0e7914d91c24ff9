"""A resolved recipe → a Dockerfile that only copies: what BuildKit says of every use, without building the image.

Each stage stands on `scratch` and keeps its ARG, ENV, COPY and ADD instructions, as words that BuildKit expands by
itself; everything else is left out, and every copy goes to a place of its own. Pure. Must never decide whether the
two agree.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import ReadBy
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.model import ContextRead, Recipe

_BLANK = re.compile(r"\s")
_QUOTED = re.compile(r"[ -!#-&(-\[\]-_a-~]*")  # ASCII without quotes, the backslash and the backtick


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One copy of the probe. `place` is where it goes: unique, so its step is found in BuildKit's progress."""

    place: str
    reads: tuple[ContextRead, ...]


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A read that the probe cannot ask about, and why."""

    read: ContextRead
    reason: str


@dataclass(frozen=True, slots=True)
class Probe:
    """The probe's Dockerfile, its steps, and the reads that it leaves out."""

    text: str
    steps: tuple[ProbeStep, ...]
    unchecked: tuple[Unchecked, ...]


def make_probe(recipe: Recipe, salt: str, refusal: Callable[[ContextRead], str]) -> Probe:
    """The probe for a recipe. `salt` makes its steps new to every engine; `refusal` says why a read is left out."""
    writer = _Writer(recipe, salt, refusal)
    for text, line in zip(recipe.instructions, recipe.instruction_lines, strict=True):
        writer.instruction(parse_json(text, errors="surrogatepass"), line)
    writer.rest()
    return Probe(writer.text(), tuple(writer.steps), tuple(writer.unchecked))


@dataclass(slots=True)
class _Writer:
    """Writes the probe's lines while it takes the recipe's reads in their order."""

    recipe: Recipe
    salt: str
    refusal: Callable[[ContextRead], str]
    steps: list[ProbeStep] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _stage: int = -1
    _below: set[int] = field(default_factory=set)
    _copying: set[int] = field(default_factory=set)
    _taken: int = 0

    def text(self) -> str:
        """The whole Dockerfile. Its last stage takes from those that no other stands on, so all of them are built."""
        last = [
            f"COPY --from=s{number} / /{number}/"
            for number in range(self._stage + 1)
            if number in self._copying and number not in self._below
        ]
        return "\n".join([*self._lines, "FROM scratch", *last, ""])

    def instruction(self, fields: list[Any], line: int) -> None:
        """One canonical instruction of the recipe."""
        match fields:
            case ["#escape", str(escape)]:
                self._lines.append(f"# escape={escape}")
            case ["FROM", [*origin], platform]:
                self._open(origin, platform, line)
            case ["ARG", [*pairs]]:
                words = (name if default is None else f"{name}={default}" for name, default in pairs)
                self._lines.append(" ".join(["ARG", *words]))
            case ["ENV", [*pairs]]:
                self._lines.append(_env(pairs))
            case ["COPY" | "ADD" as name, dict(flags), _, [*sources], [*_inline], _dest]:
                self._transfer(ReadBy(name), flags, sources, line)
            case ["RUN", *_]:
                for read in self._take(ReadBy.RUN, line, None):
                    self._literal(read)
            case _:
                pass

    def rest(self) -> None:
        """Reads that stand in no instruction (a file for another frontend)."""
        for read in self.recipe.reads[self._taken :]:
            self.unchecked.append(Unchecked(read, self.refusal(read) or "the Dockerfile is not read line by line"))

    def _open(self, origin: list[Any], platform: str | None, line: int) -> None:
        self._stage += 1
        base = "scratch"
        if origin[0] == "stage":
            base = f"s{origin[1]}"
            self._below.add(origin[1])
            if origin[1] in self._copying:
                self._copying.add(self._stage)
        flag = f"--platform={platform} " if platform else ""
        self._lines.append(f"FROM {flag}{base} AS s{self._stage}")
        for read in self._take(ReadBy.COPY, line, None):
            self._literal(read)  # all of a named context, which the stage stands on

    def _transfer(self, by: ReadBy, flags: dict[str, Any], sources: list[str], line: int) -> None:
        reads = self._take(by, line, sources)
        refused = [Unchecked(read, reason) for read in reads if (reason := self.refusal(read))]
        if refused:
            # BuildKit joins the sources of an instruction into one key: all are checked or none is.
            known = {id(one.read): one.reason for one in refused}
            also = "it stands in one instruction with a source that is not checked"
            self.unchecked += [Unchecked(read, known.get(id(read), also)) for read in reads]
            return
        excludes = flags.get("exclude", [])
        words = [read.source for read in reads]
        if not all(map(_QUOTED.fullmatch, excludes)) or not all(map(_is_text, words)):
            self.unchecked += [Unchecked(read, "it cannot be written into a probe") for read in reads]
        elif reads:
            switches = ["--parents"] if flags.get("parents") == "true" else []
            self._copy(tuple(reads), [*switches, *(f'--exclude="{text}"' for text in excludes)], words)

    def _literal(self, read: ContextRead) -> None:
        """A read of one path as it is: BuildKit computes the same key for a COPY of it."""
        path = read.selector.path
        reason = self.refusal(read)
        if not reason and (not _QUOTED.fullmatch(path) or re.search(r"[*?\[]", path)):
            reason = "a COPY would read its path as a pattern"
        if reason:
            self.unchecked.append(Unchecked(read, reason))
        else:
            self._copy((read,), [], [f"'{path}'"])

    def _copy(self, reads: tuple[ContextRead, ...], flags: list[str], words: list[str]) -> None:
        place = f"/{self.salt}/{len(self.steps)}/"
        origin = [f"--from={reads[0].context}"] if reads[0].context else []
        self._lines.append(" ".join(["COPY", *origin, *flags, json.dumps([*words, place], ensure_ascii=False)]))
        self.steps.append(ProbeStep(place, reads))
        self._copying.add(self._stage)

    def _take(self, by: ReadBy, line: int, sources: list[str] | None) -> list[ContextRead]:
        """The next reads that belong to an instruction; with `sources`, one for each that is not remote."""
        found = []
        reads = self.recipe.reads
        for source in sources if sources is not None else [None] * len(reads):
            if self._taken == len(reads):
                break
            read = reads[self._taken]
            if (read.instruction, read.location.start) != (by, line):
                break
            if source is None or read.source == source:
                found.append(read)
                self._taken += 1
        return found


def _env(pairs: list[list[str]]) -> str:
    """ENV as it was split: a value with a blank in it can only have come from the old form without `=`."""
    if len(pairs) == 1 and _BLANK.search(pairs[0][1]):
        return f"ENV {pairs[0][0]} {pairs[0][1]}"
    return " ".join(["ENV", *(f"{key}={value}" for key, value in pairs)])


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
