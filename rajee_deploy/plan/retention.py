"""Which tags have to move, and when: those that shield images from expiring, and those the user asked for. Pure.

`live-<keeper>` names what a stack runs or is about to run, `prev-<keeper>` what it ran before. The lifecycle policy
never expires what carries one of them, so they are moved before a deploy: while it is under way both images are
shielded. What runs now is taken from what the stack records, never from `live-`, which a broken-off run may have left
anywhere.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Notice
from rajee_deploy.model.names import DeployBy
from rajee_deploy.model.repository import LONGEST_TAG
from rajee_deploy.model.stack_status import is_undone
from rajee_deploy.plan.expiry import find_threat, in_words
from rajee_deploy.plan.state import ImagePresent, StackPresent, Tagged
from rajee_deploy.plan.steps import MoveTag
from rajee_deploy.plan.tags import is_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.model import Digest
    from rajee_deploy.plan.state import Observed, StackState, WantedImage

_FROZEN_HINT = "let the repository exclude live-* and prev-* from immutability; docs/your-service.md shows it"


def keeper(stack: str, parameter: str, place: str, *, is_shared: bool) -> str:
    """What the shielding tags of an image are named after: the stack; with the parameter where the stack runs several
    images of one repository, and with account and region (`place`) where the repository serves several of those."""
    # No name of a stack has a point or an underscore, and a parameter's has neither: no two of these are alike, as
    # `Api-Web` would be for the parameter Web of Api and for the stack Api-Web.
    name = f"{stack}{place and f'.{place}'}" + (f"_{parameter.replace(':', '.')}" if is_shared else "")
    return _fit(name, "-" if name == stack else "..")


def former_keeper(stack: str, parameter: str, place: str, *, is_shared: bool) -> str:
    """What they were named after by versions that put all of it together with `-`; "" where that is the same."""
    former = "-".join(part for part in (stack, parameter.replace(":", "-") if is_shared else "", place) if part)
    return _fit(former, "-") if former != stack else ""


def _fit(name: str, mark: str) -> str:
    room = LONGEST_TAG - len("live-")
    if len(name) <= room:
        return name
    return f"{name[: room - 8 - len(mark)]}{mark}{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def live_tag(image: WantedImage) -> str:
    """The tag of what the image's stack runs."""
    return f"live-{image.keeper}"


def prev_tag(image: WantedImage) -> str:
    """The tag of what the image's stack ran before."""
    return f"prev-{image.keeper}"


def former_tags(image: WantedImage) -> tuple[str, ...]:
    """The tags under which an older version shielded what the image's stack runs and what it ran before. They go on
    doing so until a deployment has put those of today; nothing moves them, since another stack may have them."""
    return (f"live-{image.former_keeper}", f"prev-{image.former_keeper}") if image.former_keeper else ()


def deployed_reference(image: WantedImage, state: StackState) -> str:
    """The tag or digest that the stack records for the image, "" for none."""
    recorded = state.parameters.get(image.parameter, "") if isinstance(state, StackPresent) else ""
    return recorded if recorded != "-" else ""


def references(image: WantedImage, state: StackState | None) -> tuple[str, ...]:
    """Everything that has to be known of the image's repository to decide on the image."""
    deployed = deployed_reference(image, state) if state is not None else ""
    shields = (live_tag(image), prev_tag(image), *former_tags(image)) if image.is_shielded else ()
    return tuple(dict.fromkeys(text for text in (image.tag, *shields, *image.tags, deployed) if text))


def wanted_digest(image: WantedImage, observed: Observed) -> Digest | None:
    """The digest of the image where it is present; None where it has to be built."""
    state = observed.images[image.name]
    return state.digest if isinstance(state, ImagePresent) else None


def deployed_digest(image: WantedImage, observed: Observed) -> Digest | None:
    """The digest of what the image's stack runs; None where nothing is recorded or the registry lost it."""
    reference = deployed_reference(image, observed.stacks[image.stack])
    if reference == image.tag:
        return wanted_digest(image, observed)
    return observed.find_digest(image.repository, reference)


def additional(image: WantedImage, observed: Observed) -> Iterator[MoveTag]:
    """The user's own tags that do not name the image yet. DeployError `tag-taken`."""
    wanted = wanted_digest(image, observed)
    for tag in image.tags:
        found = observed.find_digest(image.repository, tag)
        if found is not None and found == wanted:
            continue
        if (image.repository, tag) in observed.frozen:
            raise DeployError(
                "tag-taken",
                f"the tag {tag} names another image, and {image.repository} does not let it be moved",
                where=f"{image.repository}:{tag}",
                hint="choose another tag, or exclude it from the repository's immutability",
            )
        reason = f"{image.repository} has no tag {tag}" if found is None else f"it names {found}"
        yield MoveTag(image.name, image.repository, tag, image.tag, reason)


def live(
    image: WantedImage, observed: Observed, notices: list[tuple[str, Notice]], *, deploys: bool = True
) -> Iterator[MoveTag]:
    """The move of `live-`, unless it is right already or cannot be moved. Where nothing is deployed, an older version's
    tag will do."""
    if not image.is_shielded:
        return
    tag, wanted = live_tag(image), wanted_digest(image, observed)
    found = observed.find_digest(image.repository, tag)
    former = former_tags(image)[:1] if found is None and not deploys else ()
    shields = (found, *(observed.find_digest(image.repository, each) for each in former))
    if wanted is not None and wanted in shields:
        return
    if _is_frozen(image, observed, tag, notices):
        return
    yield MoveTag(image.name, image.repository, tag, image.tag, f"it shields what {image.stack} is to run")


