"""What was deployed, recorded outside of a stack that has no parameters for it: one document in SSM per stack.

It is no truth by itself: not atomic with the deployment, and writable by others. It is read into the place of the
parameters that the stack lacks, so it is believed exactly as far as they are: only together with the digest of the
template that is deployed. It decides nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rajee_deploy.aws import unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import INFRA_PARAMETER, REVISION_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.stack import StackReader

SCHEMA = "rajee-deploy.record/1"
MAX_BYTES = 4096  # of a standard parameter: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html


@dataclass(frozen=True, slots=True)
class StackRecord:
    """Tags by image name, the infra hash and the template record (see `template.record_of`) that went with them, and
    the revision."""

    tags: Mapping[str, str]
    infrastructure: str
    template: str
    revision: str


class RecordStore(Protocol):
    """Where records lie, as text, by stack."""

    def read(self, stack: str) -> str | None:
        """The text, None when there explicitly is none. DeployError when the answer is neither."""
        ...

    def write(self, stack: str, text: str) -> None:
        """Replace it. DeployError when it was not written."""
        ...


class SsmRecords:
    """`/rajee-deploy/<stack>` in the Parameter Store of one account and region."""

    def __init__(self, aws: Asks) -> None:
        self._aws = aws

    def read(self, stack: str) -> str | None:
        """See RecordStore."""

        def absent(code: str, _message: str) -> bool | None:
            return True if code == "ParameterNotFound" else None

        name = parameter_name(stack)
        answer = self._aws.ask("ssm", "get_parameter", {"Name": name}, absent)
        if not isinstance(answer, dict):
            return None
        found = answer.get("Parameter", {})
        if found.get("Name") != name or not isinstance(found.get("Value"), str):
            raise unknown(f"ssm:GetParameter {name}", "the answer lacks the parameter that was asked for")
        value: str = found["Value"]
        return value

    def write(self, stack: str, text: str) -> None:
        """See RecordStore."""
        name = parameter_name(stack)
        if len(text.encode()) > MAX_BYTES:
            raise DeployError(
                "record-too-long",
                f"the record is longer than {MAX_BYTES} bytes",
                where=name,
                hint="too many images are in one stack: divide it, or give them parameters (images.*.parameter)",
            )
        self._aws.ask("ssm", "put_parameter", {"Name": name, "Value": text, "Type": "String", "Overwrite": True})


class RecordedStacks:
    """A StackReader that shows a record where the stack has no parameter. `images` are, for a stack, the names under
    which images are recorded and those under which the stack would hold their tags."""

    def __init__(self, reader: StackReader, records: RecordStore, images: Callable[[str], Mapping[str, str]]) -> None:
        self._reader = reader
        self._records = records
        self._images = images

    def describe(self, stack: str) -> StackState:
        """See StackReader."""
        return self._with_record(stack, self._reader.describe(stack))

    def observe(self, stack: str) -> StackState:
        """See StackReader."""
        return self._with_record(stack, self._reader.observe(stack))

    def _with_record(self, stack: str, state: StackState) -> StackState:
        images = self._images(stack)
        if not images or not isinstance(state, StackPresent):
            return state
        record = decode(self._records.read(stack) or "")
        if record is None:
            return state
        shown = {
            INFRA_PARAMETER: record.infrastructure,
            TEMPLATE_PARAMETER: record.template,
            REVISION_PARAMETER: record.revision,
            **{images[name]: tag for name, tag in record.tags.items() if name in images},
        }
        return replace(state, parameters={**shown, **state.parameters})  # what the stack says of itself comes first


def parameter_name(stack: str) -> str:
    """The name of a stack's record in SSM."""
    return f"/rajee-deploy/{stack}"


def encode(record: StackRecord) -> str:
    """The document."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "tags": dict(record.tags),
            "infrastructure": record.infrastructure,
            "template": record.template,
            "revision": record.revision,
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def decode(text: str) -> StackRecord | None:
    """The record; None for anything that is not wholly one: then nothing is recorded."""
    try:
        document = parse_json(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return None
    tags = document.get("tags")
    parts = [document.get(key) for key in ("infrastructure", "template", "revision")]
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in (*parts, *tags.values())):
        return None
    infrastructure, template, revision = map(str, parts)
    return StackRecord(tags, infrastructure, template, revision)
