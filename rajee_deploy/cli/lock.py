"""`lock`: which digests the builds' base images have, in a file to commit."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- the same
    BuildArgs,
    BuildContexts,
    Config,
    ContextFlag,
    Environment,
    File,
    Images,
    Json,
    PlatformFlag,
    Quiet,
    Target,
)
from rajee_deploy.console.manner import choose_quiet
from rajee_deploy.console.rows import Row
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.actions.bases import LockChange, LockScope
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags
    from rajee_deploy.console import Console


def lock(
    reference: Annotated[
        list[str] | None, typer.Argument(help="With --upgrade: only these, like busybox:1.37.", metavar="[REF]...")
    ] = None,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the digests that the registries have now.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if something is missing or too much. Offline.")
    ] = False,
    environment: Environment = None,
    image: Images = None,
    config: Config = None,
    context: ContextFlag = None,
    file: File = None,
    target: Target = None,
    platform: PlatformFlag = None,
    build_arg: BuildArgs = None,
    build_context: BuildContexts = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Write down which digest each base image has. Every FROM, --from and # syntax, and what ADD fetches, stands in
    rajee-deploy.lock, which is to be committed.

    A build then takes these very images, and the fingerprint moves when they do. What is locked stays as it is
    until --upgrade moves it. Asks the registries, with docker's logins; needs no Docker.

    \b
    rajee-deploy lock                          complete it
    rajee-deploy lock --check                  in CI: does it fit the Dockerfiles?
    rajee-deploy lock --upgrade                move everything
    rajee-deploy lock --upgrade busybox:1.37   move one
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags
    from rajee_deploy.console import Console

    moving = _moving(reference or (), upgrade=upgrade, check=check)
    build = BuildFlags(file, target, platform, build_arg, build_context)
    scope = _scope("lock --check" if check else "lock", context, SettingsFlags(environment, image, config), build)
    console = Console()
    if check:
        _check(console, scope, as_json=as_json)
    else:
        _update(console, scope, moving, as_json=as_json)


def _moving(references: Sequence[str], *, upgrade: bool, check: bool) -> list[str] | None:
    """What is moved: None for everything."""
    from rajee_deploy.dockerfile import familiar
    from rajee_deploy.errors import ConfigurationError
    from rajee_deploy.model import is_local_context

    if (references and not upgrade) or (upgrade and check):
        hint = "rajee-deploy lock --upgrade   # moves all; a reference behind it: that one alone; --check goes alone"
        raise ConfigurationError("bad-flag", "references go with --upgrade, and --upgrade not with --check", hint=hint)
    try:
        named = [familiar(text) if is_local_context(text) else text for text in references]
    except ValueError as error:
        hint = "write a reference as the Dockerfile has it, like busybox:1.37"
        raise ConfigurationError("bad-flag", f"{' '.join(references)}: {error}", hint=hint) from error
    return named if references or not upgrade else None


def _scope(verb: str, context: Path | None, flags: SettingsFlags, build: BuildFlags) -> LockScope:
    from rajee_deploy.actions.bases import LockScope
    from rajee_deploy.cli.images import hashed_images, image_of_flags, laid_over
    from rajee_deploy.settings import LOCK_NAME, load

    if context is not None:
        return LockScope(context / LOCK_NAME, [image_of_flags(context, build, flags.images)], None)
    settings, images = hashed_images(flags, verb)
    everything = [
        image for environment in (None, *settings.environments) for image in load(settings.path, environment).images
    ]
    everything += [image for image in settings.images if image.is_asset]
    return LockScope(settings.root / LOCK_NAME, [laid_over(image, build) for image in images], everything)


def _check(console: Console, scope: LockScope, *, as_json: bool) -> None:
    from rajee_deploy.actions.bases import check

    count = check(scope)
    if as_json:
        console.document(_document(scope, count, ()))
    elif count:
        console.rows([Row("=", "", scope.path.name, f"has all that the Dockerfiles name, and no more: {count} locked")])
    else:
        _say_nothing_to_lock(console, scope)


def _update(console: Console, scope: LockScope, moving: Sequence[str] | None, *, as_json: bool) -> None:
    from datetime import UTC, datetime

    from rajee_deploy.actions.bases import update
    from rajee_deploy.registry.remote import RemoteImages

    with console.spinner("ask the registries"):
        changes, count = update(scope, RemoteImages(), moving, datetime.now(UTC).date().isoformat())
    if as_json:
        console.document(_document(scope, count, changes))
        return
    console.result_rows([_row(change) for change in changes])
    if count and not changes:
        console.rows([Row("=", "", scope.path.name, f"is as it was: {count} locked")])
    elif not count:
        _say_nothing_to_lock(console, scope)


def _say_nothing_to_lock(console: Console, scope: LockScope) -> None:
    """Which images were looked at, and why none of them needs a lock."""
    from rajee_deploy.actions.bases import unlocked_sources

    rows = []
    for name, others in unlocked_sources(scope).items():
        what = "takes no image and nothing else from elsewhere" if not others else f"takes only {', '.join(others)}"
        rows.append(Row("=", "", name, short(f"nothing to lock, since its Dockerfile {what}")))
    console.rows(rows)


def _document(scope: LockScope, count: int, changes: Iterable[LockChange]) -> dict[str, Any]:
    """`rajee-deploy.lock-changes/1`: how many references are locked, and which became what; by image, what needs no
    lock, and why."""
    from rajee_deploy.actions.bases import unlocked_sources

    return {
        "schema": "rajee-deploy.lock-changes/1",
        "file": str(scope.path),
        "locked": count,
        "unlocked": unlocked_sources(scope),
        "changes": [
            {
                "reference": change.reference,
                "before": str(change.before) if change.before else None,
                "after": str(change.after) if change.after else None,
            }
            for change in changes
        ],
    }


def _row(change: LockChange) -> Row:
    """What became of a reference; its whole digest stands in the lock."""
    before, after = (short(str(digest)) if digest else "" for digest in (change.before, change.after))
    if not before:
        return Row("+", "add", change.reference, after)
    if not after:
        return Row("-", "remove", change.reference, before)
    if change.before == change.after:
        return Row("~", "complete", change.reference, after)
    return Row("~", "move", change.reference, f"{before} → {after}")