def prev(image: WantedImage, observed: Observed, notices: list[tuple[str, Notice]]) -> Iterator[MoveTag]:
    """The move of `prev-` before a deploy that replaces the image."""
    running, tag = deployed_digest(image, observed), prev_tag(image)
    if not deployed_reference(image, observed.stacks[image.stack]):
        return
    if running is None:
        notices += _gone_notices(image, observed)
        return
    if not image.is_shielded:
        return
    found = observed.find_digest(image.repository, tag)
    if running in (wanted_digest(image, observed), found):
        return
    state = observed.stacks[image.stack]
    moved = found or next((observed.find_digest(image.repository, each) for each in former_tags(image)[1:]), None)
    if moved is not None and isinstance(state, StackPresent) and is_undone(state.status):
        return  # what a stack that was rolled back records may be what failed; the failed deploy moved it already
    if not _is_frozen(image, observed, tag, notices):
        reason = f"it shields what {image.stack} runs now, for a rollback"
        yield MoveTag(image.name, image.repository, tag, str(running), reason)


def leftover(image: WantedImage, observed: Observed) -> Iterator[tuple[str, Notice]]:
    """What to say of tags of an older version whose work others do by now."""
    if not image.is_shielded or observed.find_digest(image.repository, live_tag(image)) is None:
        return
    left = [tag for tag in former_tags(image) if observed.find_digest(image.repository, tag) is not None]
    if left:
        text = (
            f"{' and '.join(left)} of {image.repository} are from an older version, and keep images for ever; when no "
            f"other stack has them: aws ecr batch-delete-image --repository-name {image.repository.name} --image-ids "
            + " ".join(f"imageTag={tag}" for tag in left)
        )
        yield image.name, Notice("former-tags", text)


def put_back(image: WantedImage, observed: Observed) -> Iterator[MoveTag]:
    """What a failed deploy moves back: `live-` to what runs on."""
    running = deployed_digest(image, observed)
    if image.is_shielded and running is not None and (image.repository, live_tag(image)) not in observed.frozen:
        reason = f"the deploy failed: {image.stack} runs on with it"
        yield MoveTag(image.name, image.repository, live_tag(image), str(running), reason)


def _gone_notices(image: WantedImage, observed: Observed) -> Iterator[tuple[str, Notice]]:
    reference = deployed_reference(image, observed.stacks[image.stack])
    if reference != image.tag:
        text = f"{image.stack} runs {reference}, which {image.repository} does not have any more: it cannot roll back"
        yield image.name, Notice("deployed-image-gone", text)


def expiry_notices(image: WantedImage, observed: Observed) -> Iterator[tuple[str, Notice]]:
    """What to say when the very image that a stack runs by its tag is to be built again: CloudFormation sees no change,
    and ECS pins the digest that a tag had when the service was deployed.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    state = observed.stacks.get(image.stack)
    if state is None or image.deploy_by is not DeployBy.TAG or wanted_digest(image, observed) is not None:
        return
    if deployed_reference(image, state) == image.tag:
        text = (
            f"{image.stack} runs {image.tag}, which {image.repository} lost: it is built again under the same tag. "
            "Tasks of the running deployment may still ask for the lost digest until the service is rolled: "
            'aws ecs update-service --force-new-deployment; deploy-by = "digest" would roll it by itself'
        )
        yield image.name, Notice("deployed-image-expired", text)


def version_notices(image: WantedImage, observed: Observed) -> Iterator[tuple[str, Notice]]:
    """What to say of a version that is to name the image, where a lifecycle rule takes both away some day."""
    rules = observed.lifecycle.get(image.repository, ())
    for tag in filter(is_version, image.tags):
        threat = find_threat(rules, {image.tag, tag})
        if threat is not None:
            text = (
                f"{image.repository} will lose {tag} some day, since {in_words(threat)}; "
                "docs/registry-and-engines.md has a rule before it that keeps versions"
            )
            yield image.name, Notice("version-may-expire", text)


def _is_frozen(image: WantedImage, observed: Observed, tag: str, notices: list[tuple[str, Notice]]) -> bool:
    if (image.repository, tag) not in observed.frozen:
        return False
    text = f"{image.repository} does not let {tag} be moved: its lifecycle rules may expire what runs; {_FROZEN_HINT}"
    notices.append((image.name, Notice("tag-immutable", text)))
    return True


def misplaced_tags(image: WantedImage, observed: Observed) -> tuple[str, ...]:
    """The image's tags that exist and name something else: whether they can be moved has to be asked."""
    wanted = wanted_digest(image, observed)
    moving = (*((live_tag(image),) if image.is_shielded else ()), *image.tags)
    found = {tag: observed.references.get((image.repository, tag)) for tag in moving}
    wrong = [tag for tag, state in found.items() if isinstance(state, Tagged) and state.digest != wanted]
    if not wrong:
        return ()
    has_prev = image.is_shielded and observed.find_digest(image.repository, prev_tag(image)) is not None
    return (*wrong, *((prev_tag(image),) if has_prev else ()))
