"""What a template allows: IAM, policies of resources, security groups. Pure.

A statement is taken apart: one allowance for each action, resource and principal. A policy that cannot be read, since
CloudFormation computes it, is one, too. It compares nothing (see `broader`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.plan.rendered_values import is_computed, render
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ATTACHED = {  # policies of identities, and what says whose they are
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
}
_IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::RolesAnywhere::Profile")
_GRANTS = re.compile(  # what allows something by being there
    r"AWS::SSO::|AWS::IAM::(UserToGroupAddition|AccessKey)|AWS::Lambda::LayerVersionPermission|AWS::RAM::ResourceShare"
    r"|AWS::ACMPCA::Permission|AWS::LakeFormation::.*Permissions"
)
_POLICY = re.compile(r"Policy(?:Document|Text|Template)?$")
_PUBLIC_ACCESS = "PublicAccessBlockConfiguration"
_INLINE_RULES = {"SecurityGroupIngress": "ingress", "SecurityGroupEgress": "egress"}
_RULES = {"AWS::EC2::SecurityGroupIngress": "ingress", "AWS::EC2::SecurityGroupEgress": "egress"}
_PEERS = (
    "CidrIp",
    "CidrIpv6",
    "SourceSecurityGroupId",
    "DestinationSecurityGroupId",
    "SourceSecurityGroupName",
    "SourcePrefixListId",
    "DestinationPrefixListId",
)
_LONGEST_POLICY = 100_000
_DEEPEST = 30


class Allowance(NamedTuple):
    """One thing that is allowed or forbidden: `who` may do `what` to `on`, under the condition `when` ("" for none).

    `kind` is Allow or Deny of a statement, ingress or egress of a security group, or another word of this module.
    """

    kind: str
    who: str
    what: str
    on: str
    when: str = ""


def allowances(resources: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> dict[Allowance, str]:
    """All that a template's resources allow, each with the logical id of a resource that says so."""
    found: dict[Allowance, str] = {}
    for logical, resource in resources.items():
        properties = resource.get("Properties")
        if isinstance(properties, dict):
            for each in _of_resource(_Resource(logical, str(resource.get("Type", "")), properties, names)):
                found.setdefault(each, logical)
    return found


class _Resource(NamedTuple):
    logical: str
    kind: str
    properties: Mapping[str, Any]
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """As a reference to it is rendered."""
        return f"${{{self.names.get(self.logical, self.logical)}}}"

    def text(self, value: Any) -> str:
        return render(value, self.names)

    def texts(self, name: str) -> list[str]:
        """The items of a property that may be a list or one."""
        return [self.text(each) for each in _listed(self.properties.get(name))]


def _of_resource(one: _Resource) -> Iterator[Allowance]:
    holders = _holders(one)
    for name, value in one.properties.items():
        yield from _of_policies(value, one, holders, name)
    if one.kind in _IDENTITIES or one.kind.startswith("AWS::SSO::"):
        for each in one.texts("ManagedPolicyArns"):
            yield Allowance("managed", one.name, each, "")
        if "PermissionsBoundary" in one.properties:
            yield Allowance("boundary", one.name, one.text(one.properties["PermissionsBoundary"]), "")
    if one.kind == "AWS::Lambda::Permission":
        yield _of_permission(one)
    for name, direction in _INLINE_RULES.items():
        for rule in _listed(one.properties.get(name)):
            yield _rule(direction, rule, one.name, one)
    if one.kind in _RULES:
        yield _rule(_RULES[one.kind], one.properties, one.text(one.properties.get("GroupId", "")), one)
    yield from _of_switches(one)
    if _GRANTS.match(one.kind):
        yield Allowance("grant", one.name, one.text(dict(one.properties)), "")


def _of_switches(one: _Resource) -> Iterator[Allowance]:
    """Single settings that open something to everybody."""
    if one.kind == "AWS::Lambda::Url" and one.properties.get("AuthType") == "NONE":
        yield Allowance("open", one.name, "anyone may call its URL", "")
    if str(one.properties.get("PubliclyAccessible", "")).lower() == "true":
        yield Allowance("open", one.name, "reachable from the internet (PubliclyAccessible)", "")
    block = one.properties.get(_PUBLIC_ACCESS)
    for name, value in (block if isinstance(block, dict) else {}).items():
        if str(value).lower() == "true":
            yield Allowance("block", one.name, f"public access ({name})", "")


