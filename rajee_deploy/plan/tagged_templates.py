"""Templates that name images of the CDK's own (assets): with placeholders, as they are compared, or with tags, as they
are deployed. And which tags a stack records. Pure.

A tag stands in the template as text (`cdk gc` keeps what templates name, and looks at no parameter's value). So that
the template says nothing of what is in a build context, it is compared with a placeholder in the tag's place. Two
things of a template follow from a tag, and are made anew with it: the logical id of a Lambda version, by which the CDK
has a changed function published, and the address of a nested stack's template.
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda.Version.html
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import ASSET_PREFIX
from rajee_deploy.model.repository import TAG, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_MOST_BYTES = 4096  # of a parameter's value
PLACEHOLDER = "rajee-image."
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_DIGITS = 32
_VERSION_ID = re.compile(rf"[A-Za-z0-9]+[0-9a-f]{{{_DIGITS}}}")
_INSTANCE_ID = re.compile(r"[A-Za-z0-9]*[0-9A-F]{8}[0-9a-f]{16}")  # with userDataCausesReplacement
_OF_API = ("AWS::ApiGateway::Method", "AWS::ApiGateway::RestApi")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# What of a function no version has: Lambda publishes none where nothing else changed, and then CloudFormation fails
# ("A version for this Lambda function exists"). As VERSION_LOCKED of aws-cdk-lib has it (lambda/lib/function-hash).
_OF_NO_VERSION = frozenset({"CodeSigningConfigArn", "ReservedConcurrentExecutions", "Tags", "TenancyConfig"})
NESTED, NESTED_CONTENT, NESTED_KEY = "AWS::CloudFormation::Stack", "rajee-deploy:template", "rajee-deploy:key"
_NESTED_PLACEHOLDER = "rajee-template."


@dataclass(frozen=True, slots=True)
class RecordedImage:
    """An image of the CDK's own, as its stack records it: with the tag that it had before, "" where none is known. It
    is recorded here since no `prev-` tag can be moved in a repository of the CDK's."""

    name: str
    repository: Repository
    tag: str
    former: str = ""

    @property
    def parameter(self) -> str:
        """The private name under which the tag is held (see `names.ASSET_PREFIX`)."""
        return ASSET_PREFIX + self.name


def placeholder(name: str) -> str:
    """What stands in a neutral template where the image's tag will be."""
    return PLACEHOLDER + name


def placeholder_name(text: str) -> str:
    """The image of a placeholder, "" for any other text."""
    return text.removeprefix(PLACEHOLDER) if text.startswith(PLACEHOLDER) else ""


def has_placeholder(document: Any) -> bool:
    """Whether a document has the beginning of a placeholder anywhere."""
    return PLACEHOLDER in json.dumps(document)


def nested_placeholder(path: str) -> str:
    """What stands in a neutral template for the name under which a nested stack's template is uploaded."""
    return _NESTED_PLACEHOLDER + hashlib.sha256(path.encode()).hexdigest()[:16]


def encode_images(images: Iterable[RecordedImage]) -> str:
    """What a stack records of its images: `repository name=tag name=tag,former`, the repositories divided by `;`. The
    former tags are left out where all together are more than a parameter takes."""
    ordered = sorted(images, key=lambda one: one.name)
    text = _encode(ordered)
    return text if len(text) <= _MOST_BYTES else _encode([replace(each, former="") for each in ordered])


def _encode(images: Iterable[RecordedImage]) -> str:
    by_repository: dict[str, list[str]] = {}
    for each in images:
        tags = ",".join(filter(None, (each.tag, each.former)))
        by_repository.setdefault(str(each.repository), []).append(f"{each.name}={tags}")
    return ";".join(" ".join((repository, *pairs)) for repository, pairs in sorted(by_repository.items())) or "-"


def decode_images(text: str) -> tuple[RecordedImage, ...]:
    """The same, read; none for anything that is not wholly such a record. Each name stands there once: of two tags, one
    would stand for what the other runs."""
    found: list[RecordedImage] = []
    for part in text.split(";") if text not in ("", "-") else ():
        repository, *pairs = part.split(" ")
        for pair in pairs:
            name, _, tags = pair.partition("=")
            tag, *former = tags.split(",")
            is_one = re.fullmatch(_NAME, name) and all(re.fullmatch(TAG, each) for each in (tag, *former))
            if not is_one or former[1:]:
                return ()
            try:
                found.append(RecordedImage(name, Repository.parse(repository), tag, *former))
            except ValueError:
                return ()
    is_ours = len({each.name for each in found}) == len(found) and encode_images(found) == text
    return tuple(found) if is_ours else ()


def succeed(images: Iterable[RecordedImage], deployed: Iterable[RecordedImage]) -> tuple[RecordedImage, ...]:
    """The images as a stack is to record them that records others now: each with the tag that it had before, which
    stays the same as long as the image does."""
    before = {(each.name, each.repository.name): each for each in deployed}
    return tuple(_after(each, before.get((each.name, each.repository.name))) for each in images)


def _after(image: RecordedImage, before: RecordedImage | None) -> RecordedImage:
    if before is None:
        return image
    return replace(image, former=before.tag if before.tag != image.tag else before.former)


def with_tags(template: Any, images: Mapping[str, str]) -> Any:
    """A neutral template with the images' tags, by name."""
    return retag(template, {placeholder(name): tag for name, tag in images.items()})


def without_tags(template: Any, images: Iterable[RecordedImage]) -> Any:
    """The neutral form of a deployed template whose stack records these images."""
    # What stands there as a placeholder already, no tag was put in its place: it is not what was compared.
    tags = {PLACEHOLDER: f"not-{PLACEHOLDER}", **{each.tag: placeholder(each.name) for each in images}}
    return retag(_without_keys(template), tags)


