"""Which of what was found stands in the settings: the stacks, the environments, the images. Pure."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.plan.stack_names import StackPlace, meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.init.found import Found, FoundStack

ALL = "all of them"


@dataclass(frozen=True, slots=True)
class Guard:
    """An environment: where its stacks live, and which they are, where it has not all of the settings'."""

    name: str
    account: str = ""
    region: str = ""
    stacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageTable:
    """An image whose tag a stack's parameter takes. What could not be seen is "", and the table then a comment."""

    name: str
    stack: str
    parameter: str
    repository: str = ""
    context: str = ""
    dockerfile: str = ""

    @property
    def is_whole(self) -> bool:
        return bool(self.repository and self.context and self.dockerfile)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the settings say. `left` are stacks that are not named there, and `reason` why."""

    stacks: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    images: tuple[ImageTable, ...] = ()
    adopted: tuple[str, ...] = ()  # names of the images that we build for the app
    left: tuple[str, ...] = field(default=())
    reason: str = ""


def choices(found: Found) -> list[str]:
    """The stages among which somebody has to choose, and all of them together; empty where there is one answer."""
    stages = _stages(found)
    return [*stages, ALL] if len(stages) > 1 and not _is_piped(found) else []


def decide(found: Found, asked: Sequence[str], stage: str = "") -> Choice:
    """What is written. `asked` are the stacks of --stacks; `stage` is the one that was chosen, "" for all of them.

    ConfigurationErrors `no-stacks`, and as of `meaning` for what was asked for.
    """
    if not found.stacks:
        raise ConfigurationError(
            "no-stacks",
            "the CDK app has no stack",
            where=found.app.directory,
            hint="npx cdk list names what the app has; it may need context values (-c) in cdk.json to have any",
        )
    stacks, reason = _stacks(found, asked, stage)
    named = set(_meant(found, stacks))
    chosen = [each for each in found.stacks if each.id in named]
    adopted = tuple(image.name for image in found.images if not image.obstacle and named & set(image.stacks))
    left = tuple(each.id for each in found.stacks if each.id not in named)
    return Choice(stacks, _guards(found, chosen, stage), _images(found, chosen), adopted, left, reason)


def several_stages(found: Found) -> ConfigurationError:
    """For a run that nobody can answer."""
    stages = _stages(found)
    return ConfigurationError(
        "several-stages",
        f"the CDK app has {len(stages)} stages, and only you know which are deployed together",
        where=found.app.directory,
        cause="it has " + ", ".join(each.id for each in found.stacks),
        hint="\n".join(
            [f"rajee-deploy init --stacks '{stage}/**'" for stage in stages]
            + ["rajee-deploy init --stacks '**'   # all of them in one run"]
        ),
    )


def _stacks(found: Found, asked: Sequence[str], stage: str) -> tuple[tuple[str, ...], str]:
    if asked:
        _meant(found, asked)
        return tuple(asked), "--stacks leaves them out"
    outside = [each.id for each in found.stacks if not each.stage]
    if _is_piped(found):
        return tuple(outside), "the pipeline deploys them"
    own = [each.id for each in found.stacks if not stage or each.stage in ("", stage)]
    return tuple(own), f"{stage} was chosen" if stage else ""


def _meant(found: Found, names: Sequence[str]) -> tuple[str, ...]:
    places = {each.id: StackPlace(each.id, each.id) for each in found.stacks}
    return tuple(id_ for name in names for id_ in meaning(name, places))


def _stages(found: Found) -> list[str]:
    return list(dict.fromkeys(each.stage for each in found.stacks if each.stage))


def _is_piped(found: Found) -> bool:
    """Whether a stack outside of all stages is a pipeline, which then deploys what is in them."""
    return any(each.is_pipeline and not each.stage for each in found.stacks) and bool(_stages(found))


def _guards(found: Found, chosen: Sequence[FoundStack], stage: str) -> tuple[Guard, ...]:
    """An environment for what is deployed where the app itself says in which account that is; and one for each stage
    that was not chosen."""
    own = _guard(stage or next((each.stage for each in chosen if each.stage), "") or "main", chosen)
    found_guards = [own] if own.account else []
    if stage:
        for other in _stages(found):
            if other != stage:
                stacks = [each for each in found.stacks if each.stage in ("", other)]
                guard = _guard(other, stacks)
                found_guards.append(Guard(guard.name, guard.account, guard.region, tuple(each.id for each in stacks)))
    return tuple({guard.name: guard for guard in found_guards}.values())


def _guard(name: str, stacks: Sequence[FoundStack]) -> Guard:
    """What the stacks have in common."""
    accounts, regions = {each.account for each in stacks}, {each.region for each in stacks}
    return Guard(
        _plain(name) or "main",
        accounts.pop() if len(accounts) == 1 else "",
        regions.pop() if len(regions) == 1 else "",
    )


def _images(found: Found, chosen: Sequence[FoundStack]) -> tuple[ImageTable, ...]:
    """A table for each parameter that takes a tag. Its repository and its Dockerfile are named where there is one that
    it can be."""
    wanted = [(stack.id, parameter) for stack in chosen for parameter in stack.parameters]
    if not wanted:
        return ()
    repositories = list(dict.fromkeys(name for stack in found.stacks for name in stack.repositories))
    is_one = len(wanted) == 1
    repository = repositories[0] if is_one and len(repositories) == 1 else ""
    lone = found.dockerfiles[0] if is_one and len(found.dockerfiles) == 1 else None
    tables = {}
    for stack, parameter in wanted:
        base = _plain(re.sub(r"(Image)?(Tag|Digest)$", "", parameter)) or _plain(repository.rpartition("/")[2]) or "app"
        name = base if base not in tables else f"{base}-{_plain(stack)}"
        tables[name] = ImageTable(
            name, stack, parameter, repository, lone.context if lone else "", lone.path if lone else ""
        )
    return tuple(tables.values())


def _plain(text: str) -> str:
    """As the name of a table: `ApiProd` is `api-prod`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    return re.sub(r"[^a-z0-9-]+", "-", spaced.lower()).strip("-")
