"""Sources that the engine fetches for ADD: which of them can change unnoticed, and the text that pins them.

A URL is pinned by `--checksum`, a git repository by a commit. What the file does not pin, a lock may: then the text
that is built says it, while the text that is hashed stays the user's own, with what is locked beside it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rajee_deploy.dockerfile.references import is_git
from rajee_deploy.model import Notice, Reference, RemoteSource, is_local_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.dockerfile.instructions import Transfer
    from rajee_deploy.dockerfile.scope import Expanded
    from rajee_deploy.model import LockedImage, Recipe

ADD = "add"
_KEYWORD = re.compile(r"[\t\f\r ]*ADD(?=[\t\f\r ])", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # what BuildKit takes for a commit (util/gitutil)
_LINE = re.compile(r"[!-~]+")  # what a line of the lock can name


class Remotes:
    """The remote sources of one Dockerfile. `locked` is what a lock says, by the source's text."""

    def __init__(self, text: bytes, locked: Mapping[str, LockedImage]) -> None:
        self._lines = _lines(text)
        self._locked = locked

    def reference(
        self, transfer: Transfer, written: str, source: Expanded, *, has_checksum: bool
    ) -> tuple[Reference, Notice | None]:
        """One remote source of an ADD, and what to know where it is not pinned. `has_checksum`: for certain, after
        expansion; BuildKit takes an empty one for none."""
        line, text = transfer.lines.start, written if source.by_engine else source.text or written
        if has_checksum or (is_git(text) and _COMMIT.fullmatch(_ref(text))):
            return Reference(ADD, text, line), None
        empty = "its --checksum expands to nothing" if transfer.flags.text("checksum") else ""
        obstacle = _decided_elsewhere(source) or empty or self._obstacle(transfer, written, text)
        known = self._locked.get(text) if not obstacle else None
        if known is not None:
            return Reference(ADD, f"{text}@{known.digest}", line, text, locked=known.digest), None
        # As it is written: a variable in it may stand for what no log should have.
        return Reference(ADD, text, line, "" if obstacle else text), unpinned_notice(text, line, obstacle, written)

    def _obstacle(self, transfer: Transfer, written: str, text: str) -> str:
        """Why a lock cannot pin the source; "" when it can."""
        if unfit := _unfit(written, text):
            return unfit
        if not _KEYWORD.match(self._lines[transfer.lines.start - 1]):
            return "it comes by ONBUILD"
        if not is_git(text):
            return "" if len(transfer.sources) + len(transfer.inline) == 1 else "give it an ADD of its own, to lock it"
        if "?" in text:
            return "name the commit in the address"
        instruction = "\n".join(self._lines[transfer.lines.start - 1 : transfer.lines.end])
        # In the source itself: a comment between the lines, or the destination, may say the address too.
        is_literal = text in written and instruction.count(text) == 1
        return "" if is_literal else "write its address once and without variables, to lock it"


def _unfit(written: str, text: str) -> str:
    """Why no line of a lock may say an address; "" when one may."""
    if _has_login(text):
        return "nothing locks an address with a login"
    parts = _split(text)
    if parts is None and "://" in text:
        return "its address is malformed"
    if parts is not None and parts.query and "$" in written:
        return "nothing locks an address with a variable behind its `?`, which may be a token"
    if is_local_context(text):
        return "write its address as ssh://…, to lock it"
    return "" if _LINE.fullmatch(text) else "its address is not plain ASCII"


def unpinned_notice(text: str, line: int, obstacle: str, shown: str = "") -> Notice:
    """The notice about a source that is fetched as it is on the day of the build; `shown` is how people may see it."""
    how = "a commit (#…)" if is_git(text) else "a checksum (--checksum=sha256:…)"
    remedy = obstacle or "rajee-deploy lock pins it"
    return Notice(
        "remote-unpinned",
        f"{without_login(shown or text)} is fetched without {how}: what it holds may change unnoticed; {remedy}",
        line,
    )