def retag(template: Any, texts: Mapping[str, str]) -> Any:
    """The template with some texts in the place of others, wherever they stand, and with what follows from them."""
    changed = replace_texts(template, texts)
    return replace_texts(changed, renamed_versions(changed, texts.values()))


def replace_texts(document: Any, texts: Mapping[str, str]) -> Any:
    """A document with texts replaced in all of its strings and keys; no text is looked for in what was put in."""
    if not texts:
        return document
    pattern = re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))))
    return _edit(document, lambda text: pattern.sub(lambda found: texts[found[0]], text))


def _edit(document: Any, edit: Callable[[str], str]) -> Any:
    """A document with all of its strings and keys edited."""
    match document:
        case str():
            return edit(document)
        case list():
            return [_edit(each, edit) for each in document]
        case dict():
            return {edit(key): _edit(each, edit) for key, each in document.items()}
        case _:
            return document


def renamed_versions(template: Any, images: Iterable[str]) -> dict[str, str]:
    """The logical ids of Lambda versions whose functions name one of these images (tags, or placeholders), and those
    that follow from what the functions are now. A version is published of a function that changed, and of no other: so
    the id is a digest of all that the template says of the function and a version has of it."""
    found = {
        name: f"{name[:-_DIGITS]}{content_digest(_of_version(properties))[:_DIGITS]}"
        for name, properties in versions_naming(template, images)
    }
    return {old: new for old, new in found.items() if old != new}


def _of_version(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in _OF_NO_VERSION}


def versions_naming(template: Any, texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The logical ids of Lambda versions, those that the CDK ends in a digest of their function, whose functions' text
    has one of these texts; with the properties of the function."""
    named, resources = tuple(texts), resources_of(template)
    for name, version in resources.items():
        if version.get("Type") != "AWS::Lambda::Version" or not _VERSION_ID.fullmatch(name):
            continue
        properties = resources.get(_referred(version, "FunctionName"), {}).get("Properties", {})
        text = json.dumps(properties)
        if any(each in text for each in named):
            yield name, properties


def made_anew_with(template: Any, texts: Iterable[str]) -> Iterator[str]:
    """The logical ids of other resources that the CDK ends in a digest of its own, where what they are made of names
    one of these texts, or the version of a function that does: only with another id are they made anew. A deployment of
    an API has its methods as they were then; an instance does what its user data says once."""
    texts, resources = tuple(texts), resources_of(template)
    named = (*texts, *(name for name, _ in versions_naming(template, texts)))
    naming = [each for each in resources.items() if any(text in json.dumps(each[1]) for text in named)]
    is_of_api = any(each.get("Type") in _OF_API for _, each in naming)
    for name, each in resources.items():
        if each.get("Type") == "AWS::ApiGateway::Deployment" and is_of_api and _VERSION_ID.fullmatch(name):
            yield name
    for name, each in naming:
        if each.get("Type") == "AWS::EC2::Instance" and _INSTANCE_ID.fullmatch(name):
            yield name


def resources_of(template: Any) -> dict[str, dict[str, Any]]:
    """The resources of a template, as far as it has any of the right shape."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict):
        return {}
    return {name: each for name, each in resources.items() if isinstance(each, dict)}


def nested_stacks(template: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The nested stacks of a template, by logical id."""
    return ((name, each) for name, each in resources_of(template).items() if each.get("Type") == NESTED)


def names_images(nested: Mapping[str, Any]) -> bool:
    """Whether a nested stack of a deployed template has a template of its own that names images of ours."""
    metadata = nested.get("Metadata")
    return isinstance(metadata, dict) and NESTED_KEY in metadata


def content_digest(document: Any) -> str:
    """A digest of a part of a template as CloudFormation gives it back: `?` stands for each character beyond ASCII, in
    keys before these are sorted."""
    plain = _edit(document, lambda text: _BEYOND_ASCII.sub("?", text))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _without_keys(template: Any) -> Any:
    """The template with placeholders where nested templates that name images of ours were uploaded: what is in those
    is told beside it, by the digest of their neutral form."""
    keys = {}
    for name, nested in nested_stacks(template):
        metadata = nested.get("Metadata")
        key = metadata.get(NESTED_KEY) if isinstance(metadata, dict) else None
        if isinstance(key, str) and key and key.partition(" ")[0] in json.dumps(nested.get("Properties", {})):
            keys[name] = key
    if not keys:
        return template
    resources = {
        name: _without_key(each, keys[name]) if name in keys else each for name, each in resources_of(template).items()
    }
    return {**template, "Resources": {**template["Resources"], **resources}}


def _without_key(nested: dict[str, Any], key: str) -> dict[str, Any]:
    found, _, path = key.partition(" ")
    metadata = {name: each for name, each in nested["Metadata"].items() if name != NESTED_KEY}
    return {
        **nested,
        "Properties": replace_texts(nested.get("Properties", {}), {found: path}),
        "Metadata": metadata,
    }


def _referred(resource: Mapping[str, Any], name: str) -> str:
    """The logical id that a property refers to, "" where it refers to none."""
    properties = resource.get("Properties")
    value = properties.get(name) if isinstance(properties, dict) else None
    if not isinstance(value, dict):
        return ""
    referred = value.get("Ref")
    if referred is None and isinstance(value.get("Fn::GetAtt"), list) and value["Fn::GetAtt"]:
        referred = value["Fn::GetAtt"][0]
    return referred if isinstance(referred, str) else ""
