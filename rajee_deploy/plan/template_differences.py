"""What makes two deployments of a stack the same: canonical templates, and what a stack records of itself. Pure.

It compares what `cdk deploy` compares before it skips a deployment: the template, the stack's tags, its notification
topics, its termination protection, and whether a parameter is looked up in SSM each time.

CloudFormation gives back `?` for every character beyond ASCII. So two templates that differ in such characters alone
look equal when they are read back; for those the record holds a second digest, of the template as it was sent.
What `carried` puts into a template is no part of it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html

CloudFormation changes a template's Description and Metadata only along with a resource or an output. A stack that
records has such an output: its record is then written in another way. Of one that does not, they are left out.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-description-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.model.names import RECORDS
from rajee_deploy.plan.carried import without_carried
from rajee_deploy.plan.parameters import slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.plan.state import StackContent, Synthesised

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_SSM = "AWS::SSM::Parameter::"
# The CDK marks parameters so whose value may change without a deployment, like the version of its own bootstrap.
_HARMLESS = "[cdk:skip]"
RECORD_SCHEME = "rajee-deploy.template/1"
_ANEW = "."  # behind a record that would else stay as it is, see `expected_record`
_TEXTS = ("Description", "Metadata")


def given_back(template: Any) -> str:
    """Digest of a template (parsed JSON, or text that is none) as CloudFormation gives it back."""
    return _digest(_BEYOND_ASCII.sub("?", _canonical(without_carried(template))))


def as_sent(template: Any) -> str:
    """Digest of a template with all its characters where CloudFormation does not give all back, else ""."""
    text = _canonical(without_carried(template))
    return "" if text.isascii() else _digest(text)


def effective(template: Any) -> str:
    """Digest, as of `given_back`, of what CloudFormation updates for its own sake.

    "" where the rest is updated, too, since the stack records something; and where a macro may read the rest.
    """
    if not isinstance(template, dict) or not set(RECORDS).isdisjoint(slots_of(template)):
        return ""
    if "Transform" in template or "Fn::Transform" in json.dumps(template):
        return ""
    return given_back({key: part for key, part in template.items() if key not in _TEXTS})


def volatile_parameters(template: Any) -> tuple[str, ...]:
    """Parameters whose value CloudFormation looks up in SSM at each deployment: no comparison here is enough."""
    return tuple(
        name
        for name, slot in sorted(slots_of(template).items())
        if str(slot.get("Type", "")).startswith(_SSM) and _HARMLESS not in str(slot.get("Description", ""))
    )


def referenced_parameters(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Declared parameters that a resource or an output refers to: any other updates nothing."""
    used = json.dumps([template.get("Outputs", {}), template.get("Resources", {})])
    return tuple(name for name in sorted(slots_of(template)) if f'"Ref": "{name}"' in used)


def record_of(content: StackContent, sent: str = "") -> str:
    """What a stack records of its own content: `sha256:<hex>`, and `+<hex>` where `sent` (see as_sent) is given."""
    parts = [
        RECORD_SCHEME,
        content.template,
        sorted(content.tags.items()),
        sorted(set(content.notification_arns)),
        content.termination_protection,
    ]
    # Else who changes a tag in the template, and what is recorded of it, would leave no trace.
    parts += [content.images] if content.images else []
    return _digest(json.dumps(parts)) + (f"+{sent.removeprefix('sha256:')}" if sent else "")


def expected_record(
    synthesised: Synthesised, deployed: StackContent | None, recorded: str = "", images: str = ""
) -> str:
    """What the stack will record once `synthesised` is deployed over what is `deployed` now (None: nothing). `images`
    is what it will record of images that the app declares.

    Where it records the same already (`recorded`), though somebody deployed something else since, the record is
    written in another way, so that there is something to update: CloudFormation would else keep that one's Description.
    """
    record = record_of(replace(_after(synthesised, deployed), images=images), synthesised.sent)
    is_lost = deployed is not None and not is_recorded(recorded, deployed)
    return record + _ANEW if is_lost and recorded == record else record


def is_recorded(recorded: str, content: StackContent) -> bool:
    """Whether what was read back is what the stack recorded."""
    return plain_record(recorded).partition("+")[0] == record_of(content)


def record_with(recorded: str, deployed: StackContent, images: str) -> str:
    """What a stack records once its template has other tags of images that the app declares, and stays for the rest:
    what it records now (`recorded`), where that is not what is deployed."""
    if not is_recorded(recorded, deployed):
        return recorded
    return record_of(replace(deployed, images=images), plain_record(recorded).partition("+")[2])


def has_sent(recorded: str) -> bool:
    """Whether a record says of a template that it has characters which CloudFormation does not give back."""
    return bool(plain_record(recorded).partition("+")[2])


def plain_record(recorded: str) -> str:
    """A record without what only makes it another one."""
    return recorded.removesuffix(_ANEW)


def differs_in_text_alone(synthesised: Synthesised, deployed: StackContent) -> bool:
    """Whether the templates differ in what a deployment of this stack would not change."""
    made = synthesised.content
    return made.template != deployed.template and bool(made.effective) and made.effective == deployed.effective


def differences(synthesised: Synthesised, deployed: StackContent, recorded: str) -> tuple[str, ...]:
    """Why `cdk deploy` of `synthesised` would act on a stack with this content and record; empty: it would not.

    A template that names no topics leaves the stack's topics as they are.
    """
    if synthesised.volatile:
        return (f"its parameter {', '.join(synthesised.volatile)} is looked up in SSM at each deployment",)
    wanted = _after(synthesised, deployed)
    found = []
    if wanted.template != deployed.template and synthesised.plain == deployed.template:
        found.append("cdk deploy deployed it from these very sources: same content, under other tags and not recorded")
    elif wanted.template != deployed.template and not differs_in_text_alone(synthesised, deployed):
        found.append("the template differs")
    elif synthesised.sent.removeprefix("sha256:") != plain_record(recorded).partition("+")[2]:
        found.append("the template has characters that CloudFormation does not give back, and others were recorded")
    if dict(wanted.tags) != dict(deployed.tags):
        found.append("the stack's tags differ")
    if set(wanted.notification_arns) != set(deployed.notification_arns):
        found.append("the notification topics differ")
    if wanted.termination_protection != deployed.termination_protection:
        found.append("the termination protection differs")
    return tuple(found)


def _after(synthesised: Synthesised, deployed: StackContent | None) -> StackContent:
    if not synthesised.leaves_topics:
        return synthesised.content
    topics = deployed.notification_arns if deployed else ()
    wanted = synthesised.content
    return replace(wanted, notification_arns=topics)


def _canonical(template: Any) -> str:
    if isinstance(template, str):
        return "text:" + template
    return json.dumps(template, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
