"""Which checks there are, and that all of them are made: at a time, each within its bound, and none hides another.

It knows the order in which they are shown: a new check is a function in the module of its subject, a line in `examine`,
and the name of each of its findings in `ORDER`. Must never decide what is well: `judgements` does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from rajee_deploy.actions.doctor.app import check_cli, check_version_reporting
from rajee_deploy.actions.doctor.cloud import check_cloud
from rajee_deploy.actions.doctor.findings import Finding, Health, of_error, unknown
from rajee_deploy.actions.doctor.images import check_images
from rajee_deploy.actions.doctor.machine import (
    check_directories,
    check_disk,
    check_engine,
    check_image_store,
    check_node,
    check_strace,
)
from rajee_deploy.actions.doctor.rows import Examined
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rajee_deploy.actions.doctor.cloud import Cloud
    from rajee_deploy.settings import ImageSettings, Settings

SECONDS = 45.0  # for all of it
ORDER = (
    ("settings",),
    ("engine", "node", "cdk", "schema", "versions", "strace"),
    ("disk", "cache", "state"),
    ("credentials", "expiry", "account", "clock", "bootstrap", "repository", "lifecycle"),
    ("dockerfile", "bases", "secrets", "unused"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is examined. `settings` is None where there are none, or none that can be read: `trouble` says why. `app` is
    the directory of the CDK app, None where there is none."""

    settings: Settings | None
    trouble: DeployError | None
    app: Path | None
    # The images that are built here; None where the app declares some, and no synth is known here.
    images: Callable[[], Sequence[ImageSettings] | None]
    engine: Callable[[], str]
    has_classic_store: Callable[[], bool]
    data_root: Callable[[], Path | None] | None  # None: the engine keeps nothing apart from the rest
    cloud: Cloud


def examine(examination: Examination, seconds: float = SECONDS) -> Examined:
    """All findings, in their order."""
    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "settings": lambda: check_settings(examination),
        "engine": lambda: _check_engine(examination),
        "node": check_node,
        "strace": check_strace,
        "disk": lambda: check_disk(examination.data_root),
        "cache": check_directories,
        "credentials": lambda: check_cloud(examination.cloud, examination.settings, examination.app),
    }
    settings, app = examination.settings, examination.app
    if app is not None:
        checks |= {"cdk": lambda: check_cli(app), "versions": lambda: check_version_reporting(app)}
    if settings is not None and (settings.images or settings.cdk.adopts_images):
        checks["bases"] = lambda: check_images(settings, examination.images)
    found = _all(checks, seconds)
    places = {name: number for number, name in enumerate(name for group in ORDER for name in group)}
    ordered = sorted(found, key=lambda finding: places[finding.check])
    path, environment = (str(settings.path), settings.environment) if settings is not None else ("", "")
    return Examined(path, environment, tuple(ordered))


def _all(checks: dict[str, Callable[[], Iterable[Finding]]], seconds: float) -> list[Finding]:
    """What each says; of one that is not done in time, or fails as a whole, why it says nothing."""
    pool = ThreadPoolExecutor(len(checks))
    try:
        asked = {name: pool.submit(lambda check=check: list(check())) for name, check in checks.items()}  # type: ignore[misc]
        wait(asked.values(), timeout=seconds)
        found: list[Finding] = []
        for name, future in asked.items():
            if not future.done():
                found.append(unknown(name, f"no answer within {seconds:.0f} s"))
                continue
            try:
                found += future.result()
            except DeployError as error:
                found.append(of_error(name, error))
        return found
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _check_engine(examination: Examination) -> Iterable[Finding]:
    yield from check_engine(examination.engine)
    if examination.settings is not None:
        yield from check_image_store(examination.settings.images, examination.has_classic_store)


def check_settings(examination: Examination) -> Iterable[Finding]:
    """Which settings there are, or what to do."""
    if examination.trouble is not None:
        yield of_error("settings", examination.trouble)
    settings = examination.settings
    if settings is None:
        return
    images, stacks = len(settings.images), len(settings.cdk.stacks)
    environment = f", environment {settings.environment}" if settings.environment else ""
    what = f"{images} image{'s' * (images != 1)}, {stacks} stack{'s' * (stacks != 1)}"
    yield Finding("settings", Health.OK, f"{settings.path.name}{environment}: {what}")
