"""What changed in images since a git revision: the story of `explain --since REF`."""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.changes import Cause
from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.actions.explain.past import image_at, inputs_at
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import find_commit, find_repository, ignored_paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.actions.explain.compare import Comparison
    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.git.call import GitDirectories
    from rajee_deploy.git.checkout import Checkout
    from rajee_deploy.image.inputs import ImageInputs


@dataclass(frozen=True, slots=True)
class Then:
    """How it is known what an image tag was made of: the store, or git; and of its build the commit (""), whether
    the checkout differed from it, and the time, where the record says so."""

    known_from: str
    commit: str = ""
    dirty: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """By image, what differs from what `revision` names, and what to know about that. For a git revision `commit` is
    its id; for an image tag, or the word for the deployed one, it is "" and `thens` says more about each image."""

    revision: str
    commit: str
    comparisons: Mapping[str, Comparison]
    notes: Mapping[str, str]
    thens: Mapping[str, Then] = field(default_factory=dict)


def since(images: Mapping[str, ImageInputs], origin: Origin, start: Path, revision: str) -> Since:
    """Compare images with what they were at a revision of the repository that `start` lies in.

    DeployErrors: `no-checkout`, `unknown-revision`, `git-failed`, `revision-not-buildable`.
    """
    repository = find_repository(start)
    commit = find_commit(repository, revision)
    comparisons, notes = {}, {}
    with private_checkout(repository) as checkout:
        checkout.move_to(commit)
        for name, present in images.items():
            past = image_at(present.settings, origin, repository.top, checkout.directory)
            try:
                then = inputs_at(past, checkout)
            except DeployError as error:
                raise DeployError(
                    "revision-not-buildable",
                    f"the image {name} could not be built at {revision}",
                    where=error.where,
                    cause=error.problem,
                    hint=past.note or "name a later revision",
                ) from error
            comparisons[name] = compare(contents_of(then, with_bytes=True), contents_of(present, with_bytes=True))
            told = (past.note, _filter_notice(then, checkout), _unknown(present, comparisons[name], repository))
            notes[name] = "; ".join(filter(None, told))
    return Since(revision, commit, comparisons, {name: note for name, note in notes.items() if note})


def _filter_notice(then: ImageInputs, checkout: Checkout) -> str:
    """What to know about files with a filter other than that of Git LFS: none runs."""
    read = {
        os.path.relpath(selection.root / each.entry.path, checkout.directory)
        for selection in then.selections.values()
        for each in selection.records
    }
    number = len(checkout.unfiltered & read)
    return f"{number} files of then are as git holds them: filters are not run, so they may seem changed" * bool(number)


def _unknown(present: ImageInputs, comparison: Comparison, repository: GitDirectories) -> str:
    """What to know about entries that git ignores: they are in no commit, so they seem to be new."""
    added = [change for change in comparison.changes if change.cause is Cause.ADDED]
    if not added:
        return ""
    ignored = tuple(f"{repository.top}/{path}" for path in ignored_paths(repository))
    places = (f"{present.selections[change.context].root.resolve()}/{change.subject}" for change in added)
    number = sum(any(_is_below(place, path) for path in ignored) for place in places)
    if not number:
        return ""
    return f"{number} of the added entries are ignored by git, which cannot tell whether they were there"


def _is_below(place: str, path: str) -> bool:
    return f"{place}/".startswith(path) if path.endswith("/") else place == path
