"""The commit whose files give a tag: looked for in the history, when nothing else tells what the tag was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.past import image_at, inputs_at
from rajee_deploy.errors import DeployError
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import find_repository, first_parents

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.image.inputs import ImageInputs

LAST = 50  # commits that are looked at


def find_commit_of(tag: str, present: ImageInputs, origin: Origin, start: Path, last: int = LAST) -> str:
    """The newest of the last commits, along first parents, whose files give the tag; "" when none does.

    An equal tag is an equal image, so what is found is no guess. DeployErrors `no-checkout`, `git-failed`.
    """
    repository = find_repository(start)
    commits = first_parents(repository, last)
    with private_checkout(repository) as checkout:
        for commit in reversed(commits):
            checkout.move_to(commit.id)
            past = image_at(present.settings, origin, repository.top, checkout.directory)
            try:
                found = inputs_at(past, checkout)
            except DeployError:
                continue  # it could not be built then
            if found.fingerprint.tag == tag:
                return commit.id
    return ""
