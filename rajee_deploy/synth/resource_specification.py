"""Which properties replace their resource when they change, from the list that the CDK CLI's own package brings.

The CLI compares templates by this list (`db.json.gz`, since some release between 2.100 and 2.150; read in 2.150.0,
2.1000.2 and 2.1148.1). To unpack it takes 0.12 s, to parse the whole of it 0.6 s more and 170 MB: so the resources are
cut out of the text that are asked for. Whatever of it cannot be read is not known; it is never an error.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.replacement import Replacement, Specification
from rajee_deploy.synth.cli_files import find_cli
from rajee_deploy.system.regular_files import LARGE, read_regular
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_NAME = "db.json.gz"
_BEGIN = re.compile(rb'\{"\$id":"\d+","cloudFormationType":"([^"\\]+)"')
_END = re.compile(rb'\]\},"\w+":\{"type":"entities"')  # of all resources
_GZIP = 31  # https://docs.python.org/3/library/zlib.html#zlib.decompress (wbits)
_WORDS = {"yes": Replacement.YES, "maybe": Replacement.MAYBE}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
_CUSTOM = "AWS::CloudFormation::CustomResource"


def read_specification(app: Path, types: Collection[str]) -> Specification:
    """What is known of these types; nothing where the app's CLI has no such list."""
    path = _find_list(app)
    text = _text_of(path) if path is not None else b""
    places = _places_of(text)
    found = {kind: _replacing(text[slice(*places[kind])]) for kind in types if kind in places}
    known = {kind: each for kind, each in found.items() if each is not None}
    if _CUSTOM in types:  # as a provider has it, which nobody knows, but for this
        known[_CUSTOM] = {"ServiceToken": Replacement.YES}
    return Specification(known)


def _find_list(app: Path) -> Path | None:
    try:
        cli = find_cli(app)
    except DeployError:
        return None
    if cli is None:
        return None
    packages = (cli.path.parent.parent / "aws-cdk", *cli.path.resolve().parents[:3])
    return next((each / _NAME for each in packages if (each / _NAME).is_file()), None)


@cache  # a plan may be made several times in one run
def _text_of(path: Path) -> bytes:
    try:
        unpacked = zlib.decompressobj(_GZIP)
        text = unpacked.decompress(read_regular(path, LARGE), LARGE)
    except (OSError, zlib.error):
        return b""
    return text if unpacked.eof else b""


def _places_of(text: bytes) -> dict[str, tuple[int, int]]:
    """Where each type stands: up to the next one, or to the end of the list."""
    found = list(_BEGIN.finditer(text))
    last = _END.search(text, found[-1].end()) if found else None
    ends = [each.start() - 1 for each in found[1:]] + ([last.start()] if last is not None else [])
    return {each[1].decode(): (each.start(), end) for each, end in zip(found, ends, strict=False)}


def _replacing(text: bytes) -> Mapping[str, Replacement] | None:
    """By property, of those whose change replaces it; None where the text is of another form."""
    try:
        document: Any = parse_json(text)
        properties = document["properties"]
        return {
            str(name): _WORDS[each["causesReplacement"]]
            for name, each in properties.items()
            if each.get("causesReplacement") in _WORDS
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
