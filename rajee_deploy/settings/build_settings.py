"""The settings of how images are built: which engine, where, and what a build is handed. Parsed once, values only.

Nothing in here decides what is in an image, so nothing of it is an input of the fingerprint. Whether a secret's source
exists is asked when a build needs it, not here: a `plan` works without any, and tells which are missing.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.settings.engine_kinds import EngineKind, parse_kind
from rajee_deploy.settings.problems import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Two: while one image compiles, the next one's build context is sent or its layers are pushed. More of them would
# compete for the same cores and the same uplink, since one build already runs its stages at the same time.
DEFAULT_CONCURRENCY = 2
MOST_CONCURRENT = 32


class Provenance(Enum):
    """The attestation of how an image was built. NONE keeps an image of one platform a plain manifest."""

    NONE = "false"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where builds happen. `builder` is a buildx builder's name; `concurrency` how many images build at a time."""

    kind: EngineKind = EngineKind.AUTO
    builder: str | None = None
    concurrency: int = DEFAULT_CONCURRENCY


@dataclass(frozen=True, slots=True)
class Secret:
    """A build secret by its id: the name of an environment variable, or the path of a file, never the value."""

    id: str
    variable: str = ""
    path: str = ""

    @classmethod
    def parse(cls, name: str, source: str, root: Path) -> Secret:
        """Read `env:NAME` or `file:path` (relative to `root`); ValueError says what is wrong."""
        if not re.fullmatch(r"[A-Za-z0-9_./-]+", name):
            raise ValueError("a secret's id has letters, digits, '.', '_', '/' and '-' only")
        kind, _, where = source.partition(":")
        if kind == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", where):
            return cls(name, variable=where)
        if kind == "file" and where and "," not in str(root / where):
            return cls(name, path=str(root / where))
        raise ValueError("must be 'env:NAME' or 'file:path': where the value is, never the value itself")


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What one image's build is handed besides its inputs. `builder` is the one that is set for all: docker has its own
    proxies for each engine."""

    secrets: tuple[Secret, ...] = ()
    ssh: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    provenance: Provenance = Provenance.NONE
    builder: str | None = None


def parse_engine(table: Mapping[str, Any]) -> EngineSettings:
    """The engine's keys of the top table with an environment's laid over them. SettingError."""
    kind = parse_kind(table.get("engine", EngineKind.AUTO.value))
    concurrency = table.get("build-concurrency", DEFAULT_CONCURRENCY)
    if not 1 <= concurrency <= MOST_CONCURRENT:
        raise SettingError("build-concurrency", f"must be from 1 to {MOST_CONCURRENT}")
    builder = table.get("builder")
    if builder is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", builder):
        raise SettingError("builder", "must be the name of a buildx builder (docker buildx ls)")
    if builder is not None and kind is EngineKind.BUILDAH:
        raise SettingError("builder", "names a builder of buildx, but the engine is buildah")
    return EngineSettings(kind, builder, concurrency)


def parse_build(table: Mapping[str, Any], root: Path) -> BuildSettings:
    """The build keys of one image's table. SettingError."""
    secrets = []
    for name, source in sorted(table.get("secrets", {}).items()):
        try:
            secrets.append(Secret.parse(name, source, root))
        except ValueError as error:
            raise SettingError(f"secrets.{name}", str(error)) from error
    return BuildSettings(
        tuple(secrets),
        tuple(table.get("ssh", ())),
        tuple(table.get("cache-from", ())),
        tuple(table.get("cache-to", ())),
        _provenance(table.get("provenance")),
    )


def _provenance(given: object) -> Provenance:
    try:
        return Provenance(given or "false")
    except ValueError as error:
        raise SettingError("provenance", "must be false, 'min' or 'max'") from error
