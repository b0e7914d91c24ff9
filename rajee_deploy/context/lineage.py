"""The name under which an engine remembers the build contexts of one image: never one that could mislead it.

An engine (BuildKit) keeps the last context of a directory name and asks again only for files whose size, mode or time
moved, so that an edit in a large context is a small transfer. It believes what it kept; these are the ways in which
that has been seen to go wrong, and why none of them can happen under a name of ours:

- *Somebody else's tree under the name.* A name is made of random bytes that lie in this user's cache, in a file for one
  image of one checkout, target and repository. Who builds takes the file away and lays it back, so no two builds use a
  name at a time, and of two builds at once one gets a new name.
- *A directory whose mode or attributes moved*, and nothing else: the engine changes its copy and keeps the old digest,
  so the build is CACHED with the old mode. Therefore a name says what its directories are like: how most of them are,
  and each one that differs. Under one name, no directory ever changes. It is said of all contexts of the build: older
  buildx keeps the named ones under the main one's name.
- *An empty context*: the engine has nothing to digest but the mode of its own directory, and puts that into every later
  digest of the name. So which contexts are empty is in the name.
- *Other bytes, but the same size and time.* Times are made of the bytes: 48 bits, of which the nanoseconds (30 bits)
  are a digest with a key that only this name has. By accident two versions of a file meet once in 2**48; by design
  nobody can make them meet who does not know the key, as an author of a pull request whose first commit is built
  could, and image layers, which hold whole seconds, are the same for everybody. Where the file system cuts times off,
  nothing is shared (see `stage`). The Dockerfile beside the context is kept by the same name, and gets such a time too.
- *An engine that was killed, or a machine that lost its power, in the midst of a transfer*: files are new, digests old,
  and the next build takes the digests' image. So a name is laid back only when the engine has ended all transfers in
  order, and holds until the machine is started again (where nothing tells that, as on macOS, none is laid back).

All else moves the type, size, mode, link text or time of an entry, or its path, which the engine sees. Compared are
BuildKit's source/local, cache/contenthash and fsutil's diff and diskwriter, 0.12 to now; the tests of this room do all
of it to real engines. A name that is not laid back costs one whole transfer; its copy goes with the engine's own
garbage collection of local sources. buildah keeps nothing by name.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import Counter
from contextlib import contextmanager, suppress
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.context import cache
from rajee_deploy.context.digest import Modes, header
from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.context.digest import SelectedEntry

EPOCH_NS = 315_619_200 * 1_000_000_000  # 1980-01-02: what zip files can still say in every time zone
_SECOND_NS = 1_000_000_000
_SPREAD_HEX = 12  # 48 bits of nanoseconds: three days
_PUBLIC_HEX = 16
_SHAPE_HEX = 12
_TOKEN = re.compile(r"[0-9a-f]{64}")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_USUAL = f"sha256:{sha256(header(Kind.DIRECTORY, Modes.GIT.apply(Kind.DIRECTORY, 0))).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Name:
    """A directory's name for the engine, and the key of the times of what is in it."""

    text: str
    key: bytes

    def time_ns(self, digest: str) -> int:
        """The modification time for what has this digest (hex, of at least 12 digits).

        A fixed day plus seconds that are the same for the same bytes everywhere, and nanoseconds that only this name
        has. Without a key the nanoseconds are everybody's too.
        """
        spread = int(digest[:_SPREAD_HEX], 16)
        if self.key:
            keyed = int.from_bytes(blake2b(digest.encode(), key=self.key, digest_size=8).digest(), "big")
            spread += keyed % _SECOND_NS - spread % _SECOND_NS
        return EPOCH_NS + spread


def new_name() -> Name:
    """A name that no engine knows: everything is transferred."""
    return Name(f"rajee-deploy-context-{secrets.token_hex(_PUBLIC_HEX)}", b"")


class Lineage:
    """The builds that share what the engine keeps. `lend` before the engine is asked, `keep` when it may be again."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.is_kept = True

    def name(self, contexts: Mapping[str, Sequence[SelectedEntry]]) -> Name:
        """The name for all contexts of one build, given their entries by context name."""
        shape = sha256(_shape(contexts)).hexdigest()[:_SHAPE_HEX]
        return Name(f"rajee-deploy-context-{self.token[:_PUBLIC_HEX]}-{shape}", bytes.fromhex(self.token[_PUBLIC_HEX:]))

    def lend(self) -> None:
        """From now on the engine may be in the midst of something."""
        self.is_kept = False

    def keep(self) -> None:
        """The engine has all it asked for, or ended in order what it had begun."""
        self.is_kept = True


@contextmanager
def lineage(directory: Path | None, owner: str) -> Iterator[Lineage]:
    """The lineage of `owner` (any text), taken from `directory` and laid back if it is kept.

    Without a directory, where it cannot be written, or where another build has it: a new one. Never fails.
    """
    if directory is None:
        yield Lineage(secrets.token_hex(32))
        return
    path = cache.file_for(directory, owner, "engine")
    line = Lineage(_take(path, owner) or secrets.token_hex(32))
    try:
        yield line
    finally:
        if line.is_kept and _boot():
            cache.save(path, owner, [line.token.encode(), _boot()])


def _take(path: Path, owner: str) -> str:
    """The token, for us alone: of all who rename a file one succeeds. "" when there is none that holds."""
    own = path.with_name(f"{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        path.rename(own)
    except OSError:
        return ""
    parts = cache.load(own, owner)
    try:
        own.unlink()
    except OSError:
        return ""
    match parts:
        case [token, boot] if boot == _boot() and _TOKEN.fullmatch(token.decode("ascii", "replace")):
            return token.decode("ascii")
        case _:
            return ""


def _boot() -> bytes:
    """What names this start of the machine; empty where nothing does."""
    with suppress(OSError):
        return _BOOT.read_bytes().strip()
    return b""


def _shape(contexts: Mapping[str, Sequence[SelectedEntry]]) -> bytes:
    """What the engine would not notice: of each context whether it is empty, and how its directories are.

    Two builds of one shape that both have a directory have it with the same record. A new directory like most others
    moves nothing.
    """
    told = []
    for name, entries in sorted(contexts.items()):
        directories = [(one.entry.path, one.record) for one in entries if one.entry.kind is Kind.DIRECTORY]
        counts = Counter(record for _, record in directories)
        most = min(counts, key=lambda record: (-counts[record], record), default=_USUAL)
        told.append([name, not entries, most, sorted(each for each in directories if each[1] != most)])
    return json.dumps(told).encode()
