"""What is allowed that was not: each row a template before, one after, and the lines that say it."""

from __future__ import annotations

import json

import pytest
from templates import allow, document, group, policy, resource, role, rule

from rajee_deploy.plan.allowances import allowances
from rajee_deploy.plan.broader import broader

GET, PUT, ALL = "s3:GetObject", "s3:PutObject", "s3:*"
A, B = "arn:aws:s3:::a/*", "arn:aws:s3:::b/*"
ROLE = "for ${Role}"
DENY = {**allow(ALL), "Effect": "Deny"}
HELD = {"Bool": {"aws:SecureTransport": "true"}}
BLOCK = {"BlockPublicAcls": True, "BlockPublicPolicy": True}


def lines(before, after):
    names: dict[str, str] = {}
    found = broader(*(allowances(side, names) for side in (before, after)), names)
    return [line for each in found.values() for line in each]


def of_bucket(principal, action=GET):
    return resource("S3::BucketPolicy", Bucket="b", PolicyDocument=document(allow(action, A, Principal=principal)))


BROADER = {
    "another action": (policy(allow(GET, A)), policy(allow([GET, PUT], A)), [f"+ {PUT} on {A} {ROLE}"]),
    "another resource": (policy(allow(GET, A)), policy(allow(GET, [A, B])), [f"+ {GET} on {B} {ROLE}"]),
    "a wildcard": (policy(allow(GET, A)), policy(allow(ALL, A)), [f"+ {ALL} on {A} {ROLE}"]),
    "any resource": (policy(allow(GET, A)), policy(allow(GET)), [f"+ {GET} on * {ROLE}"]),
    "another role": (
        policy(allow(GET, A)),
        policy(allow(GET, A), roles=("Role", "Next")),
        [f"+ {GET} on {A} for ${{Next}}"],
    ),
    "many actions": (
        policy(),
        policy(allow([f"s3:{n}" for n in "abcdef"], A)),
        [f"+ s3:a, s3:b, s3:c, s3:d and 2 more on {A} {ROLE}"],
    ),
    "a new policy": (None, policy(allow(GET, A)), [f"+ {GET} on {A} {ROLE}"]),
    "a new role": (None, role(), ["+ sts:AssumeRole for ecs-tasks.amazonaws.com"]),
    "a condition that went": (policy(allow(GET, A, Condition=HELD)), policy(allow(GET, A)), [f"+ {GET} on {A} {ROLE}"]),
    "another condition": (
        policy(allow(GET, A)),
        policy(allow(PUT, A, Condition=HELD)),
        [f"+ {PUT} on {A} {ROLE} where {{Bool: {{aws:SecureTransport: true}}}}"],
    ),
    "a prohibition that went": (policy(allow(GET), DENY), policy(allow(GET)), [f"- deny {ALL} on * {ROLE}"]),
    "all but": (
        policy(),
        policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": A}),
        [f"+ all but iam:* on {A} {ROLE}"],
    ),
    "a managed policy": (
        role(),
        role(ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnly"]),
        ["+ managed policy ReadOnly"],
    ),
    "a boundary that went": (role(PermissionsBoundary="arn:x/b"), role(), ["- permissions boundary b"]),
    "an inline policy": (
        role(),
        role(Policies=[{"PolicyName": "p", "PolicyDocument": document(allow(GET, A))}]),
        [f"+ {GET} on {A}"],
    ),
    "everybody": (of_bucket({"AWS": "arn:x"}), of_bucket("*"), [f"+ {GET} on {A} for *"]),
    "another account": (of_bucket({"AWS": ["1"]}), of_bucket({"AWS": ["1", "2"]}), [f"+ {GET} on {A} for 2"]),
    "a policy that is text": (
        None,
        resource("Logs::ResourcePolicy", PolicyDocument=json.dumps(document(allow(GET, A, Principal="*")))),
        [f"+ {GET} on {A} for *"],
    ),
    "a policy that is computed": (
        None,
        resource("SNS::TopicPolicy", PolicyDocument={"Fn::ImportValue": "x"}),
        ["+ a policy that cannot be read here (PolicyDocument)"],
    ),
    "a statement under a condition": (
        policy(),
        policy({"Fn::If": ["C", allow(GET, A), {"Ref": "AWS::NoValue"}]}),
        [f"+ {GET} on {A} {ROLE}"],
    ),
    "a port": (group(rule(80)), group(rule(80), rule(22, "0.0.0.0/0")), ["+ ingress tcp 22 from 0.0.0.0/0"]),
    "more ports": (group(rule(80)), group(rule(80, ToPort=90)), ["+ ingress tcp 80-90 from 10.0.0.0/8"]),
    "anything": (group(), group({"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}), ["+ ingress all traffic from 0.0.0.0/0"]),
    "another peer": (group(rule(80)), group(rule(80, "0.0.0.0/0")), ["+ ingress tcp 80 from 0.0.0.0/0"]),
    "a way out": (group(), group(SecurityGroupEgress=[rule(443, "0.0.0.0/0")]), ["+ egress tcp 443 to 0.0.0.0/0"]),
    "a rule of its own": (
        None,
        resource("EC2::SecurityGroupIngress", GroupId="sg-1", **rule(22)),
        ["+ ingress tcp 22 from 10.0.0.0/8 in sg-1"],
    ),
    "who may invoke": (
        None,
        resource("Lambda::Permission", Action="lambda:InvokeFunction", FunctionName="f", Principal="x", SourceArn="a"),
        ["+ lambda:InvokeFunction on f for x where SourceArn: a"],
    ),
    "who may invoke with a token": (
        None,
        resource("Lambda::Permission", Action="a", FunctionName="f", Principal="x", EventSourceToken="sesame"),
        ["+ a on f for x where a token is given"],
    ),
    "an open address": (
        resource("Lambda::Url", AuthType="AWS_IAM"),
        resource("Lambda::Url", AuthType="NONE"),
        ["+ anyone may call its URL"],
    ),
    "a public database": (
        resource("RDS::DBInstance"),
        resource("RDS::DBInstance", PubliclyAccessible=True),
        ["+ reachable from the internet (PubliclyAccessible)"],
    ),
    "a block that went": (
        resource("S3::Bucket", PublicAccessBlockConfiguration=BLOCK),
        resource("S3::Bucket", PublicAccessBlockConfiguration={**BLOCK, "BlockPublicAcls": False}),
        ["- the block of public access (BlockPublicAcls)"],
    ),
    "a grant": (
        None,
        resource("SSO::Assignment", PrincipalId="x"),
        ["+ it allows something by being there: read its properties"],
    ),
}

NO_BROADER = {
    "nothing": (policy(allow(GET, A)), policy(allow(GET, A))),
    "less": (policy(allow([GET, PUT], A)), policy(allow(GET, A))),
    "narrower": (policy(allow(ALL)), policy(allow(GET, A))),
    "another case": (policy(allow(GET, A)), policy(allow(GET.lower(), A))),
    "another spelling": (policy(allow(GET, A), allow(PUT, A)), policy(allow([PUT, GET], A))),
    "a condition more": (policy(allow(GET, A)), policy(allow(GET, A, Condition=HELD))),
    "a prohibition more": (policy(allow(GET)), policy(allow(GET), DENY)),
    "everybody no more": (of_bucket("*"), of_bucket({"AWS": "1"})),
    "a wider prohibition": (policy({**DENY, "Action": GET}), policy(DENY)),
    "less of a group": (group(rule(80), rule(22)), group(rule(80))),
    "fewer ports": (group(rule(80, ToPort=90)), group(rule(85))),
    "a narrower peer": (group(rule(80, "0.0.0.0/0")), group(rule(80))),
    "another description": (group(rule(80)), group(rule(80, Description="web"))),
    "a managed policy less": (role(ManagedPolicyArns=["arn:x"]), role()),
    "gone": (policy(allow(ALL)), None),
    "what is no policy": (None, resource("X::Y", SecurityPolicy="TLS", Policy="ELBSecurityPolicy-2016-08")),
    "a new bucket": (None, resource("S3::Bucket")),
}


def side(made):
    return {"It": made} if made is not None else {}


@pytest.mark.parametrize("name", BROADER)
def test_what_is_allowed_that_was_not(name):
    before, after, said = BROADER[name]
    assert lines(side(before), side(after)) == said


@pytest.mark.parametrize("name", NO_BROADER)
def test_what_is_not_broader(name):
    before, after = NO_BROADER[name]
    assert lines(side(before), side(after)) == []


def test_what_only_moved_to_another_policy_is_not_broader():
    assert lines({"One": policy(allow(GET, A))}, {"Two": policy(allow(GET, A))}) == []


def test_of_very_many_none_is_lost():
    """Past so many, nothing is compared any more: what is new counts as broader."""
    many = [
        allow([f"s{number}:a{n}" for n in range(20)], [f"arn:{number}:{m}/*" for m in range(20)])
        for number in range(20)
    ]
    found = lines({"It": policy(*many, roles=("Old",))}, {"It": policy(*many, roles=("Old", "New"))})
    assert len(found) == 20 * 20
    assert lines({"It": policy(allow("*"))}, {"It": policy(*many)}) != []
