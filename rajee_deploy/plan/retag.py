"""A deployed template with other tags of the app's own images: whether CloudFormation can be given it as it was read
back, and its text. Pure.

So a stack goes to another image without a synth: all else of the template stays. It never goes where what was read back
may not be what was sent (CloudFormation gives back `?` for each character beyond ASCII), where a nested template
names an image (nested templates are uploaded, which is the CDK CLI's), or where a tag stands for two images.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.carried import without_carried
from rajee_deploy.plan.tagged_templates import names_images, nested_stacks, retag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.plan.tagged_templates import RecordedImage

MOST_BYTES = 51_200  # of a template that is given with the request; a larger one has to be uploaded first


def retag_obstacle(template: Any, images: Sequence[RecordedImage], *, is_as_sent: bool) -> str:
    """Why the template of a stack that records these images cannot be given to CloudFormation with other tags; "" where
    it can. `is_as_sent`: the stack records that this is what was sent, to the last character."""
    if not isinstance(template, dict):
        return "its template is not JSON"
    text = _text(without_carried(template))
    if len(text) > MOST_BYTES:
        return too_large(len(text))
    nested = [name for name, each in nested_stacks(template) if names_images(each)]
    if nested:
        return f"its nested stack {nested[0]} names an image, and nested templates have to be uploaded to S3"
    if "?" in text and not is_as_sent:
        return "CloudFormation may not have given back all characters of its template"
    twice = [tag for tag, count in Counter(each.tag for each in images).items() if count > 1]
    if twice:
        return f"two of its images have the tag {twice[0]}"
    missing = [each.name for each in images if each.tag not in text]
    return f"its template does not name the image {missing[0]}" if missing else ""


def too_large(size: int) -> str:
    """Why a template of so many bytes cannot be given with a request; "" where it can."""
    is_too_large = size > MOST_BYTES
    return f"its template has {size:,} bytes: over {MOST_BYTES:,} it has to be uploaded to S3" if is_too_large else ""


def template_size(template: Any) -> int:
    """How many bytes a template has with the list that it carries."""
    return len(_text(template))


def tag_changes(images: Iterable[RecordedImage], parameters: Mapping[str, str]) -> dict[str, str]:
    """Which tags stand in the places of others, of what a stack records and what it is to record."""
    told = ((each.tag, parameters.get(each.parameter, each.tag)) for each in images)
    return {before: now for before, now in told if before != now}


def template_body(template: Any, tags: Mapping[str, str]) -> str:
    """The text of the template with other tags; without the list that it carries where there is no room for that: the
    next run finds out what synth reads. ValueError where it cannot be given with a request."""
    if not isinstance(template, dict):
        raise ValueError("it is not JSON")  # noqa: TRY004 -- the document's value is wrong, not the caller's type
    unnamed = [tag for tag in tags if tag not in _text(template)]
    if unnamed:
        raise ValueError(f"it does not name the tag {unnamed[0]}")
    changed = retag(template, tags)
    found = next((text for each in (changed, without_carried(changed)) if len(text := _text(each)) <= MOST_BYTES), "")
    if not found:
        raise ValueError(f"over {MOST_BYTES:,} bytes it has to be uploaded to S3")
    return found


def _text(template: Any) -> str:
    return json.dumps(template, separators=(",", ":"))  # ASCII: a character is a byte
