"""What one machine's synth found out, for every other one, kept beside the build records in the repository of an image:

- a *proof*, "these inputs make what this stack has": so an edit that changes no template is synthesised once, and not
  by each. It is a tag that is there. Its name is made of all that it says: the stack and its place, the digest of what
  synth reads, and the record of what is deployed; it proves for nothing else. It is asked for as tags of images are,
  and believed as they are: who may push into the repository decides what runs, and that nobody else may is the
  business of its policy (see `image_check`);
- a *list* of what a synth reads, where the stack's template carries none or another one. It proves nothing, see
  `carried`.

Each is written once: one that is there stays. What cannot be asked for is not there, and then a synth decides.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any

from rajee_deploy.build_record.store import Record, record_tag
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import TAG_HEX, TAG_PREFIX
from rajee_deploy.model.names import NOT_RECORDED, TEMPLATE_PARAMETER
from rajee_deploy.plan.carried import decode, encode
from rajee_deploy.plan.state import RepositoryAbsent, Tagged
from rajee_deploy.plan.template_differences import is_recorded, plain_record, record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.aws import Identity
    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.state import StackPresent
    from rajee_deploy.registry import RegistryReader

PROOF, LIST = "rajee-deploy.proof/1", "rajee-deploy.list-of/1"
_GZIP = 31  # zlib's number for it; such a header has no name and no time
_MOST_BYTES = 8 << 20  # of an unpacked list

Subject = dict[str, str]


def proof(who: Identity, stack: str, infrastructure: str, state: StackPresent) -> Subject | None:
    """What is proved: that the inputs of this digest make what the stack has. None where that is not known."""
    if state.content is None:
        return None
    recorded = state.parameters.get(TEMPLATE_PARAMETER, NOT_RECORDED)
    # With the digest of what CloudFormation does not give back, where it was recorded.
    template = plain_record(recorded) if is_recorded(recorded, state.content) else record_of(state.content)
    return {**_subject(PROOF, who, stack, infrastructure), "template": template}


def list_of(who: Identity, stack: str, infrastructure: str) -> Subject:
    """Whose list: of a stack that records this digest, or gives it by the list that it carries."""
    return _subject(LIST, who, stack, infrastructure)


def tag_of(subject: Subject) -> str:
    """Under which tag it lies; as long as that of an image, whose record it stands beside."""
    return record_tag(_key(subject))


def present(registry: RegistryReader, repository: Repository, tags: Iterable[str]) -> frozenset[str]:
    """Those of the tags that are there."""
    try:
        found = registry.find(repository, list(tags))
    except DeployError:
        return frozenset()
    if isinstance(found, RepositoryAbsent):
        return frozenset()
    return frozenset(tag for tag, state in found.items() if isinstance(state, Tagged))


def keep(
    store: ContentsStore, repository: Repository, subject: Subject, document: Mapping[str, Any] | None = None
) -> None:
    """Keep a list (the document), or a proof, which says all by itself. DeployError when it cannot be kept."""
    text = json.dumps(subject, sort_keys=True) if document is None else encode(document)
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    store.put(repository, _key(subject), Record(packer.compress(text.encode("ascii")) + packer.flush()))


def find_list(store: ContentsStore, repository: Repository, subject: Subject) -> Mapping[str, Any] | None:
    """A list that was kept; None where there is none that can be used."""
    try:
        record = store.get(repository, _key(subject))
        text = _unpack(record.document) if record is not None else ""
    except (DeployError, ValueError, zlib.error):
        return None
    return decode(text)


def _subject(schema: str, who: Identity, stack: str, infrastructure: str) -> Subject:
    place = {"account": who.account, "region": who.region, "stack": stack}
    return {"schema": schema, **place, "infrastructure": infrastructure}


def _key(subject: Subject) -> str:
    text = json.dumps(subject, sort_keys=True).encode()
    return TAG_PREFIX + hashlib.sha256(text).hexdigest()[:TAG_HEX]


def _unpack(packed: bytes) -> str:
    unpacker = zlib.decompressobj(_GZIP)
    text = unpacker.decompress(packed, _MOST_BYTES)
    if not unpacker.eof:
        raise ValueError("it is cut off, or too long")
    return text.decode("ascii")
