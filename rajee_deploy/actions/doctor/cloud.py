"""What AWS has to say of a run before it begins: who asks, until when, the clock, bootstrap stacks, repositories. Reads
only. Whoever cannot ask (no credentials, no network) is told so once; what hangs on it is unknown then.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from rajee_deploy.actions.doctor import judgements
from rajee_deploy.actions.doctor.findings import Finding, Health, no_synth, of_error, unknown
from rajee_deploy.actions.observe import check_account
from rajee_deploy.aws import Identity
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.image.protected_tags import keeper_of
from rajee_deploy.plan.state import ImageAbsent, RepositoryAbsent
from rajee_deploy.synth.deploy_checks import is_bootstrapped, not_bootstrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from rajee_deploy.model.caller import Caller, HeldKeys
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.registry.repository_rules import RepositoryRules
    from rajee_deploy.settings import ImageSettings, Settings
    from rajee_deploy.synth.deploy_checks import BootstrapNeed

_AT_ONCE = 8
_CONTENT = "c-" + "0" * 64  # a tag like those of all images


class IdentityDoor(Protocol):
    """Asks AWS who we are, and hears the time by the way."""

    @property
    def seconds_ahead(self) -> float | None:
        """The seconds that this machine's clock is ahead of AWS's; None where no answer told."""
        ...

    def caller(self) -> Caller:
        """Who we are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What is asked of AWS, each by one door. `login` is the command that gets new credentials."""

    identity: IdentityDoor
    held_keys: Callable[[], HeldKeys]
    rules: RepositoryRules
    # The images whose repositories are looked at; None where the app declares some, and no synth is known here.
    images: Callable[[Identity], Sequence[ImageSettings] | None]
    # What the stacks of the last synth need to be bootstrapped, and which version there is.
    needs: Callable[[Identity], Sequence[BootstrapNeed]]
    version: Callable[[BootstrapNeed], int | None]
    now: Callable[[], datetime]
    login: str


def check_cloud(cloud: Cloud, settings: Settings | None, app: Path | None) -> Iterator[Finding]:
    """All of it: who asks comes first, since everything else hangs on it."""
    try:
        caller = cloud.identity.caller()
    except (DeployError, EOFError) as error:
        yield from _without_credentials(cloud, error, settings, app)
        return
    where = f"account {caller.account}, {caller.region}"
    try:
        keys = cloud.held_keys()
        yield Finding("credentials", Health.OK, f"{_who(caller.arn)} ({keys.source}), {where}")
        yield judgements.judge_expiry(keys, cloud.now(), cloud.login)
    except DeployError as error:
        yield Finding("credentials", Health.OK, f"{_who(caller.arn)}, {where}")
        yield of_error("expiry", error)
    who = Identity(caller.account, caller.region)
    account = None if settings is None else check_guard(settings, who)
    if account is not None:
        yield account
    yield judgements.judge_clock(cloud.identity.seconds_ahead)
    yield from _in_place(cloud, settings, app, who, is_right=account is None or account.health is not Health.ERROR)


def _without_credentials(
    cloud: Cloud, error: DeployError | EOFError, settings: Settings | None, app: Path | None
) -> Iterator[Finding]:
    if isinstance(error, DeployError):
        told = of_error("credentials", error)
        fix = cloud.login if error.code == "expired-credentials" else told.fix
        yield replace(told, fix=fix)
    else:
        text = "the profile asks for a code of a device, and nobody is here who could type it"
        yield Finding("credentials", Health.UNKNOWN, text)
    yield judgements.judge_clock(cloud.identity.seconds_ahead)
    yield from (unknown(check, "AWS cannot be asked: see credentials") for check in _asked(settings, app))


def _in_place(
    cloud: Cloud, settings: Settings | None, app: Path | None, who: Identity, *, is_right: bool
) -> Iterator[Finding]:
    """What is looked at in the account, unless it is the wrong one."""
    if not is_right:
        why = "not looked at in an account that is not the right one"
        yield from (unknown(check, why) for check in _asked(settings, app))
        return
    asked: list[Callable[[], Iterable[Finding]]] = [] if app is None else [partial(check_bootstrap, cloud, app, who)]
    if settings is not None:
        try:
            images = cloud.images(who)
        except DeployError as error:
            yield of_error("repository", error)
            images = ()
        if images is None:
            yield no_synth("repository")
            images = settings.images
        looked = replace(settings, images=tuple(images))
        repositories = dict.fromkeys(image.repository for image in images)
        asked += [partial(check_repository, cloud.rules, looked, each, who) for each in repositories]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for found in pool.map(lambda check: list(check()), asked):
            yield from found


def _asked(settings: Settings | None, app: Path | None) -> Iterator[str]:
    """The checks that are made in the account."""
    if app is not None:
        yield "bootstrap"
    if settings is not None and (settings.images or settings.cdk.adopts_images):
        yield "repository"


def _who(arn: str) -> str:
    """A user or role as people call it; a session's name is of interest to nobody."""
    found = re.search(r":(assumed-role/[^/]+|[^:]+)(?:/[^/]*)?$", arn) if ":assumed-role/" in arn else None
    name = found[1] if found else arn.rpartition(":")[2]
    return name.replace("assumed-role/", "role/") or "credentials"