def _holders(one: _Resource) -> list[str]:
    """Who has what a policy without principals allows."""
    lists = _ATTACHED.get(one.kind)
    if lists is None:
        return [one.name]
    return [text for name in lists for text in one.texts(name)] or [one.name]


def _of_policies(value: Any, one: _Resource, holders: list[str], name: str, depth: int = 0) -> Iterator[Allowance]:
    """Of the policy documents in a property, wherever they stand in it."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict) and "Statement" in value and not is_computed(value):
        for statement in _unconditional(value["Statement"]):
            yield from _of_statement(statement, one, holders)
    elif _POLICY.search(name) and (isinstance(value, str) or (is_computed(value) and "Fn::If" not in value)):
        yield from _of_text(one.text(value), one, holders, name, depth)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _of_policies(each, one, holders, key if not is_computed(value) else name, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _of_policies(each, one, holders, name, depth + 1)


def _of_text(text: str, one: _Resource, holders: list[str], name: str, depth: int) -> Iterator[Allowance]:
    """A policy that is text."""
    if "Statement" not in text and "${" not in text:
        return
    try:
        document = parse_json(text) if len(text) < _LONGEST_POLICY else None
    except ValueError:
        document = None
    if isinstance(document, dict) and "Statement" in document:
        yield from _of_policies(document, one, holders, name, depth + 1)
    else:
        yield Allowance("unread", one.name, f"a policy that cannot be read here ({name})", text)


def _unconditional(value: Any) -> Iterator[Mapping[str, Any]]:
    """Statements, and both of those that a condition of the template decides between."""
    for each in _listed(value):
        if isinstance(each, dict) and isinstance(each.get("Fn::If"), list):
            yield from _unconditional(each["Fn::If"][1:])
        elif isinstance(each, dict) and "Effect" in each:
            yield each


def _of_statement(statement: Mapping[str, Any], one: _Resource, holders: list[str]) -> Iterator[Allowance]:
    principals = [*_principals(statement.get("Principal"), one)]
    principals += [f"all but {text}" for text in [_joined(statement, "NotPrincipal", one)] if text]
    actions = [one.text(each) for each in _listed(statement.get("Action"))]
    actions += [f"all but {text}" for text in [_joined(statement, "NotAction", one)] if text]
    targets = [one.text(each) for each in _listed(statement.get("Resource"))]
    targets += [f"all but {text}" for text in [_joined(statement, "NotResource", one)] if text]
    condition = statement.get("Condition")
    when = one.text(condition) if condition else ""
    for who in principals or holders:
        for action in actions:
            for target in targets or [one.name]:
                yield Allowance(str(statement["Effect"]), who, action, target, when)


def _joined(statement: Mapping[str, Any], name: str, one: _Resource) -> str:
    return ", ".join(sorted(one.text(each) for each in _listed(statement.get(name))))


def _principals(value: Any, one: _Resource) -> Iterator[str]:
    if isinstance(value, dict) and not is_computed(value):
        for each in value.values():
            yield from (one.text(principal) for principal in _listed(each))
    else:
        yield from (one.text(each) for each in _listed(value))


def _of_permission(one: _Resource) -> Allowance:
    limits = [
        f"{name}: {one.text(one.properties[name])}"
        for name in ("SourceArn", "SourceAccount", "PrincipalOrgID", "FunctionUrlAuthType")
        if name in one.properties
    ]
    limits += ["a token is given"] if "EventSourceToken" in one.properties else []  # which nobody else may know
    who, what, on = (one.text(one.properties.get(name, "")) for name in ("Principal", "Action", "FunctionName"))
    return Allowance("Allow", who, what, on, ", ".join(limits))


def _rule(direction: str, rule: Any, group: str, one: _Resource) -> Allowance:
    if not isinstance(rule, dict) or is_computed(rule):
        return Allowance(direction, one.text(rule), "what is computed", group)
    peer = next((one.text(rule[name]) for name in _PEERS if name in rule), "anything")
    protocol = one.text(rule.get("IpProtocol", "-1"))
    if protocol == "-1":
        return Allowance(direction, peer, "all traffic", group)
    ports = [one.text(rule[name]) for name in ("FromPort", "ToPort") if name in rule]
    return Allowance(direction, peer, " ".join((protocol, "-".join(dict.fromkeys(ports)))).strip(), group)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
