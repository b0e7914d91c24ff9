"""Which image a stack ran before. Asks the registry and the local history, and changes nothing.

The registry goes first: its `prev-` tag is moved by every deploy from every machine, and its image says by its label
which tag it was built for. The history knows the runs of this machine alone.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.actions.rollback import Target
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import SCHEME, TAG_HEX, TAG_PREFIX, Fingerprint
from rajee_deploy.model import Digest
from rajee_deploy.plan import retention
from rajee_deploy.plan.state import RepositoryAbsent, Tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.rollback import Asked
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.registry import RegistryReader
    from rajee_deploy.report.history import PastRun
    from rajee_deploy.settings import Settings

_TAG = re.compile(rf"{TAG_PREFIX}[0-9a-f]{{{TAG_HEX}}}")


def check_asked(asked: Asked) -> None:
    """A rollback is of images that a stack runs, and a tag is of one image. ConfigurationErrors `bad-flag`,
    `bad-tag`."""
    if asked.tag is not None:
        check_tag(asked.tag)
    names = [image.name for image in asked.images]
    without = [image.name for image in asked.images if not image.stack]
    if not names or without:
        raise _without_stack(without, asked)
    if not asked.is_chosen and len(names) > 1:
        raise ConfigurationError(
            "bad-flag",
            "several images are deployed, and what each ran before need not have run together",
            hint=_choices(names, asked.tag, "--image may be repeated, for those that go back together"),
        )
    if asked.tag is not None and len(names) > 1:
        raise ConfigurationError(
            "bad-flag",
            "a tag belongs to one image, but several images are chosen",
            where=asked.tag,
            hint=_choices(names, asked.tag),
        )


def _without_stack(without: Sequence[str], asked: Asked) -> ConfigurationError:
    """For images that no stack runs, with the names of those that one does."""
    if without:
        name = without[0]
        problem, where = f"no stack runs the image {name}, so there is nothing to roll back", f"images.{name}.stack"
    else:
        problem, where = "the settings have no image that a stack runs, so there is nothing to roll back", "images"
    if asked.deployed:
        return ConfigurationError("bad-flag", problem, where=where, hint=_choices(asked.deployed, asked.tag))
    return ConfigurationError(
        "bad-flag",
        problem,
        where=where,
        hint="a stack that takes the image's tag is named by images.*.stack, then deployed: rajee-deploy up\n"
        "an image that is only pushed is put back where it is run",
    )


def _choices(names: Sequence[str], tag: str | None, more: str = "") -> str:
    """The commands that choose one image each."""
    what = f"{tag} " if tag else ""
    return "\n".join(
        [*(f"rajee-deploy rollback {what}--image {quote(name)}" for name in names), *([more] if more else [])]
    )


def check_tag(tag: str) -> None:
    """ConfigurationError `bad-tag` for what is no tag of ours."""
    if not _TAG.fullmatch(tag):
        raise ConfigurationError(
            "bad-tag",
            f"{tag!r} is not the tag of an image",
            where="rollback TAG",
            hint=f"it is {TAG_PREFIX} and {TAG_HEX} digits, as rajee-deploy status -v shows it",
        )


def fingerprint_of(recorded: str) -> Fingerprint | None:
    """The fingerprint that an image's label records, without its inputs; None for a label that is none."""
    try:
        return Fingerprint(SCHEME, Digest.parse(recorded), ())
    except ValueError:
        return None


def for_other_platforms(image: WantedImage, its: str) -> DeployError:
    """For an image that is what its tag says, of a time when the settings named other platforms."""
    wanted = ", ".join(map(str, image.platforms))
    own = (
        f"if what the stack runs needs no other, let images.{image.name}.platform be what the image was built for "
        "and run again; else "
    )
    return DeployError(
        "image-wrong-platform",
        f"the image {image.tag} was built for {its}, and {image.name} is for {wanted} now",
        where=f"{image.repository}:{image.tag}",
        hint=("" if image.is_asset else own)
        + "check out a revision that is right for all, then: rajee-deploy up --allow-rollback",
    )


def previous(
    registry: RegistryReader, image: WantedImage, deployed: str, runs: Sequence[PastRun], settings: Settings
) -> Target:
    """What the image's stack ran before `deployed` (a tag or a digest; "" for none). `image.fingerprint` says nothing
    here. DeployError `no-previous`, with all that was looked at."""
    looked: list[str] = []
    running = deployed
    shield = retention.prev_tag(image)
    asked = [text for text in (shield, *retention.former_tags(image)[1:], deployed) if text]
    found = registry.find(image.repository, asked)
    if isinstance(found, RepositoryAbsent):
        looked.append(f"the repository {image.repository} does not exist")
    else:
        now = found.get(deployed)
        if isinstance(now, Tagged) and not _TAG.fullmatch(deployed):
            running = _tag_of(registry, image, now.digest) or deployed
        # Until a deployment has put it, what an older version put stands for it.
        shield = next((tag for tag in asked if tag != deployed and isinstance(found[tag], Tagged)), shield)
        before = found[shield]
        tag = _tag_of(registry, image, before.digest) if isinstance(before, Tagged) else ""
        if tag and tag != running:
            return Target(tag, f"{shield} of {image.repository} names it")
        none = "names an image of no fingerprint of ours" if isinstance(before, Tagged) else "is not there"
        if tag:  # it moves before a deployment, and this one came to nothing
            none = "names what runs now"
        looked.append(f"{shield} of {image.repository} {none}")
    for run in reversed(runs):
        if _is_ours(run, settings) and run.tags.get(image.name, running) != running:
            return Target(run.tags[image.name], f"the run of {run.at} on this machine deployed it")
    looked.append(f"none of this machine's runs deployed another {image.name} in this environment")
    raise DeployError(
        "no-previous",
        f"no record says what {image.stack} ran before {deployed or 'now'}",
        where=f"image {image.name}",
        cause="\n".join(looked),
        hint="name the tag: rajee-deploy rollback TAG\n"
        f"it begins with {TAG_PREFIX}; all that there are: {listing(image.repository)}",
    )


def listing(repository: Repository) -> str:
    """The command that lists a repository's tags."""
    where = f" --registry-id {repository.account} --region {repository.region}" if repository.account else ""
    return f"aws ecr list-images --repository-name {repository.name}{where}"


def _is_ours(run: PastRun, settings: Settings) -> bool:
    from rajee_deploy.report.history import is_of_project

    return (
        run.outcome == "done"
        and run.kind != "tags"
        and run.environment == settings.environment
        and is_of_project(run, settings.root)
    )


def _tag_of(registry: RegistryReader, image: WantedImage, digest: Digest) -> str:
    """The tag that an image was built for, by its label; "" when it has none."""
    content = registry.read_content(image.repository, digest, image.platforms[0])
    fingerprint = fingerprint_of(content.fingerprint)
    return fingerprint.tag if fingerprint is not None else ""
