"""The names of profiles and regions that this machine knows. It asks nobody, and keeps no key of theirs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import SMALL, read_json, read_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The credentials file has a section for each profile, [dev]; the config file calls all but one so: [profile dev].
_SECTION = re.compile(r"\s*\[\s*([^\]\s]+|profile\s+[^\]]+?)\s*\]\s*")


def profile_names(environment: Mapping[str, str]) -> list[str]:
    """Those of AWS's own two files, in their order; none where there are no such files."""
    config = _sections(environment.get("AWS_CONFIG_FILE") or "~/.aws/config")
    named = [_name(each) for each in config if each == "default" or each.startswith("profile")]
    keys = _sections(environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials")
    return list(dict.fromkeys((*named, *keys)))


def region_names() -> dict[str, str]:
    """Every region that botocore knows, and where it is."""
    from importlib.util import find_spec

    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        return {}
    document = read_json(Path(spec.origin).with_name("data") / "partitions.json", SMALL)
    regions = {name: each for partition in document["partitions"] for name, each in partition["regions"].items()}
    return {name: each.get("description", "") for name, each in regions.items() if not name.endswith("-global")}


def _sections(path: str) -> Iterator[str]:
    try:
        text = read_text(Path(path).expanduser(), SMALL, errors="replace")
    except OSError:
        return
    for line in lines_of(text):
        if found := _SECTION.fullmatch(line.partition("#")[0]):
            yield found[1]


def _name(section: str) -> str:
    return section.removeprefix("profile").strip().strip("\"'") or section
