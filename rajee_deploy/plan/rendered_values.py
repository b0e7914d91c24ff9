"""What stands in a template, as CloudFormation would resolve it as far as that is known here, and as people read it.
Pure. It must never show a value that is hidden; who knows which are, gives others in their places.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IN_TEXT = re.compile(r"\$\{(!?)\s*([A-Za-z0-9:.]+)\s*\}", re.ASCII)
_LISTS = ("CommaDelimitedList", "List<")
_HASH_SUFFIX = re.compile(r"(?<=.)[0-9A-F]{8}", re.ASCII)
_PATH = "aws:cdk:path"
# The CDK leaves them out of logical ids, too. https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
_SILENT = ("Resource", "Default")


def fill_in(value: Any, values: Mapping[str, str], kinds: Mapping[str, str]) -> Any:
    """A part of a template with values where it refers to parameters; `kinds` are the types of these."""
    match value:
        case {"Ref": str(name)} if len(value) == 1 and name in values:
            is_list = kinds.get(name, "").startswith(_LISTS)
            return [each.strip() for each in values[name].split(",")] if is_list else values[name]
        case {"Fn::Sub": str(text)} if len(value) == 1:
            filled = _substitute(text, values)
            return {"Fn::Sub": filled} if _IN_TEXT.search(filled) else filled
        case {"Fn::Sub": [str(text), dict(own)]} if len(value) == 1:
            outer = {name: each for name, each in values.items() if name not in own}
            return {"Fn::Sub": [_substitute(text, outer), fill_in(own, values, kinds)]}
        case dict():
            return {key: fill_in(each, values, kinds) for key, each in value.items()}
        case list():
            return [fill_in(each, values, kinds) for each in value]
        case _:
            return value


def _substitute(text: str, values: Mapping[str, str]) -> str:
    return _IN_TEXT.sub(lambda found: found[0] if found[1] else values.get(found[2], found[0]), text)


def render(value: Any, names: Mapping[str, str]) -> str:
    """A value in one line. What is known only when CloudFormation deploys is `${…}`, with the names of resources."""
    match value:
        case str():
            return value
        case dict() if is_computed(value):
            return _computed(*next(iter(value.items())), names)
        case list():
            return f"[{', '.join(render(each, names) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}: {render(each, names)}' for key, each in value.items())}}}"
        case _:
            return json.dumps(value)


def _computed(function: str, argument: Any, names: Mapping[str, str]) -> str:
    match function, argument:
        case "Ref", str(name):
            return f"${{{names.get(name, name)}}}"
        case "Fn::GetAtt", [str(name), attribute]:
            return _attribute(name, render(attribute, names), names)
        case "Fn::Join", [str(separator), list(parts)]:
            return separator.join(render(each, names) for each in parts)
        case "Fn::Sub", [str(text), dict(own)]:
            return _name_resources(_substitute(text, {key: render(each, names) for key, each in own.items()}), names)
        case ("Fn::Sub", str(text)):
            return _name_resources(text, names)
        case _:
            return f"${{{function.removeprefix('Fn::')} {render(argument, names)}}}"


def _attribute(name: str, attribute: str, names: Mapping[str, str]) -> str:
    shown = names.get(name, name)
    return f"${{{shown}}}" if attribute == "Arn" else f"${{{shown}.{attribute}}}"


def _name_resources(text: str, names: Mapping[str, str]) -> str:
    def shown(found: re.Match[str]) -> str:
        name, dot, attribute = found[2].partition(".")
        return (
            found[0] if found[1] else (_attribute(name, attribute, names) if dot else f"${{{names.get(name, name)}}}")
        )

    return _IN_TEXT.sub(shown, text)


def is_computed(value: Any) -> bool:
    """Whether it is one of CloudFormation's functions, and no object of its own."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = str(next(iter(value)))
    return name == "Ref" or name.startswith("Fn::")


def references(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a part of a template refers to."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield name
        case {"Fn::GetAtt": [str(name), *_]} if len(value) == 1:
            yield name
        case {"Fn::GetAtt": str(text)} if len(value) == 1:  # in YAML alone
            yield text.partition(".")[0]
        case {"Fn::Sub": inner} if len(value) == 1:
            texts = inner if isinstance(inner, list) else [inner]
            yield from (found[2].partition(".")[0] for found in _IN_TEXT.finditer(str(texts[0])) if not found[1])
            yield from references(texts[1:])
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def names_of(stack: str, *templates: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What people call the resources of a stack: by the path of the construct below the stack's own (`stack`, the CDK's
    id), where the template has it. The last template that is given goes before the others."""
    return {logical: _name(stack, logical, each) for resources in templates for logical, each in resources.items()}


def _name(stack: str, logical: str, resource: Mapping[str, Any]) -> str:
    path = path_of(resource)
    below = path.removeprefix(f"{stack}/") if path.startswith(f"{stack}/") else path.partition("/")[2]
    silent = _SILENT if resource.get("Type") != "AWS::IAM::Policy" else (*_SILENT, "DefaultPolicy")  # of a role
    parts = [part for part in below.split("/") if part not in silent]
    named = [part for part, before in zip(parts, ["", *parts], strict=False) if part != before]
    return "/".join(named) or _HASH_SUFFIX.sub("", logical) or logical


def path_of(resource: Mapping[str, Any]) -> str:
    """The path of the construct that made it; "" where the template has none."""
    metadata = resource.get("Metadata")
    path = metadata.get(_PATH) if isinstance(metadata, dict) else None
    return path if isinstance(path, str) else ""
