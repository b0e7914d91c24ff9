"""A repository's history once more: how many of its commits need a rebuild, by our tag and by two simpler ways.

A commit needs a rebuild when no earlier one of those looked at gave the same name: what was built stays in a registry.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy.actions.explain.past import OUTSIDE, image_at, inputs_at
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input, encode
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import find_repository, first_parents
from rajee_deploy.model import ContextRead, Digest, Location, ReadBy, Selector, StageId
from rajee_deploy.model.revision import short_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.git.revisions import Commit
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """What one commit gave: the three names of its image, or in `error` why it cannot be built."""

    commit: Commit
    tag: str = ""
    whole: str = ""
    error: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many commits needed a rebuild by one way of naming images; `new` are those commits' ids."""

    way: str
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """An image over its history, the oldest commit first."""

    image: str
    outcomes: tuple[CommitOutcome, ...]

    @property
    def built(self) -> tuple[CommitOutcome, ...]:
        """The commits at which the image can be built."""
        return tuple(outcome for outcome in self.outcomes if not outcome.error)

    @property
    def counts(self) -> tuple[Count, ...]:
        """Rebuilds by our tag, by hashing the whole build context, and by the commit."""
        return (
            self._count("tag", lambda outcome: outcome.tag),
            self._count("whole context", lambda outcome: outcome.whole),
            self._count("commit", lambda outcome: outcome.commit.id),
        )

    def _count(self, way: str, name: Callable[[CommitOutcome], str]) -> Count:
        first: dict[str, str] = {}
        for outcome in self.built:
            first.setdefault(name(outcome), outcome.commit.id)
        return Count(way, tuple(first.values()))


def replay(
    images: Sequence[ImageSettings], origin: Origin, start: Path, last: int, told: Callable[[str], None]
) -> tuple[Replay, ...]:
    """Go through the last commits of the repository that `start` lies in, along first parents.

    `told` hears which commit is looked at. DeployErrors: `no-checkout`, `git-failed`.
    """
    repository = find_repository(start)
    commits = first_parents(repository, last)
    outcomes: dict[str, list[CommitOutcome]] = {image.name: [] for image in images}
    with private_checkout(repository) as checkout:
        for number, commit in enumerate(commits, 1):
            told(f"{number} of {len(commits)}: {short_commit(commit.id)} {commit.subject}")
            checkout.move_to(commit.id)
            for image in images:
                note = ""
                try:
                    past = image_at(image, origin, repository.top, checkout.directory)
                    note = past.note
                    inputs = inputs_at(past, checkout)
                    found = CommitOutcome(commit, inputs.fingerprint.tag, whole_context(inputs), note=note)
                except DeployError as error:
                    if error.code == OUTSIDE:
                        raise
                    found = CommitOutcome(commit, error=str(error), note=note)
                outcomes[image.name].append(found)
    return tuple(Replay(name, tuple(found)) for name, found in outcomes.items())


_ALL = ContextRead(ReadBy.COPY, Location("", 0, 0), StageId(-1, None), ".", Selector("/"))


def whole_context(inputs: ImageInputs) -> str:
    """What tools that hash all of the build context would hash: everything that `.dockerignore` leaves, the Dockerfile
    as it stands, and the options of the build."""
    return sha256(encode(list(_whole(inputs)))).hexdigest()


def _whole(inputs: ImageInputs) -> Iterator[Input]:
    options = inputs.options
    yield Input("dockerfile", digest=Digest("sha256", sha256(inputs.dockerfile).hexdigest()))
    yield Input("platform", ",".join(map(str, inputs.settings.platforms)))
    yield Input("target", options.target or "")
    for name, value in sorted(options.build_args.items()):
        yield Input(f"build-arg:{name}", value)
    for name, selection in sorted(inputs.selections.items()):
        rules = contexts.ContextRules(selection.rules.ignore_path, selection.rules.ignore)
        found = contexts.look_up(selection.root, [_ALL], rules, selection.modes)
        yield Input(f"context:{name}", digest=found.uses[0].digest)
