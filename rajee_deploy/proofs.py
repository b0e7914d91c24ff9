"""What one machine's synth has proved, for every other: "these inputs make what this stack has". Kept beside the build
records, in the repository of an image, so that an edit which changes no template is synthesised once and not by each.

A proof is a tag that is there. Its name is made of all that it says: the stack and its place, the digest of what synth
reads, and the record of what is deployed. So it is asked for as tags of images are, and it is believed as they are: who
may push into the repository decides what runs, and that nobody else may is the business of its policy (see `trust`).
It proves only for the very inputs and the very template; another edit, or a change by somebody else, asks for another.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.facts import RepositoryAbsent, StackPresent, Tagged
from rajee_deploy.fingerprint import TAG_HEX, TAG_PREFIX
from rajee_deploy.names import NOT_RECORDED, TEMPLATE_PARAMETER
from rajee_deploy.registry.contents import Record, record_tag
from rajee_deploy.template import is_recorded, record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.aws import Identity
    from rajee_deploy.facts import StackState
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Repository
    from rajee_deploy.registry import RegistryReader
    from rajee_deploy.registry.contents import ContentsStore

SCHEMA = "rajee-deploy.proof/1"


def proof(who: Identity, stack: str, fingerprint: Fingerprint, state: StackState) -> dict[str, str] | None:
    """What is said: that these inputs make what the stack has. None where nothing can be said of the stack."""
    if not isinstance(state, StackPresent) or state.content is None:
        return None
    content, recorded = state.content, state.parameters.get(TEMPLATE_PARAMETER, NOT_RECORDED)
    return {
        "schema": SCHEMA, "account": who.account, "region": who.region, "stack": stack,
        "infrastructure": str(fingerprint.digest),
        # With the digest of what CloudFormation does not give back, where it was recorded.
        "template": recorded if is_recorded(recorded, content) else record_of(content),
    }  # fmt: skip


def find_proven(
    registry: RegistryReader, repositories: Mapping[str, Repository], proofs: Mapping[str, dict[str, str]]
) -> frozenset[str]:
    """The stacks whose proof is there. One that cannot be asked for is none: then a synth decides."""
    found: set[str] = set()
    for repository in dict.fromkeys(repositories[stack] for stack in proofs):
        tags = {stack: record_tag(_key(said)) for stack, said in proofs.items() if repositories[stack] == repository}
        there = _present(registry, repository, tags.values())
        found |= {stack for stack, tag in tags.items() if tag in there}
    return frozenset(found)


def keep_proof(store: ContentsStore, repository: Repository, said: dict[str, str]) -> None:
    """Keep what was proved. DeployError when it cannot be kept."""
    text = json.dumps(said, sort_keys=True).encode()
    store.put(repository, _key(said), Record(gzip.compress(text, mtime=0)))


def _key(said: dict[str, str]) -> str:
    """As long as an image's tag, whose record it stands beside."""
    text = json.dumps(said, sort_keys=True).encode()
    return TAG_PREFIX + hashlib.sha256(text).hexdigest()[:TAG_HEX]


def _present(registry: RegistryReader, repository: Repository, tags: Iterable[str]) -> set[str]:
    try:
        found = registry.find(repository, list(tags))
    except DeployError:
        return set()
    if isinstance(found, RepositoryAbsent):
        return set()
    return {tag for tag, state in found.items() if isinstance(state, Tagged)}
