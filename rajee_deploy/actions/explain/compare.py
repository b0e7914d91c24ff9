"""What two images of one name are made of → what differs, the first cause on top. Pure.

Both sides are contents: of the present inputs, of a commit's, or of a record. Tags that differ always have a cause.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from rajee_deploy.actions.explain.changes import Cause, ImageDifference
from rajee_deploy.actions.explain.entries import entry_changes
from rajee_deploy.build_record.fields import Instruction
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import unite
from rajee_deploy.fingerprint import kind_of
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rajee_deploy.build_record.fields import Contents
    from rajee_deploy.model import Reference

T = TypeVar("T")

_ORDER = {cause: number for number, cause in enumerate(Cause)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tags before and after, and why they differ; nothing when they are the same."""

    before: str
    after: str
    changes: tuple[ImageDifference, ...]

    @property
    def is_same(self) -> bool:
        """Whether both are the same image."""
        return self.before == self.after


def compare(before: Contents, after: Contents) -> Comparison:
    """What makes `after` another image than `before`."""
    tags = before.tag, after.tag
    if tags[0] == tags[1]:
        return Comparison(*tags, ())
    instructions = (
        _of_all(before, before.instructions, "instruction"),
        _of_all(after, after.instructions, "instruction"),
    )
    olds, news = ([one.canonical for one in side] for side in instructions)
    pairs = _pairs(olds, news, _name)
    rank = _Ranks(*instructions, pairs)
    changes = [
        *_plain(before, after),
        *_instructions(*instructions, pairs),
        *_others(before, after),
        *_references(before.references, after.references),
        *entry_changes(before, after),
    ]
    changes = changes or list(_reads(before, after))
    changes = changes or [ImageDifference(Cause.INPUT, "what is kept private", after="another one")]
    # What changed on several platforms is told once.
    return Comparison(*tags, tuple(sorted(dict.fromkeys(changes), key=rank)))


def _of_all(contents: Contents, parts: Sequence[T], kind: str) -> tuple[T, ...]:
    """Parts of a kind that platform by platform stand for inputs, those of all platforms in one: what these share is
    there once, as the lines of the Dockerfile are."""
    names = (kind_of(item.name) for item in contents.fingerprint.inputs)
    platforms = [platform for platform, name in names if name.startswith(f"{kind}:")]
    return unite(
        [[part for part, its in zip(parts, platforms, strict=True) if its == each] for each in dict.fromkeys(platforms)]
    )


_Pair = tuple[int | None, int | None]


def _pairs(before: Sequence[str], after: Sequence[str], kind: Callable[[str], str]) -> list[_Pair]:
    """Which text of one list stands at the place of which of the other, in order; None where there is none. Where
    they differ, those of one kind belong together."""
    pairs: list[_Pair] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "replace":
            pairs += zip_longest(range(i1, i2), range(j1, j2))
            continue
        kinds = [kind(text) for text in before[i1:i2]], [kind(text) for text in after[j1:j2]]
        for same, i3, i4, j3, j4 in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
            olds, news = range(i1 + i3, i1 + i4), range(j1 + j3, j1 + j4)
            if same == "equal":
                pairs += zip(olds, news, strict=True)
            else:
                pairs += [*((old, None) for old in olds), *((None, new) for new in news)]
    return pairs


def _name(canonical: str) -> str:
    """The instruction of a canonical text."""
    return str(parse_json(canonical, errors="surrogateescape")[0])


class _Ranks:
    """Sorts changes as a build would meet them, though the lines of two files are numbered differently."""

    def __init__(self, before: Sequence[Instruction], after: Sequence[Instruction], pairs: list[_Pair]) -> None:
        self._before: dict[int, int] = {}
        self._after: dict[int, int] = {}
        sides = (self._before, before), (self._after, after)
        for rank, pair in enumerate(pairs):
            for (ranks, instructions), index in zip(sides, pair, strict=True):
                if index is not None:
                    ranks.setdefault(instructions[index].line, rank)

    def __call__(self, change: ImageDifference) -> tuple[bool, int, int, str]:
        ranks = self._after if change.after else self._before
        rank = ranks.get(change.line, -1) if change.line else -1
        return change.cause is Cause.GIT, rank, _ORDER[change.cause], change.subject


