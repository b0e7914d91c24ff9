"""The lock file's text. Pure: text in, values out, and back.

    # rajee-deploy.lock/1: written by `rajee-deploy lock`; commit it
    busybox:1.37 sha256:… 2026-11-25 linux/amd64 {"ENV":{"PATH":"/bin"}}
    docker/dockerfile:1 sha256:… 2026-11-25 -
    https://example.com/tool.tar.gz sha256:… 2026-11-25 -
    https://example.com/team/tool.git#v1 git:… 2026-11-25 -

One line for each reference and platform, so that two branches that lock different images merge by themselves: the
reference as docker shows it, the digest that it stands for (an index's, where there is one), the day it got that
digest, the platform, and the ENV and ONBUILD that the image has for it. `-` stands where only the digest matters. What
ADD fetches is named by its address, and stands for the sha256 of a file, or a commit.
Nothing here is believed half: a line that is not exactly of this form is an error that names it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import BaseConfig, Digest, LockedImage, is_local_context
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEADER = "# rajee-deploy.lock/1: written by `rajee-deploy lock`; commit it"
_HEADER = r"# rajee-deploy\.lock/(\d+)(:.*)?"
_LINE = re.compile(
    r"(?P<reference>[!-~]+) (?P<digest>sha256:[0-9a-f]{64}|git:(?:[0-9a-f]{40}|[0-9a-f]{64})) (?P<date>\d{4}-\d\d-\d\d)"
    r" (?:-|(?P<platform>[a-z0-9_.-]+(?:/[a-z0-9_.-]+){1,2}) (?P<config>\{.*\}))",
    re.ASCII,
)
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True)
class LockLine:
    """One line. `date` is a day like 2026-11-25; `platform` is "" and `config` None where only the digest matters."""

    reference: str
    digest: Digest
    date: str
    platform: str = ""
    config: BaseConfig | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """All entries: at most one for each reference and platform, all of one reference with the same digest."""

    entries: tuple[LockLine, ...] = ()

    @property
    def images(self) -> Mapping[str, LockedImage]:
        """What is locked, by reference."""
        digests = {entry.reference: entry.digest for entry in self.entries}
        configs: dict[str, dict[str, BaseConfig]] = {reference: {} for reference in digests}
        for entry in self.entries:
            if entry.config is not None:
                configs[entry.reference][entry.platform] = entry.config
        return {reference: LockedImage(digest, configs[reference]) for reference, digest in digests.items()}

    @property
    def oldest(self) -> str:
        """The day of the entry that did not move for longest; "" without any."""
        return min((entry.date for entry in self.entries), default="")


def encode(lock: Lock) -> str:
    """The file's text, in an order that depends on nothing but the entries."""
    entries = sorted(lock.entries, key=lambda entry: (entry.reference, entry.platform))
    return "".join(f"{line}\n" for line in (HEADER, *map(_line, entries)))


def parse(text: str, path: str) -> Lock:
    """Read a lock file's text, `path` being how the user names the file. ConfigurationError `lock-malformed` (where:
    `path:line`) for whatever is not of its form."""
    first, *lines = text.removeprefix("\ufeff").split("\n")
    _check_header(first.removesuffix("\r"), path)
    found: dict[tuple[str, str], LockLine] = {}
    digests: dict[str, Digest] = {}
    for number, line in enumerate((line.removesuffix("\r") for line in lines), 2):
        if not line:
            continue
        entry = _entry(line, f"{path}:{number}")
        digest = digests.setdefault(entry.reference, entry.digest)
        # Two branches that locked the same image on the same day leave the same line twice: no contradiction.
        known = found.setdefault((entry.reference, entry.platform), entry)
        if digest != entry.digest or known.config != entry.config:
            raise _malformed_error(f"{path}:{number}", f"{entry.reference} is locked to something else above")
    return Lock(tuple(found.values()))


def _check_header(line: str, path: str) -> None:
    found = re.fullmatch(_HEADER, line)
    if found is None:
        raise _malformed_error(f"{path}:1", "the first line is not that of a lock file")
    if found[1] != "1":
        raise ConfigurationError(
            "lock-version",
            f"the lock file is of version {found[1]}, and this rajee-deploy reads version 1",
            where=f"{path}:1",
            hint="update rajee-deploy",
        )


def _line(entry: LockLine) -> str:
    start = f"{entry.reference} {entry.digest} {entry.date}"
    if entry.config is None:
        return f"{start} -"
    document: dict[str, Any] = {}
    if entry.config.env:
        document["ENV"] = dict(entry.config.env)
    if entry.config.onbuild:
        document["ONBUILD"] = list(entry.config.onbuild)
    return f"{start} {entry.platform} {json.dumps(document, separators=(',', ':'))}"


def _entry(line: str, where: str) -> LockLine:
    found = _LINE.fullmatch(line)
    if found is None:
        problem = "a merge was not finished" if line.startswith(_CONFLICT) else "the line is not of the lock's form"
        raise _malformed_error(where, problem)
    pinned = found["reference"].partition("@")[2] if is_local_context(found["reference"]) else ""
    if pinned and pinned != found["digest"]:
        raise _malformed_error(where, "the reference names another digest than the one it is locked to")
    try:
        date.fromisoformat(found["date"])
    except ValueError as error:
        raise _malformed_error(where, f"{found['date']} is no day") from error
    config = _config(found["config"], where) if found["platform"] else None
    return LockLine(
        found["reference"], Digest(*found["digest"].split(":")), found["date"], found["platform"] or "", config
    )


def _config(text: str, where: str) -> BaseConfig:
    try:
        document = parse_json(text, pairs=_once)
    except ValueError as error:
        raise _malformed_error(where, f"the last column is no JSON object: {error}") from error
    env, onbuild = document.pop("ENV", {}), document.pop("ONBUILD", [])
    if document or not isinstance(env, dict) or not isinstance(onbuild, list) or not _texts([*env.values(), *onbuild]):
        raise _malformed_error(
            where, 'the last column holds "ENV" (texts by name) and "ONBUILD" (an array of texts), no more'
        )
    return BaseConfig(tuple(env.items()), tuple(onbuild))


def _texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice")
    return document


def _malformed_error(where: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        "lock-malformed",
        problem,
        where=where,
        hint="take the line out (both sides, of a merge) and run rajee-deploy lock, or restore the file",
    )
