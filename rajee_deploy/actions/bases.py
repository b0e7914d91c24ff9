"""The base images of builds, and what the lock says of them: completed, moved, checked, reported.

It knows the order of things: what the Dockerfiles name, what the lock has, what the registries say. Must never decide
whether an image is built: a base that moved in its registry changes nothing until somebody moves the lock.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rajee_deploy import lock as locks
from rajee_deploy.console.rows import Row
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import image_of, remote_of
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.image.inputs import read_recipe
from rajee_deploy.lock import Lock, LockLine
from rajee_deploy.model import BUILD_PLATFORM, MACHINES, is_local_context
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.console import Console
    from rajee_deploy.model import Digest, LockedImage, Recipe, Reference
    from rajee_deploy.model.repository import ImageName
    from rajee_deploy.registry import ImageSource
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One line that a lock must have. `platform` is "" where only the digest matters, BUILD_PLATFORM for a line of any
    machine that may build: which of them there are only the registry knows."""

    reference: str
    platform: str = ""

    def __str__(self) -> str:
        return f"{self.reference} ({self.platform})" if self.platform else self.reference


@dataclass(frozen=True, slots=True)
class LockScope:
    """What a lock file is for: the images that are asked about, and all whose lines must stay."""

    path: Path
    images: Sequence[ImageSettings]
    everything: Sequence[ImageSettings] | None  # None: not known, so every line stays


@dataclass(frozen=True, slots=True)
class LockChange:
    """What became of a reference: `before` is None for a new one, `after` for one that nobody needs any more."""

    reference: str
    before: Digest | None
    after: Digest | None


@dataclass(frozen=True, slots=True)
class Base:
    """A reference against its registry. `state` is unchanged, moved, not-locked or unknown (`why` says the reason)."""

    reference: str
    state: str
    locked: Digest | None = None
    now: Digest | None = None
    why: str = ""


# -- what is needed ------------------------------------------------------------------------------------------------


def needs(recipes: Iterable[Recipe]) -> frozenset[Need]:
    """What a lock must have for these Dockerfiles. Of a reference that is pinned in the file, only a base counts."""
    references = [one for recipe in recipes for one in recipe.references if one.key]
    found = {Need(one.key, one.platform) for one in references if one.platform or is_floating(one.key)}
    described = {need.reference for need in found if need.platform}
    return frozenset(need for need in found if need.platform or need.reference not in described)


def is_floating(reference: str) -> bool:
    """Whether what a reference names may change; an image that is pinned names its digest."""
    return "@" not in reference or _is_remote(reference)


def _is_remote(reference: str) -> bool:
    """Whether a line of the lock is about something that ADD fetches."""
    return not is_local_context(reference)


def missing(lock: Lock, wanted: Iterable[Need]) -> list[Need]:
    """What the lock lacks, in order."""
    images = lock.images
    return sorted(
        need for need in wanted if need.reference not in images or not _has(images[need.reference], need.platform)
    )


def _has(image: LockedImage, platform: str) -> bool:
    return not platform or any(each in image.configs for each in _platforms(platform))


def _platforms(platform: str) -> tuple[str, ...]:
    """The platforms of lines that may stand for a need."""
    return MACHINES if platform == BUILD_PLATFORM else (platform,)


def extra(lock: Lock, wanted: Iterable[Need]) -> list[Need]:
    """What the lock has for nobody, in order."""
    have = {Need(entry.reference, entry.platform) for entry in lock.entries}
    return sorted(have - {replace(need, platform=each) for need in wanted for each in _platforms(need.platform)})


def check(scope: LockScope) -> int:
    """Compare the lock with the Dockerfiles, offline; returns how many references are locked. DeployError `lock-stale`
    with all that is missing or too much."""
    lock = locks.read(scope.path)
    lines = [f"missing: {need}" for need in missing(lock, _needs(scope.images, lock))]
    if scope.everything is not None:
        lines += [f"not needed any more: {need}" for need in extra(lock, _needs(scope.everything, lock))]
    if lines:
        raise DeployError(
            "lock-stale",
            "the lock does not fit the Dockerfiles",
            where=scope.path.name,
            cause="\n".join(lines),
            hint="rajee-deploy lock, and commit what it writes",
        )
    return len(lock.images)


def unlocked_sources(scope: LockScope) -> dict[str, list[str]]:
    """By image, what its build takes from elsewhere that no lock is needed for, each with the reason."""
    lock = locks.read(scope.path)
    return {image.name: _unlocked_of(read_recipe(image, lock.images), lock) for image in scope.images}


def _unlocked_of(recipe: Recipe, lock: Lock) -> list[str]:
    found = [one for one in recipe.references if one.key not in lock.images]
    return list(dict.fromkeys(f"{one.text} ({_why_unlocked(one)})" for one in found))


def _why_unlocked(reference: Reference) -> str:
    if reference.context:
        return "the named build context stands for it"
    return "it is pinned by its digest" if reference.key else "a lock cannot have it"


def _needs(images: Iterable[ImageSettings], lock: Lock) -> frozenset[Need]:
    return needs(read_recipe(image, lock.images) for image in images)


# -- completed and moved -------------------------------------------------------------------------------------------


def update(
    scope: LockScope, source: ImageSource, moving: Collection[str] | None, today: str
) -> tuple[list[LockChange], int]:
    """Complete the lock, take out what nobody needs, and write it; returns what changed, and how many are locked.

    `moving` are the references that get the digest that their registry has now (None: all). Nothing is written when
    one of them cannot be read. `today` is a day like 2026-11-25.
    """
    before = locks.read(scope.path)
    _check_known(moving or (), _needs(scope.images, before))
    after = _complete(before, scope, source, moving, today)
    if scope.everything is not None:
        surplus = set(extra(after, _needs(scope.everything, after)))
        after = Lock(tuple(each for each in after.entries if Need(each.reference, each.platform) not in surplus))
    if after.entries or before.entries:
        locks.write(scope.path, after)
    return list(_changes(before.images, after.images)), len(after.images)