_PLAIN = {
    "scheme": Cause.SCHEME,
    "modes": Cause.MODES,
    "platform": Cause.PLATFORM,
    "target": Cause.TARGET,
    "build-arg": Cause.ARGS,
    "build-context": Cause.CONTEXT,
    "secret": Cause.SECRET,
    "label": Cause.LABEL,
}
_TOLD_APART = {"instruction", "reference", "use"}


def _plain(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    """Inputs that act on the whole build. Values of build arguments are private: only that they differ is told."""
    olds, news = _texts_by_name(before), _texts_by_name(after)
    for key in dict.fromkeys((*olds, *news)):
        old, new = olds.get(key), news.get(key)
        if old == new:
            continue
        cause, subject = key
        if cause is Cause.ARGS:
            words = [("", "set", "not set")[(text is not None) + (text == "unset")] for text in (old, new)]
            same = words[0] == words[1]
            yield ImageDifference(cause, subject, words[0], "set to another value" if same else words[1])
        elif cause is Cause.TARGET:
            yield ImageDifference(cause, subject, old or "the last stage", new or "the last stage")
        elif cause is Cause.SECRET:
            yield ImageDifference(cause, subject, "used" if old else "", "used" if new else "")
        else:
            yield ImageDifference(cause, subject, old or "", new or "")


def _texts_by_name(inputs: Contents) -> dict[tuple[Cause, str], str]:
    """The plain inputs' texts, by their kind and their own name; a secret's name is its value. Where platforms differ,
    it is the texts of all."""
    found: dict[tuple[Cause, str], list[str]] = {}
    for item in inputs.fingerprint.inputs:
        kind, _, name = kind_of(item.name)[1].partition(":")
        if kind in _PLAIN:
            cause = _PLAIN[kind]
            found.setdefault((cause, item.text if cause is Cause.SECRET else name or kind), []).append(item.text)
    return {key: ", ".join(dict.fromkeys(texts)) for key, texts in found.items()}


def _instructions(
    before: Sequence[Instruction], after: Sequence[Instruction], pairs: list[_Pair]
) -> Iterator[ImageDifference]:
    for i, j in pairs:
        old = before[i] if i is not None else _NOTHING
        new = after[j] if j is not None else _NOTHING
        if old.canonical == new.canonical:
            continue
        subject = _name(new.canonical or old.canonical)
        line = new.line or old.line
        if old.text == new.text:
            # What a line means may change where its text does not: FROM $BASE.
            yield ImageDifference(Cause.INSTRUCTION, subject, old.canonical, new.canonical, line)
        else:
            yield ImageDifference(
                Cause.INSTRUCTION, subject, old.text or old.canonical, new.text or new.canonical, line
            )


_NOTHING = Instruction("", "", 0)


def _references(before: Sequence[Reference], after: Sequence[Reference]) -> Iterator[ImageDifference]:
    olds, news = ([f"{one.role} {one.text}" for one in side] for side in (before, after))
    for i, j in _pairs(olds, news, lambda text: text.partition(" ")[0]):
        old = before[i] if i is not None else None
        new = after[j] if j is not None else None
        if (old and old.text) != (new and new.text):
            yield _reference(old, new)


def _reference(old: Reference | None, new: Reference | None) -> ImageDifference:
    one = new or old
    assert one is not None  # noqa: S101 -- a pair has at least one side
    cause = Cause.BASE if one.role == "from" else Cause.REFERENCE
    line = 0 if one.role == "syntax" else one.line
    return ImageDifference(cause, one.role, old.text if old else "", new.text if new else "", line)


def _reads(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    """When nothing else shows: the instructions whose selection is another one of the same entries."""
    for old, new in zip_longest(_of_all(before, before.uses, "use"), _of_all(after, after.uses, "use")):
        if old is None or new is None or old.selects != new.selects:
            one = new or old
            digests = [parse_json(use.selects, errors="surrogateescape")[-1] if use else "" for use in (old, new)]
            yield ImageDifference(Cause.READS, one.source, digests[0], digests[1], one.line)


def _others(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    """Inputs of a kind that nothing here knows."""
    olds, news = (dict(_unknown(side)) for side in (before, after))
    for name in dict.fromkeys((*olds, *news)):
        if olds.get(name) != news.get(name):
            yield ImageDifference(Cause.INPUT, name, olds.get(name, ""), news.get(name, ""))


def _unknown(contents: Contents) -> Iterator[tuple[str, str]]:
    for item in contents.fingerprint.inputs:
        kind = kind_of(item.name)[1].partition(":")[0]
        if kind not in _PLAIN and kind not in _TOLD_APART:
            yield item.name, item.text
