"""What is well and what is not: every limit of the doctor stands here. Pure: facts in, a finding out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.actions.doctor.findings import Finding, Health, unknown
from rajee_deploy.plan.expiry import find_threat, in_words
from rajee_deploy.plan.tags import is_version

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from rajee_deploy.model.caller import HeldKeys
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.expiry import LifecycleRule, Mutability

_OLDEST_NODE = 18  # what the CDK CLI asks for
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_SIGNATURE_SECONDS = 300
_NOTABLE_SECONDS = 60
_A_DEPLOYMENT_SECONDS = 1800  # as long as `up` waits for others: whose keys end before may not see its own end
_MIB = 1 << 20
_LITTLE, _TOO_LITTLE = 2048 * _MIB, 200 * _MIB
_LITTLE_FOR_BUILDS, _TOO_LITTLE_FOR_BUILDS = 5120 * _MIB, 512 * _MIB


# -- the machine ---------------------------------------------------------------------------------------------------


def judge_node(version: str) -> Finding:
    """A version like `v20.1.0`."""
    found = re.match(r"v?(\d+)\.", version)
    if found is None:
        return unknown("node", f"node says no version that is known here: {version}")
    if int(found[1]) < _OLDEST_NODE:
        return Finding(
            "node", Health.ERROR, f"node {version} is too old for the CDK CLI", "install Node.js 18 or newer"
        )
    return Finding("node", Health.OK, version)


def judge_space(free: int, place: str, subject: str, fix: str, *, is_of_builds: bool = False) -> Finding:
    """Free bytes where something is kept."""
    little, too_little = (_LITTLE_FOR_BUILDS, _TOO_LITTLE_FOR_BUILDS) if is_of_builds else (_LITTLE, _TOO_LITTLE)
    health = Health.ERROR if free < too_little else Health.WARNING if free < little else Health.OK
    text = f"{subject}: {_size(free)} free in {place}"
    return Finding("disk", health, text, fix if health is not Health.OK else "", subject)


def _size(size: int) -> str:
    return f"{size / (1024 * _MIB):.1f} GiB" if size >= 1024 * _MIB else f"{size // _MIB} MiB"


_ANOTHER_BUILDER = (
    'docker buildx create --use   # or containerd\'s store: "features": {"containerd-snapshotter": true} in daemon.json'
)


def needs_export(cache_to: Sequence[str]) -> bool:
    """Whether `cache-to` names something that not every engine can write: a cache in the image itself all of them can,
    and GitHub's own counts there alone."""
    return any(each != "gha" and "type=inline" not in each.split(",") for each in cache_to)


def judge_classic_store(cached: Sequence[str], several: Sequence[str]) -> Finding:
    """Of an engine with its classic image store: images that name a cache to write, and those for several platforms."""
    if several:
        text = f"the Docker Engine's classic image store makes no image for several platforms: {', '.join(several)}"
        return Finding("engine", Health.ERROR, text, _ANOTHER_BUILDER)
    text = f"the Docker Engine's classic image store exports no cache: cache-to of {', '.join(cached)} is passed over"
    return Finding("engine", Health.WARNING, text, f'{_ANOTHER_BUILDER}; or cache-to = ["type=inline"]')


# -- the app -------------------------------------------------------------------------------------------------------


def judge_schema(cli: str, readable: int | None, library: str, written: int | None, install: str) -> Finding:
    """Whether a CLI of a version reads what a library of a version ("": none is found) writes."""
    named = f"aws-cdk-lib {library}" if library else "the app's aws-cdk-lib"
    if written is None:
        why = "its files do not say" if library else "it is not found where the app would take it from"
        return unknown("schema", f"which cloud assemblies {named} writes is not known: {why}")
    if readable is None:
        return unknown("schema", f"which cloud assemblies aws-cdk {cli} reads is not known: its files do not say")
    if readable < written:
        text = f"aws-cdk {cli} reads cloud assemblies up to schema {readable}; {named} writes {written}"
        return Finding("schema", Health.ERROR, text, install)
    return Finding("schema", Health.OK, f"aws-cdk {cli} reads what {named} writes (schema {written})")


# -- who asks ------------------------------------------------------------------------------------------------------


_NEW_KEYS = "export newer ones: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"


def judge_expiry(keys: HeldKeys, now: datetime, login: str) -> Finding:
    """Whether credentials hold for as long as a deployment may take."""
    if not keys.is_temporary:
        return Finding("expiry", Health.OK, "the credentials do not expire")
    if keys.ends is None:
        return unknown("expiry", f"temporary credentials ({keys.source}) that do not say when they end")
    login = _NEW_KEYS if keys.source == "env" else login
    left = (keys.ends - now).total_seconds()
    text = f"the credentials {_in_time(left)}"
    if keys.is_renewed:
        return Finding("expiry", Health.OK, f"{text}, and are renewed by themselves")
    if left <= 0:
        return Finding("expiry", Health.ERROR, text, login, code="expired-credentials")
    short = left < _A_DEPLOYMENT_SECONDS
    return Finding("expiry", Health.WARNING if short else Health.OK, text, login if short else "")


