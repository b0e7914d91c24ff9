"""What the docker image assets of a stack are called: names that stay, whatever lies in their build contexts.

A name is recorded by the stack and stands in its neutral template, so nothing of the CDK's hash may be in it, nor may
it depend on the order of a list that is sorted by hashes. It must never decide whether an asset is ours.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.tagged_templates import placeholder_name, resources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def names_of(images: Sequence[Mapping[str, Any]], tags: Sequence[str], templates: Callable[[], list[Any]]) -> list[str]:
    """The names of images, as a stack's list has them, in their order. `templates` reads the stack's template and those
    of its nested ones; it is asked where the list alone does not tell the images apart. Images of a neutral assembly
    have their names already, and those that are the same image share one."""
    names = [_own_name(image, tag) for image, tag in zip(images, tags, strict=True)]
    taken = {placeholder_name(tag) for tag in tags} - {""}
    new = [at for at, tag in enumerate(tags) if not placeholder_name(tag)]
    told = {names[at] for at in new}
    if "" not in told and taken.isdisjoint(told) and len(told) == len(new):
        return names
    uses = _first_uses(tags, templates())
    for at in sorted(new, key=lambda at: (uses.get(tags[at], _UNUSED)[0], _text(images[at]))):
        names[at] = _free(names[at] or _slug(uses.get(tags[at], _UNUSED)[1]) or "image", taken)
        taken.add(names[at])
    return names


_UNUSED = ((1 << 30, 0), "")


def _own_name(image: Mapping[str, Any], tag: str) -> str:
    return placeholder_name(tag) or _slug(str(image.get("displayName", "")))


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where others have it."""
    number, found = 1, name
    while found in taken:
        number, found = number + 1, f"{name}.{number + 1}"
    return found


def _first_uses(tags: Sequence[str], templates: Iterable[Any]) -> dict[str, tuple[tuple[int, int], str]]:
    """By tag, where a template names it first (which resource, where in it), and the logical id of that resource."""
    uses: dict[str, tuple[tuple[int, int], str]] = {}
    resources = [each for template in templates for each in resources_of(template).items()]
    for number, (logical, resource) in enumerate(resources):
        text = json.dumps(resource)
        for tag in tags:
            if tag and tag not in uses and tag in text:
                uses[tag] = (number, text.index(tag)), logical
    return uses


def _text(image: Mapping[str, Any]) -> str:
    """What the image is, but for what is in its build context."""
    source = {key: value for key, value in image.get("source", {}).items() if key != "directory"}
    return json.dumps([source, image.get("displayName", "")], sort_keys=True)


def _slug(shown: str) -> str:
    """A name that an image of the settings may have too, from the construct's path: of `Web/Task/web/AssetImage` what
    the user wrote."""
    text = re.sub(r"(/AssetImage|/Code)$", "", shown)
    return re.sub(r"[^A-Za-z0-9_-]+", ".", text).strip(".-_")
