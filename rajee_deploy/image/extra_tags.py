"""Additional tags: their placeholders become what git says of the checkout. Reads git, and only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model.revision import short_commit, with_state
from rajee_deploy.plan.tags import sanitise, tag_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.git.revisions import Revision
    from rajee_deploy.settings import ImageSettings


def expand_tags(image: ImageSettings, tags: Sequence[str]) -> tuple[str, ...]:
    """The tags of one image, each once. DeployError `no-revision` when git does not tell what a placeholder stands for,
    `bad-tag` when it makes of a tag what is none, or one of the tool's own.

    `{revision}` is the commit, `{short-revision}` its first 12 digits (both with `-dirty` when tracked files differ
    from it), `{branch}` the branch, `{image}` the image's name. Characters that no tag can have become `-`.
    """
    if not any("{" in tag for tag in tags):
        return tuple(dict.fromkeys(tags))
    from rajee_deploy.git.revisions import find_revision

    source = find_revision(image.context, is_compared=any("revision}" in tag for tag in tags))
    return tuple(dict.fromkeys(_expand(tag, image.name, source) for tag in tags))


def _expand(tag: str, image: str, source: Revision | None) -> str:
    commit, branch, dirty = (source.id, source.branch, source.is_dirty) if source else ("", "", False)
    values = {
        "revision": with_state(commit, is_dirty=dirty),
        "short-revision": with_state(short_commit(commit), is_dirty=dirty),
        "branch": branch,
        "image": image,
    }
    for name, value in values.items():
        if f"{{{name}}}" in tag and not value:
            raise DeployError(
                "no-revision",
                f"git does not tell the {name} for the tag {tag}",
                where=f"image {image}",
                hint="a detached HEAD has no branch; give the tag itself with --also-tag",
            )
    made = tag
    for name, value in values.items():
        made = made.replace(f"{{{name}}}", value)
    result = sanitise(made)
    problem = tag_problem(result) if result else "nothing of it can stand in a tag"
    if problem:
        raise DeployError(
            "bad-tag",
            f"the tag {tag} becomes {made!r}: {problem}",
            where=f"image {image}",
            hint="put something before the placeholder, as in branch-{branch}",
        )
    return result