def of_context(text: str, line: int) -> Notice | None:
    """The notice about a named build context that the engine fetches (git or a URL); None where it cannot change."""
    if text.startswith("oci-layout://") or (is_git(text) and _COMMIT.fullmatch(_ref(text))):
        return None
    return unpinned_notice(text, line, "name a commit" if is_git(text) else "fetch it before, and name the directory")


def pinned_text(text: bytes, references: Iterable[Reference]) -> bytes:
    """The Dockerfile with what is locked of its remote sources; as it is where nothing is. Lines keep their numbers."""
    chosen = [one for one in references if one.role == ADD and one.locked is not None]
    if not chosen:
        return text
    lines = _lines(text)
    for one in dict.fromkeys(chosen):
        at = one.line - 1
        if is_git(one.key):
            while one.key not in lines[at]:
                at += 1
            lines[at] = lines[at].replace(one.key, _at_commit(one.key, one.locked.hex if one.locked else ""))
        else:
            lines[at] = _KEYWORD.sub(rf"\g<0> --checksum={one.locked}", lines[at], count=1)
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def alike(recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes of several platforms, in which nothing is locked that differs by platform: they share one text."""
    texts: dict[int, set[str]] = {}
    for one in (one for recipe in recipes for one in recipe.references if one.role == ADD):
        texts.setdefault(one.line, set()).add(one.key or one.text)
    return [_without(recipe, {line for line, found in texts.items() if len(found) > 1}) for recipe in recipes]


def without_login(text: str) -> str:
    """An address without the user's name and password."""
    parts = _split(text)
    if parts is None and "://" in text:
        scheme, _, rest = text.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    if parts is None or "@" not in parts.netloc:
        return text
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def remote_of(text: str) -> RemoteSource:
    """What a remote source names, as the lock has it."""
    if not is_git(text):
        return RemoteSource(text, None, without_login(text))
    repository, ref, _ = _split_git(text)
    return RemoteSource(repository, ref or "HEAD", without_login(text))


def _split_git(text: str) -> tuple[str, str, str]:
    """A git source as (repository, reference, directory): `https://h/r.git#v1:sub`; "" for what is not said."""
    repository, _, fragment = text.partition("#")
    ref, _, directory = fragment.partition(":")
    return repository, ref, directory


def _without(recipe: Recipe, lines: set[int]) -> Recipe:
    if not any(one.role == ADD and one.line in lines for one in recipe.references):
        return recipe
    references, notices = [], []
    for one in recipe.references:
        if one.role == ADD and one.line in lines and one.key:
            references.append(Reference(ADD, one.key, one.line))
            notices.append(unpinned_notice(one.key, one.line, "nothing locks what differs by platform"))
        else:
            references.append(one)
    told = {notice.line for notice in notices}
    kept = (each for each in recipe.notices if each.code != "remote-unpinned" or each.line not in told)
    return replace(recipe, references=tuple(references), notices=(*kept, *notices))


def _decided_elsewhere(source: Expanded) -> str:
    if source.by_engine:
        return "the machine that builds decides its address"
    return "it depends on a base image" if source.unknown else ""


def _has_login(text: str) -> bool:
    """Whether an address carries what nobody else may know. A user of HTTP may be a token; one of ssh is a name."""
    parts = _split(text)
    if parts is None:
        return "://" in text and "@" in text
    is_user = parts.scheme in ("http", "https") and parts.username is not None
    return is_user or parts.password is not None


def _split(text: str) -> SplitResult | None:
    """The parts of an address; None for what is none, or is one that nobody can take apart (`http://[`)."""
    try:
        return urlsplit(text) if "://" in text else None
    except ValueError:
        return None


def _ref(text: str) -> str:
    return _split_git(text)[1]


def _at_commit(text: str, commit: str) -> str:
    repository, _, directory = _split_git(text)
    return f"{repository}#{commit}{directory and ':' + directory}"


def _lines(text: bytes) -> list[str]:
    return text.decode("utf-8", "surrogateescape").split("\n")