def _complete(lock: Lock, scope: LockScope, source: ImageSource, moving: Collection[str] | None, today: str) -> Lock:
    moved: set[str] = set()
    while True:  # in rounds: what a base does by ONBUILD may name images of its own
        wanted = _needs(scope.images, lock)
        floating = {need.reference for need in wanted if is_floating(need.reference)}
        due = (floating if moving is None else floating & set(moving)) - moved
        lacking = {need.reference for need in missing(lock, wanted)} - due
        if not due and not lacking:
            return lock
        for reference in sorted(due | lacking):
            if _is_remote(reference):
                lock = _with_remote(lock, reference, source, today)
                continue
            known = None if reference in due else lock.images.get(reference)
            image = image_of(reference)
            # A further platform of a locked image is one of the same digest, wherever its tag is by now.
            image = replace(image, digest=str(known.digest)) if known is not None else image
            lock = _with_reference(lock, reference, source, image, wanted, today)
        moved |= due | lacking


def _with_reference(
    lock: Lock, reference: str, source: ImageSource, image: ImageName, wanted: Iterable[Need], today: str
) -> Lock:
    old = [entry for entry in lock.entries if entry.reference == reference]
    platforms = {entry.platform for entry in old} | {need.platform for need in wanted if need.reference == reference}
    machines = MACHINES if BUILD_PLATFORM in platforms else ()
    found = source.describe(image, sorted(platforms - {"", BUILD_PLATFORM}), machines)
    date = max(entry.date for entry in old) if old and old[0].digest == found.digest else today
    new = [LockLine(reference, found.digest, date, platform, config) for platform, config in found.configs.items()]
    others = (entry for entry in lock.entries if entry.reference != reference)
    return Lock((*others, *(new or [LockLine(reference, found.digest, date)])))


def _with_remote(lock: Lock, reference: str, source: ImageSource, today: str) -> Lock:
    digest, known = source.find_remote(remote_of(reference)), lock.images.get(reference)
    if known is not None and known.digest == digest:
        return lock
    others = (entry for entry in lock.entries if entry.reference != reference)
    return Lock((*others, LockLine(reference, digest, today)))


def _check_known(moving: Collection[str], wanted: Collection[Need]) -> None:
    known = sorted({need.reference for need in wanted})
    for reference in moving:
        if reference in known and is_floating(reference):
            continue
        near = get_close_matches(reference, known, 1)
        pinned = "it is pinned in the Dockerfile: move it there"
        hint = (
            pinned
            if reference in known
            else f"did you mean {near[0]}?"
            if near
            else "known: " + (", ".join(known) or "none")
        )
        raise ConfigurationError("unknown-base", f"there is no floating reference {reference!r} to move", hint=hint)


def _changes(before: Mapping[str, LockedImage], after: Mapping[str, LockedImage]) -> Iterator[LockChange]:
    for reference in sorted({*before, *after}):
        old, new = before.get(reference), after.get(reference)
        if old != new:
            yield LockChange(reference, old.digest if old else None, new.digest if new else None)


# -- reported -------------------------------------------------------------------------------------------------------


def compare(recipes: Iterable[Recipe], lock: Lock, source: ImageSource) -> list[Base]:
    """Every floating reference of the Dockerfiles against its registry."""
    floating = sorted({need.reference for need in needs(recipes) if is_floating(need.reference)})
    return [_compare(reference, lock.images.get(reference), source) for reference in floating]


def _compare(reference: str, locked: LockedImage | None, source: ImageSource) -> Base:
    try:
        is_remote = _is_remote(reference)
        now = source.find_remote(remote_of(reference)) if is_remote else source.find_digest(image_of(reference))
    except DeployError as error:
        # It is a report, on which nothing depends: one registry that does not answer is said and passed over.
        return Base(reference, "unknown", locked.digest if locked else None, why=f"{error.problem} [{error.code}]")
    if locked is None:
        return Base(reference, "not-locked", now=now)
    return Base(reference, "unchanged" if now == locked.digest else "moved", locked.digest, now)


def warn_of_bases(console: Console, bases: Iterable[Base]) -> None:
    """Those that are not locked."""
    for base in bases:
        if base.state == "not-locked":
            console.warn(f"base {base.reference}", f"not locked; it names {base.now}; rajee-deploy lock")


def show_bases(console: Console, bases: Iterable[Base]) -> None:
    """A line for each but those that are not locked: see warn_of_bases."""
    rows = [_row(base) for base in bases if base.state != "not-locked"]
    if rows:
        console.blank()
        console.rows(rows)


def _row(base: Base) -> Row:
    match base.state:
        case "moved":
            upgrade = f"rajee-deploy lock --upgrade {base.reference}"
            return Row("~", "", base.reference, f"now names {short(str(base.now))}", upgrade)
        case "unknown":
            return Row("?", "", base.reference, f"could not be compared: {base.why}")
        case _:
            return Row("=", "", base.reference, f"still names {short(str(base.locked))}")


def age(path: Path) -> Iterator[str]:
    """How old the lock is, where there is one, in a line. Reads the file alone."""
    from datetime import UTC, date, datetime

    lock = locks.read(path)
    if lock.entries:
        days = max(0, (datetime.now(UTC).date() - date.fromisoformat(lock.oldest)).days)
        ago = "today" if not days else f"{days} day{'s' if days > 1 else ''} ago"
        count = len(lock.images)
        said = f"one base, locked {ago}" if count == 1 else f"{count} bases, the oldest locked {ago}"
        yield f"{path.name}: {said}"