def check_guard(settings: Settings, who: Identity) -> Finding | None:
    """Whether it is the account that the environment is for; None where nothing has to be said."""
    try:
        check_account(settings, who)
    except DeployError as error:
        return of_error("account", error)
    if settings.account is not None:
        return Finding("account", Health.OK, f"{who.account}, as environments.{settings.environment} says")
    if settings.production:
        text = f"{settings.environment} is production, and any account's credentials would do"
        return Finding("account", Health.WARNING, text, f'account = "{who.account}" in the environment guards it')
    return None


def check_bootstrap(cloud: Cloud, app: Path, who: Identity) -> Iterator[Finding]:
    """Whether each place that the app's stacks live in is bootstrapped for the CDK."""
    try:
        needs = cloud.needs(who)
    except DeployError as error:
        yield of_error("bootstrap", error)
        return
    for need in needs:
        try:
            version = cloud.version(need)
        except DeployError as error:
            yield of_error("bootstrap", error, need.address)
            continue
        if is_bootstrapped(need, version):
            text = f"{need.address} has version {version} ({need.least} is needed)"
            yield Finding("bootstrap", Health.OK, text, subject=need.address)
        else:
            lacks = not_bootstrapped(app, need, version)
            yield Finding("bootstrap", Health.ERROR, lacks.problem, lacks.hint, need.address, lacks.code)


# -- repositories --------------------------------------------------------------------------------------------------


def check_repository(
    rules: RepositoryRules, settings: Settings, repository: Repository, who: Identity
) -> Iterator[Finding]:
    """A repository, and whether its lifecycle rules could take away what its images' stacks run."""
    images = [image for image in settings.images if image.repository == repository]
    deployed = [image for image in images if image.stack]
    shielded = [image for image in deployed if not image.is_asset]
    moving = [f"{kind}-{keeper_of(settings, image, who)}" for image in shielded for kind in ("live", "prev")]
    more = [re.sub(r"\{[^}]*\}", "*", tag) for image in images for tag in image.tags]
    try:
        told = rules.find_mutability(repository)
    except DeployError as error:
        yield of_error("repository", error, str(repository))
        return
    if isinstance(told, RepositoryAbsent):
        yield judgements.judge_absent(repository)
        return
    yield judgements.judge_mutability(repository, told, moving, more)
    for image in deployed:
        yield check_lifecycle(rules, settings, image, who)


def check_lifecycle(rules: RepositoryRules, settings: Settings, image: ImageSettings, who: Identity) -> Finding:
    """By the tags that the image has which the stack runs; as far as there is none, by those that it will have. In a
    repository of the CDK's own an image has its one tag."""
    keeper = keeper_of(settings, image, who)
    try:
        policy = rules.find_lifecycle(image.repository)
        if isinstance(policy, RepositoryAbsent):
            return unknown("lifecycle", f"{image.name}: the repository was there a moment ago", image.name)
        live, previous = (
            _tags(rules, image, f"{kind}-{keeper}") if policy else frozenset[str]() for kind in ("live", "prev")
        )
        releases = rules.find_releases(image.repository) if policy and not image.is_asset else ()
    except DeployError as error:
        return of_error("lifecycle", error, image.name)
    released = () if isinstance(releases, RepositoryAbsent) else releases
    return judgements.judge_lifecycle(image.name, policy, live, previous, released)


def _tags(rules: RepositoryRules, image: ImageSettings, shield: str) -> frozenset[str]:
    """The shield, what every image has, and what this one was given besides."""
    if image.is_asset:
        return frozenset((_CONTENT,))
    found = rules.find_tags(image.repository, shield)
    if not isinstance(found, (ImageAbsent, RepositoryAbsent)):
        return found
    given = (re.sub(r"\{[^}]*\}", "x", tag) for tag in image.tags)
    return frozenset((_CONTENT, shield, *given))
