"""What made the tag of an image new: its inputs against the build record of the image that is deployed.

A courtesy to whoever reads a plan: asked only where something is built that was deployed before, read-only, within a
short time, and silent where anything is missing. It must never decide anything, and never delay or fail a plan.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import TAG_HEX, TAG_PREFIX
from rajee_deploy.plan import retention
from rajee_deploy.plan.state import Tagged
from rajee_deploy.plan.steps import BuildAndPush

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.actions.explain.changes import ImageDifference
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.build_record.fields import Contents
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.plan.state import StackState, WantedImage

_SECONDS = 2.0  # a plan waits no longer for it
_TAG = re.compile(rf"{TAG_PREFIX}[0-9a-f]{{{TAG_HEX}}}")


@dataclass(frozen=True, slots=True)
class NewTag:
    """Why an image has another tag than the deployed one, `before`: the first cause on top. `files` is how many files
    count in it, whatever they say."""

    image: str
    before: str
    changes: tuple[ImageDifference, ...]
    files: int


def find_new_tags(planned: Planned, seconds: float = _SECONDS) -> dict[str, NewTag]:
    """By image, of those that are built and were deployed before, as far as it is known in time."""
    asked = [image for image in _built(planned) if retention.deployed_reference(image, _state(planned, image))]
    found: dict[str, NewTag] = {}

    def find() -> None:
        for image in asked:
            with suppress(DeployError, OSError):
                new = _new_tag(planned, image)
                if new is not None:
                    found[image.name] = new

    if asked:
        # Not one of a pool: the end of the program waits for those.
        thread = threading.Thread(target=find, name="new tags", daemon=True)
        thread.start()
        thread.join(seconds)
    return dict(found)


def _built(planned: Planned) -> list[WantedImage]:
    """The images that are built of what is checked out."""
    names = {step.image for step in planned.plan.steps if isinstance(step, BuildAndPush)} - {*planned.past}
    return [image for image in planned.wanted.images if image.name in names and image.stack in planned.observed.stacks]


def _state(planned: Planned, image: WantedImage) -> StackState:
    return planned.observed.stacks[image.stack]


def _new_tag(planned: Planned, image: WantedImage) -> NewTag | None:
    tag = _deployed_tag(planned, image)
    if not _TAG.fullmatch(tag) or tag == image.tag:
        return None
    from rajee_deploy.build_record.decode import decode

    inputs = planned.inputs[image.name]
    # This machine's records first: they are there without a question, and a tag has the same wherever it is kept.
    for store in reversed(planned.run.ports.build_records()):
        with suppress(DeployError):
            record = store.get(image.repository, tag)
            if record is not None:
                return _compared(image.name, inputs, decode(tag, record.document))
    return None


def _deployed_tag(planned: Planned, image: WantedImage) -> str:
    """The tag of what the stack records: itself, or by the label of the image whose digest it records."""
    reference = retention.deployed_reference(image, _state(planned, image))
    found = planned.observed.references.get((image.repository, reference))
    if _TAG.fullmatch(reference) or not isinstance(found, Tagged):
        return reference
    content = planned.run.ports.registry.read_content(image.repository, found.digest, image.platforms[0])
    return TAG_PREFIX + content.fingerprint.removeprefix("sha256:")[:TAG_HEX]


def _compared(name: str, inputs: ImageInputs, record: Contents) -> NewTag:
    from rajee_deploy.actions.explain.changes import Cause
    from rajee_deploy.actions.explain.compare import compare
    from rajee_deploy.build_record.of_image import contents_of, proved_by
    from rajee_deploy.model import Kind

    before = proved_by(inputs, record)
    now = contents_of(inputs)
    found = compare(before, now)
    if any(change.cause in {Cause.MODE, Cause.ATTRIBUTES} for change in found.changes):
        found = compare(before, contents_of(inputs, with_bytes=True))  # only the bytes tell whether these moved, too
    files = sum(item.kind is not Kind.DIRECTORY for item in now.items)
    return NewTag(name, found.before, found.changes, files)


def place_of(change: ImageDifference, inputs: ImageInputs, top: Path) -> str:
    """Where an entry that differs lies, from `top` as far as it is below; its path in its context where that is none
    of the image's any more. "" for what is no entry."""
    if not change.is_entry:
        return ""
    selection = inputs.selections.get(change.context)
    if selection is None:
        return change.subject or "."
    place = os.path.relpath(selection.root / change.subject, top)
    return change.subject if place.startswith("..") else place


def line_of(change: ImageDifference, inputs: ImageInputs) -> str:
    """The line that reads it, like `Dockerfile:12`; "" for what acts on the whole build."""
    return f"{inputs.settings.dockerfile.name}:{change.line}" if change.line else ""
