"""The list of what a synth read, as it travels with a deployment: in the template's own Metadata. Pure.

CloudFormation takes the key for the user's and gives it back, so it is as atomic with the deployment as the template.
It is no part of what was deployed: every comparison and digest of templates leaves it out.

Who may update the stack may write any list. It says only *which* things of this checkout are hashed, never what they
hold, and the list itself is hashed with them. So for a stack that we deployed (whose record is a hash under the list
of that very synth) another list gives another hash: it costs a synth, and can never say "nothing changed".

It is text inside of the JSON, and ASCII: CloudFormation gives back `?` for any other character.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rajee_deploy.model import is_local_context
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "rajee-deploy"
SCHEMA = "rajee-deploy.list/1"
WITH_IMAGES = "rajee-deploy.list/2"  # one with images, which no release that knows the former alone takes for a list
MOST_BYTES = 50_000  # of a list inside of a template; a longer one lies elsewhere
_LEAST = 2  # an entry is a kind and a path, and perhaps more words
_KEYS = {"schema", "entries", "variables", "toolchain", "obstacles"}
_IMAGES = "images"
_IMAGE_TEXTS = ("name", "source", "dockerfile", "target", "platform")
_IMAGE_TABLES = ("build-args", "build-contexts")


def carried_of(template: Any) -> Mapping[str, Any] | None:
    """The list that a deployed template carries; None for anything that is not wholly one."""
    metadata = template.get("Metadata") if isinstance(template, dict) else None
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    return decode(text) if isinstance(text, str) else None


def without_carried(template: Any) -> Any:
    """The template as the app made it. An empty Metadata, and so one with a list alone, counts as none."""
    if not isinstance(template, dict) or not isinstance(template.get("Metadata"), dict):
        return template
    metadata = {key: value for key, value in template["Metadata"].items() if key != KEY}
    rest = {key: value for key, value in template.items() if key != "Metadata"}
    return {**rest, "Metadata": metadata} if metadata else rest


def with_carried(template: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The template with a list, as `encode` makes it, in the place of any other."""
    metadata = template.get("Metadata")
    return {**template, "Metadata": {**(metadata if isinstance(metadata, dict) else {}), KEY: text}}


def is_list(document: Any) -> bool:
    """Whether it has the shape that every machine takes, and no other."""
    if not isinstance(document, dict) or not _has_keys(document):
        return False
    entries, toolchain = document["entries"], document["toolchain"]
    return (
        isinstance(entries, list)
        and all(_are_words(entry) and len(entry) >= _LEAST and _is_portable(*entry[:2]) for entry in entries)
        and all(_are_words(document[key]) for key in ("variables", "obstacles"))
        and isinstance(toolchain, dict)
        and _are_words([*toolchain, *toolchain.values()])
    )


def _has_keys(document: dict[str, Any]) -> bool:
    """Whether it is of a schema that is known here, with the keys of that, and with images where they are in it."""
    if document.get("schema") == SCHEMA:
        return set(document) == _KEYS
    images = document.get(_IMAGES)
    return (
        document.get("schema") == WITH_IMAGES
        and set(document) == {*_KEYS, _IMAGES}
        and isinstance(images, list)
        and bool(images)
        and all(map(_is_image, images))
    )


def _is_image(image: Any) -> bool:
    """Whether it is one whose build context is a directory of the checkout, as its named ones are that are no URLs."""
    if not isinstance(image, dict) or set(image) != {*_IMAGE_TEXTS, *_IMAGE_TABLES}:
        return False
    tables = [image[key] for key in _IMAGE_TABLES]
    if not _are_words([image[key] for key in _IMAGE_TEXTS]) or not all(map(_is_table, tables)):
        return False
    places = [image["source"], image["dockerfile"], *(text for text in tables[1].values() if is_local_context(text))]
    return all(_is_portable("", place) for place in places)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and _are_words([*value, *value.values()])


def encode(document: Mapping[str, Any]) -> str:
    """The list as one line of ASCII, the same for equal lists. ValueError when it is none."""
    if not is_list(document):
        raise ValueError(f"this is no document of {SCHEMA}")
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def decode(text: str) -> Mapping[str, Any] | None:
    """The list, None when the text is none. Whoever wrote it: the answer has the shape of a list, or is None."""
    try:
        document = parse_json(text, errors="surrogateescape")
    except ValueError:
        return None
    return document if is_list(document) else None


def _are_words(value: Any) -> bool:
    """A list of texts that are something's names: no path and no variable can have a NUL in it."""
    return isinstance(value, list) and all(isinstance(word, str) and "\0" not in word for word in value)


def _is_portable(kind: str, path: str) -> bool:
    """Whether the path stays in the checkout; only that something is absent may be said of what lies outside."""
    return kind.startswith("outside:") or not (path.startswith(("/", "~")) or ".." in path.split("/"))
