"""An image that the registry lost, from git: the recorded revision, checked out privately, and the proof that its files
give the very tag. Reads records and git; it must never build, and never guess a revision.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.past import image_at, inputs_at
from rajee_deploy.build_record.fields import DIRTY, REVISION
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import describe_commit, find_commit, find_repository
from rajee_deploy.image.labels import labels_of
from rajee_deploy.model.names import NOT_RECORDED
from rajee_deploy.model.revision import commit_of, is_dirty, with_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class Recorded:
    """The revision that a tag was built from as its record says it ("-" for none), and what had no answer."""

    revision: str
    passed_over: tuple[str, ...]


def recorded_revision(stores: Sequence[ContentsStore], image: ImageSettings, tag: str) -> Recorded:
    """The revision in the first record that has one. A store that cannot be asked is passed over, and told."""
    passed_over = []
    for store in stores:
        try:
            record = store.get(image.repository, tag)
        except DeployError as error:
            passed_over.append(str(error))
            continue
        revision = record.notes.get(REVISION, "") if record is not None else ""
        if record is not None and revision:
            return Recorded(with_state(revision, is_dirty=record.notes.get(DIRTY) == "true"), tuple(passed_over))
        passed_over.append(f"the record of {tag} names no revision" if record else f"there is no record of {tag}")
    return Recorded(NOT_RECORDED, tuple(dict.fromkeys(passed_over)))


def check_recorded(image: ImageSettings, tag: str, recorded: Recorded) -> None:
    """DeployError `revision-not-recorded` for an image that cannot be built again, since nobody knows of what."""
    if recorded.revision == NOT_RECORDED:
        raise DeployError(
            "revision-not-recorded",
            f"{image.repository} has no image {tag}, and no record says which revision it was built from",
            where=f"image {image.name}",
            cause="\n".join(recorded.passed_over),
            hint="find the commit (its checkout prints the tag with rajee-deploy fingerprint), check it out, and "
            "rajee-deploy up --allow-rollback",
        )


@contextmanager
def inputs_of_tag(
    image: ImageSettings, tag: str, recorded: Recorded, origin: Origin
) -> Iterator[tuple[ImageInputs, Mapping[str, str]]]:
    """The inputs of a tag in a checkout of its revision, there as long as the context is open, and the labels of that
    revision.

    DeployErrors `revision-differs`, `no-checkout`, `git-failed`, and where a build would fail.
    """
    repository = find_repository(image.context)
    commit = find_commit(repository, commit_of(recorded.revision))
    # The project is about to be built: what its checkout runs is run, too.
    with private_checkout(repository, runs_programs=True) as checkout:
        checkout.move_to(commit)
        past = image_at(image, origin, repository.top, checkout.directory)
        inputs = inputs_at(past, checkout)
        if inputs.fingerprint.tag != tag:
            raise _differs(image, tag, recorded.revision, inputs.fingerprint.tag, past.note)
        yield inputs, labels_of(describe_commit(repository, commit))


def _differs(image: ImageSettings, tag: str, revision: str, found: str, note: str) -> DeployError:
    why = (
        "its tree had changes that were not committed"
        if is_dirty(revision)
        else "something besides the committed files differs: an untracked file, a build argument, the environment"
    )
    return DeployError(
        "revision-differs",
        f"{image.repository} has no image {tag}, and building its revision again gives another image",
        where=f"image {image.name}",
        cause="\n".join(filter(None, (f"{revision} gives {found}: {why}", note))),
        hint="what was built is in no commit, so it cannot be built again: name another tag",
    )