def _in_time(seconds: float) -> str:
    minutes = int(seconds // 60)
    if seconds <= 0:
        return "have expired"
    return f"end in {minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"end in {minutes} min"  # noqa: PLR2004


def judge_clock(ahead: float | None) -> Finding:
    """By how many seconds this machine's clock is ahead of AWS's."""
    if ahead is None:
        return unknown("clock", "no answer of AWS told the time")
    off, which = abs(round(ahead)), "ahead of" if ahead > 0 else "behind"
    fix = "timedatectl set-ntp true"
    if off >= _SIGNATURE_SECONDS:
        text = f"{off} s {which} AWS's, which takes no signature that is {_SIGNATURE_SECONDS // 60} minutes off"
        return Finding("clock", Health.ERROR, text, fix, code="clock-skew")
    if off >= _NOTABLE_SECONDS:
        return Finding("clock", Health.WARNING, f"{off} s {which} AWS's", fix)
    return Finding("clock", Health.OK, "within a minute of AWS's" if off > 1 else "agrees with AWS's")


# -- repositories --------------------------------------------------------------------------------------------------


def judge_mutability(repository: Repository, told: Mutability, moving: Sequence[str], more: Sequence[str]) -> Finding:
    """Whether images stay what their tags say, and the tags that shield them move. `moving` are those of the tool's
    own, `more` wildcards of what the settings let move."""
    frozen, name = [tag for tag in moving if told.is_frozen(tag)], str(repository)
    fix = f"{_BY_STACK}\n{_immutable(repository, more)}"
    if frozen:
        text = f"{name} does not let {' and '.join(frozen)} move: its lifecycle rules may expire what runs"
        return Finding("repository", Health.WARNING, text, fix, name, "tag-immutable")
    if not told.is_frozen("c-" + "0" * 64):
        text = f"{name} is mutable: whoever may push can put another image under a tag"
        return Finding("repository", Health.WARNING, text, fix, name)
    but = f", but for {', '.join(told.exceptions)}" if told.exceptions and not told.is_mutable else ""
    return Finding("repository", Health.OK, f"{name} is immutable{but}", subject=name)


_MOST_FILTERS = 5  # of ECR
_BY_STACK = "say so in the stack that makes it, as docs/your-service.md shows; where no stack makes it:"


def judge_absent(repository: Repository) -> Finding:
    """A repository that is not there (yet)."""
    text = f"{repository} is not there: up can push only where a stack before the image's makes it"
    fix = f"{_BY_STACK}\n{_command('create-repository', repository)}"
    return Finding("repository", Health.WARNING, text, fix, str(repository), "no-repository")


def _command(words: str, repository: Repository) -> str:
    there = f" --region {repository.region}" if repository.region else ""
    return f"aws ecr {words} --repository-name {repository.name}{there}"


def _immutable(repository: Repository, more: Sequence[str]) -> str:
    filters = list(dict.fromkeys(("live-*", "prev-*", *more)))[:_MOST_FILTERS]
    told = " ".join(f"filterType=WILDCARD,filter='{each}'" for each in filters)
    command = _command("put-image-tag-mutability", repository)
    return f"{command} --image-tag-mutability IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters {told}"


SHIELDS = "docs/registry-and-engines.md has rules that shield live-* and prev-*, and versions"


def judge_lifecycle(
    image: str,
    rules: Sequence[LifecycleRule],
    live: Collection[str],
    previous: Collection[str],
    releases: Sequence[Collection[str]] = (),
) -> Finding:
    """Whether the image that runs could expire, by the tags that it has; the one that a rollback takes; and those that
    have a version as a tag (`releases`, each with all its tags)."""
    if not rules:
        return Finding("lifecycle", Health.OK, f"{image}: no rule removes anything", subject=image)
    threat = find_threat(rules, live)
    if threat is not None:
        text = f"{image}: what runs could expire, since {in_words(threat)}"
        return Finding("lifecycle", Health.WARNING, text, SHIELDS, image)
    threat = find_threat(rules, previous)
    if threat is not None:
        text = f"{image}: what a rollback takes could expire, since {in_words(threat)}"
        return Finding("lifecycle", Health.WARNING, text, SHIELDS, image)
    lost = [(tags, found) for tags in releases if (found := find_threat(rules, tags)) is not None]
    if lost:
        versions = sorted(tag for tags, _ in lost for tag in tags if is_version(tag))
        more = f" and {len(versions) - _SHOWN} more" if len(versions) > _SHOWN else ""
        text = f"{image}: {', '.join(versions[:_SHOWN])}{more} could expire, since {in_words(lost[0][1])}"
        return Finding("lifecycle", Health.WARNING, text, SHIELDS, image)
    also = ", or a version" if releases else ""
    text = f"{image}: no rule removes what runs, or what ran before{also}"
    return Finding("lifecycle", Health.OK, text, subject=image)


_SHOWN = 3  # of versions

# -- builds --------------------------------------------------------------------------------------------------------

_SECRET = re.compile(r"secrets?|tokens?|passw(?:or)?ds?|passphrase|pwd|pat|(?:api)?key|credentials?|auth")
# What a name ends with that is about a secret, and none.
_ABOUT = re.compile(
    r"ids?|name|file|path|dir|ur[il]|arn|version|type|size|length|ttl|host|mode|enabled|expiry|region|domain|method"
)


def is_secret_name(name: str) -> bool:
    """Whether an argument of this name holds a secret, as far as names tell: NPM_TOKEN, dbPassword, but not KEY_ID or
    PUBLIC_KEY."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    return any(map(_SECRET.fullmatch, words)) and "public" not in words and not _ABOUT.fullmatch(words[-1])
