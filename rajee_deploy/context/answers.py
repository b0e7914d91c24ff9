"""Answers of earlier runs: the answer to a question about a build context, and what it was derived from.

Owns what a question is, how answers are kept, and that only one whose files had all come to rest is kept at all. A
small file per build context. Must never find anything out itself.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy import __version__
from rajee_deploy.context import cache, witness
from rajee_deploy.context.stamps import all_trusted
from rajee_deploy.model import Digest, Kind, Notice
from rajee_deploy.system.sealed import library_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rajee_deploy.context.digest import Modes
    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.rules import ContextRules
    from rajee_deploy.context.tree import DiskTree
    from rajee_deploy.model import ContextRead

_KEPT = 32  # the latest
Answer = tuple[tuple[Digest, ...], tuple[Notice, ...]]  # of each use, and what the user should know


class Question:
    """Everything but the tree that decides what is found in a build context."""

    def __init__(self, reads: Iterable[ContextRead], rules: ContextRules, modes: Modes) -> None:
        self.reads = tuple(reads)
        self.rules = rules
        self.modes = modes

    @cached_property
    def key(self) -> bytes:
        """A digest of the question, and of the program that answers it."""
        rules = self.rules
        parts = [__version__.encode(), _program(), b"%d" % sys.hexversion, self.modes.value.encode()]
        parts += [b"none" if text is None else b"=" + text for text in (rules.ignore, rules.deployignore)]
        parts += [_bytes(rules.ignore_path), _bytes(rules.deployignore_path)]
        if rules.deployignore is not None:
            parts.append(library_stamp("pathspec"))
        for read in self.reads:
            selector = read.selector
            lists = (selector.include, selector.exclude, selector.required)
            parts += [_bytes(selector.path), *(cache.frame(map(_bytes, names)) for names in lists)]
            parts.append(b"%d %d %d" % (selector.wildcard, selector.follow, read.location.start))
        return sha256(cache.frame(parts)).digest()


class Answers:
    """The answers about one build context, in a file under `directory` (None: there are none and none are kept)."""

    def __init__(self, directory: Path | None, root: str, moment_ns: int) -> None:
        self._path = cache.file_for(directory, root, "answers") if directory is not None else None
        self._root = root
        self._moment = moment_ns
        self._new: dict[bytes, bytes] = {}

    @cached_property
    def _old(self) -> dict[bytes, bytes]:
        """Kept answers by the keys of their questions."""
        parts = cache.load(self._path, self._root) if self._path is not None else None
        return dict(zip(parts[::2], parts[1::2], strict=False)) if parts else {}

    def recall(self, disk: DiskTree, question: Question) -> Answer | None:
        """The answer to a question, when all that it was derived from is unchanged."""
        kept = self._old.get(question.key) if self._path is not None else None
        if kept is None:
            return None
        try:
            digests, notices, looked = cache.unframe(kept)
            answer = _read_digests(digests), tuple(map(_read_notice, cache.unframe(notices)))
            return answer if witness.holds(disk, witness.decode(looked), question.modes) else None
        except (cache.DamagedError, ValueError):
            return None

    def learn(
        self, disk: DiskTree, question: Question, seen: tuple[DigestedSelection, witness.Watched], answer: Answer
    ) -> None:
        """Keep an answer, unless a file was written to just before it was read, or something could not be seen."""
        found, watched = seen
        hidden = any(selected.entry.kind is Kind.FILE for selected, _ in found.others.values())
        if self._path is None or disk.failed or hidden:
            return
        if all(all_trusted(batch.stamps, self._moment) for batch in found.batches.values()):
            digests, notices = answer
            looked = witness.encode(witness.witness(disk, watched, found))
            self._new[question.key] = cache.frame(
                [b"".join(bytes.fromhex(each.hex) for each in digests), cache.frame(map(_notice, notices)), looked]
            )

    def save(self) -> None:
        """Write the file, the latest answers first, if there is anything new."""
        if self._path is not None and self._new:
            pairs = list({**self._new, **self._old, **self._new}.items())[:_KEPT]
            cache.save(self._path, self._root, [part for pair in pairs for part in pair])

    def forget(self) -> None:
        """Remove the file."""
        if self._path is not None:
            cache.remove(self._path)


def _program() -> bytes:
    """What shows that the modules that find answers are the same: an editable install keeps its version."""
    here = __file__.rpartition("/")[0]
    names = sorted(name for name in os.listdir(here) if name.endswith(".py"))  # noqa: PTH208 -- on every start
    statuses = [os.stat(f"{here}/{name}") for name in names]  # noqa: PTH116 -- on every start
    return repr([names, [(status.st_size, status.st_mtime_ns) for status in statuses]]).encode()


def _read_digests(data: bytes) -> tuple[Digest, ...]:
    return tuple(Digest("sha256", data[at : at + 32].hex()) for at in range(0, len(data), 32))


def _notice(notice: Notice) -> bytes:
    return cache.frame([_bytes(notice.code), _bytes(notice.message), b"%d" % notice.line])


def _read_notice(data: bytes) -> Notice:
    code, message, line = cache.unframe(data)
    return Notice(code.decode(), os.fsdecode(message), int(line))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
