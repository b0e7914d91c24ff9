"""Parameters that an app declares for itself: from nothing, changed, in an environment, by a flag, as a secret.

With the real CDK CLI and the sandbox. The app writes its own cloud assembly.
"""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ALL, ASSETS, KEYS, TEMPLATE, World

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.cdk

SECRET, OTHER_SECRET = "canary-of-the-password", "another-canary-of-it"
PARAMETERS = {
    "Size": {"Type": "String"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
    "Reader": {"Type": "String", "Default": "arn:aws:iam::123456789012:root"},
    "ImageTag": {"Type": "String", "Default": "none"},
}
SECRETS = {"DbPassword": {"Type": "String", "NoEcho": "true"}}


def template(more=PARAMETERS) -> str:
    outputs = {
        "Size": {"Value": {"Fn::Join": ["/", [{"Ref": "Size"}, {"Fn::Join": ["-", {"Ref": "Zones"}]}]]}},
        "Image": {"Value": {"Ref": "ImageTag"}},
    }
    resources = {
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": {"AWS": {"Ref": "Reader"}}}
                    ]
                },
            },
        }
    }
    if "DbPassword" in more:
        resources["Token"] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/${AWS::StackName}/token"},
                "Type": "String",
                "Value": {"Ref": "DbPassword"},
            },
        }
    return json.dumps(
        {
            "Parameters": {**TEMPLATE["Parameters"], **more},
            "Outputs": {**TEMPLATE["Outputs"], **outputs},
            "Resources": {**TEMPLATE["Resources"], **resources},
        }
    )


def settings(*lines: str, stacks: str = '["App"]') -> str:
    return "\n".join([f'[cdk]\napp = "cdk"\nstacks = {stacks}', *lines, ""])


SMALL = settings("[cdk.parameters.App]", 'Size = "small"')


class Account(World):
    """Its stacks, as CloudFormation shows them."""

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.cloud["AWS_ENDPOINT_URL"], **KEYS)

    def shown(self, stack: str = "App") -> dict[str, str]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}

    def password(self) -> str:
        return self.client("ssm").get_parameter(Name="/App/token")["Parameter"]["Value"]


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    root = tmp_path_factory.mktemp("parameters")
    with own_cloud(root / "state") as cloud:
        found = Account(root, cloud, "python")
        found.client("s3").create_bucket(Bucket=ASSETS)
        found.commit({"rajee-deploy.toml": settings(), "cdk/template.json": template(), "api/service.name": ""})
        yield found


@pytest.fixture(scope="module")
def machine(account):
    made = account.machine(*ALL)
    made.install()
    return made


def words(told: str) -> str:
    """Without the ends of lines, which come where the screen has its edge."""
    return " ".join(told.split())


def up(machine, *given, code=0, **more) -> str:
    return machine.run("up", *given, code=code, **more)


def nothing_to_do(machine, *given, **more) -> str:
    told = machine.run("plan", "--detailed-exitcode", *given, **more)
    assert "Nothing to do" in told
    assert "decided by hash" in told
    return told


def test_a_parameter_without_a_value_is_told_with_the_lines_to_write(machine):
    told = up(machine, code=64)
    assert "missing-parameter" in told
    assert "[cdk.parameters.App]" in told
    assert 'Size = "…"' in told
    assert "… deploy" not in told


def test_it_is_deployed_with_the_setting_and_then_there_is_nothing_to_do(account, machine):
    machine.write("rajee-deploy.toml", SMALL)
    up(machine)
    assert account.shown()["Size"] == "small"
    nothing_to_do(machine)
    bare = account.bare()
    bare.write("rajee-deploy.toml", SMALL)
    nothing_to_do(bare)


def test_another_value_deploys_and_says_what_changes(account, machine):
    machine.write("rajee-deploy.toml", SMALL.replace("small", "large"))
    told = machine.run("plan", "--detailed-exitcode", code=2)
    assert "Size small → large" in words(told)
    assert "the template" not in told
    document = json.loads(machine.run("plan", "--json"))
    (step,) = document["steps"]
    assert document["kind"] == "parameters"
    assert step["changes"] == ["parameters"]
    assert step["reason"] == "Size: small → large"
    assert step["parameters"]["Size"] == "large"
    up(machine)
    assert account.shown()["Size"] == "large"
    nothing_to_do(machine)


def test_what_is_no_more_in_the_settings_keeps_its_value(account, machine):
    machine.write("rajee-deploy.toml", settings())
    nothing_to_do(machine)
    machine.write("cdk/template.json", template().replace('"-"', '"_"'))
    up(machine)
    assert account.shown()["Size"] == "large"


@pytest.mark.proof
def test_a_list_is_compared_by_its_members(machine):
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", 'Zones = "a, b"'))
    nothing_to_do(machine)
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", 'Zones = "b,a"'))
    assert "Zones a,b → b,a" in words(machine.run("plan", "--detailed-exitcode", code=2))


@pytest.mark.proof
def test_an_environment_lays_its_own_over_it(machine):
    table = settings(
        "[cdk.parameters.App]",
        'Size = "large"',
        'Zones = "a,b"',
        "[environments.dev.cdk.parameters.App]",
        'Size = "tiny"',
    )
    machine.write("rajee-deploy.toml", table)
    nothing_to_do(machine)
    assert "Size large → tiny" in words(machine.run("plan", "-e", "dev", "--detailed-exitcode", code=2))


@pytest.mark.proof
def test_a_flag_goes_before_the_settings(account, machine):
    assert "Size large → huge" in words(machine.run("plan", "--parameters", "App:Size=huge"))
    assert "Size large → a=b" in words(machine.run("plan", "--parameters", "Size=a=b"))
    nothing_to_do(machine, "--parameters", "Size=large")
    up(machine, "--parameters", "App:Size=a=b")
    assert account.shown()["Size"] == "a=b"
    machine.write("rajee-deploy.toml", settings())
    nothing_to_do(machine)


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ("App:Nope=1", "no-such-parameter"),
        ("Nope=1", "no-such-parameter"),
        ("Other:Size=1", "bad-flag"),
        ("App:Size", "bad-flag"),
        ("App:RajeeInfraHash=1", "bad-flag"),
    ],
)
def test_a_flag_that_nothing_takes_is_refused(machine, flag, code):
    assert code in machine.run("plan", "--parameters", flag, code=64)


@pytest.mark.parametrize(
    ("line", "more", "cause"),
    [
        ('Size = "a\\u0000b"', {}, "NUL"),
        ('Size = { env = "BYTES" }', {"BYTES": "a\udcff"}, "not UTF-8"),
        ('Size = { env = "BYTES" }', {"BYTES": "a" * 4097}, "4097 bytes"),
    ],
)
def test_what_no_parameter_can_have_is_refused(machine, line, more, cause):
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", line))
    told = up(machine, code=64, **more)
    machine.write("rajee-deploy.toml", SMALL)
    assert ("parameter-refused" in told, cause in told) == (True, True)


@pytest.mark.proof
def test_another_principal_is_asked_about_and_another_size_is_not(account, machine):
    machine.write("rajee-deploy.toml", settings('approval = "broadening"'))
    up(machine, "--parameters", "Size=large")
    told = up(machine, "--parameters", "Reader=arn:aws:iam::222222222222:root", code=1)
    assert "approval-needed" in told
    assert "222222222222" in told
    assert account.shown()["Reader"].endswith("123456789012:root")
    up(machine, "--yes", "--parameters", "Reader=arn:aws:iam::222222222222:root")
    assert account.shown()["Reader"].endswith("222222222222:root")


@pytest.mark.proof
def test_a_value_that_cloudformation_has_no_use_for_is_told(account, machine):
    """It updates nothing for it, and keeps the former one: the next run says so again."""
    ruled = {
        **json.loads(template()),
        "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Rule"}, "x"]}}]}},
    }
    ruled["Parameters"]["Rule"] = {"Type": "String", "Default": "x", "AllowedValues": ["x", "y"]}
    machine.write("cdk/template.json", json.dumps(ruled))
    machine.write("rajee-deploy.toml", settings())
    up(machine)
    assert "AllowedValues are x, y" in up(machine, "--parameters", "Rule=z", code=64)
    assert "keeps the former value of Rule" in up(machine, "--parameters", "Rule=y")
    assert account.shown()["Rule"] == "x"
    assert "Rule x → y" in words(machine.run("plan", "--detailed-exitcode", "--parameters", "Rule=y", code=2))


@pytest.mark.proof
def test_of_a_parameter_that_is_looked_up_the_name_counts(account, machine):
    """CloudFormation shows both: the name in SSM, and what it holds."""
    for name in ("/ami/1", "/ami/2"):
        account.client("ssm").put_parameter(Name=name, Value="ami-1", Type="String")
    made = json.loads(template())
    kind = "AWS::SSM::Parameter::Value<String>"
    made["Parameters"]["Ami"] = {"Type": kind, "Default": "/ami/2", "Description": "[cdk:skip]"}
    made["Outputs"]["Ami"] = {"Value": {"Ref": "Ami"}}
    machine.write("cdk/template.json", json.dumps(made))
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", 'Ami = "/ami/1"'))
    up(machine)
    assert account.shown()["Ami"] == "/ami/1"
    nothing_to_do(machine)
    assert "Ami /ami/1 → /ami/2" in words(machine.run("plan", "--parameters", "Ami=/ami/2"))


# -- secrets ---------------------------------------------------------------------------------------------------------

BY_VARIABLE = settings("[cdk.parameters.App]", 'Size = "small"', 'DbPassword = { env = "DB_PASSWORD" }')
RECORD = '#!/bin/sh\nprintf "%s\\0" node "$@" >> {log}\nexec {real} "$@"\n'


@pytest.fixture(scope="module")
def secretive(account, machine):
    """A machine on which every start of node is written down; its app has a NoEcho parameter."""
    node = machine.root / "bin" / "node"
    node.unlink()
    node.write_text(RECORD.format(log=machine.root / "argv", real=shutil.which("node")))
    node.chmod(0o755)
    account.commit({"cdk/template.json": template({**PARAMETERS, **SECRETS}), "rajee-deploy.toml": BY_VARIABLE})
    machine.write("cdk/template.json", template({**PARAMETERS, **SECRETS}))
    machine.write("rajee-deploy.toml", BY_VARIABLE)
    return machine


@pytest.fixture
def clean(account, secretive):
    """Whatever a test does: no secret is in an argument, in what is kept, or in what was said."""
    said: list[str] = []
    run = secretive.run
    secretive.run = lambda *words, **more: said.append(run(*words, **more)) or said[-1]
    yield secretive
    secretive.run = run
    kept = [path for place in (secretive.root, account.root / "state") for path in files(place)]
    texts = {**{str(path): path.read_bytes() for path in kept}, "said": "\n".join(said).encode()}
    found = [name for name, text in texts.items() for each in (SECRET, OTHER_SECRET) if each.encode() in text]
    assert found == []


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]


def test_a_secret_without_a_value_is_told_with_the_line_to_write(clean):
    clean.write("rajee-deploy.toml", SMALL)
    assert 'DbPassword = { env = "DB_PASSWORD" }' in up(clean, code=64)
    clean.write("rajee-deploy.toml", BY_VARIABLE)
    assert "export DB_PASSWORD=…" in up(clean, code=64)
    assert "export DB_PASSWORD=…" in up(clean, code=64, DB_PASSWORD="")


@pytest.mark.parametrize("how", ["setting", "flag"])
def test_a_secret_in_the_open_is_refused(secretive, how):
    if how == "setting":
        secretive.write("rajee-deploy.toml", SMALL + 'DbPassword = "x"\n')
        told = up(secretive, code=64)
    else:
        secretive.write("rajee-deploy.toml", SMALL)
        told = up(secretive, "--parameters", "DbPassword=x", code=64)
    assert "secret-parameter" in told
    assert 'DbPassword = { env = "DB_PASSWORD" }' in told
    secretive.write("rajee-deploy.toml", BY_VARIABLE)


def test_a_secret_comes_from_its_variable_and_is_told_apart_afterwards(account, clean):
    up(clean, DB_PASSWORD=SECRET)
    assert account.password() == SECRET
    assert account.shown()["DbPassword"] == "****"
    nothing_to_do(clean, DB_PASSWORD=SECRET)
    told = clean.run("plan", "--detailed-exitcode", code=2, DB_PASSWORD=OTHER_SECRET)
    assert "DbPassword DB_PASSWORD has another value" in words(told)
    document = json.loads(clean.run("plan", "--json", DB_PASSWORD=OTHER_SECRET))
    assert document["steps"][0]["parameters"]["DbPassword"] == "***"
    up(clean, DB_PASSWORD=OTHER_SECRET)
    assert account.password() == OTHER_SECRET
    nothing_to_do(clean, DB_PASSWORD=OTHER_SECRET)


def test_without_its_variable_it_keeps_its_value(account, clean):
    assert "DbPassword keeps the value that it has" in nothing_to_do(clean)
    clean.write("rajee-deploy.toml", BY_VARIABLE.replace("small", "large"))
    up(clean)
    assert account.password() == OTHER_SECRET
    clean.write("rajee-deploy.toml", BY_VARIABLE)
    up(clean)
    nothing_to_do(clean, DB_PASSWORD=OTHER_SECRET)


def test_what_a_cli_says_of_its_arguments_is_without_it(account, clean):
    """It would show them with CDK_VERBOSE, which it does not get then."""
    told = up(clean, "--verbose", DB_PASSWORD=SECRET, CDK_VERBOSE="3", CDK_DEBUG="true")
    assert "DbPassword=" not in told
    assert SECRET not in told
    assert account.password() == SECRET
    nothing_to_do(clean, DB_PASSWORD=SECRET)


@pytest.mark.proof
def test_another_machine_cannot_know_and_asks_cloudformation(account, clean):
    other = account.machine(*ALL)
    other.install()
    told = other.run("plan", "--detailed-exitcode", code=2, DB_PASSWORD=SECRET)
    assert "only CloudFormation knows whether it changed" in words(told)
    nothing_to_do(other)
    up(other, DB_PASSWORD=SECRET)
    nothing_to_do(other, DB_PASSWORD=SECRET)
    up(clean, DB_PASSWORD=SECRET)
    nothing_to_do(clean, DB_PASSWORD=SECRET)


@pytest.mark.proof
def test_what_somebody_else_deployed_meanwhile_is_not_taken_for_ours(account, clean):
    """The digest here says "the same": of what we deployed, not of what is deployed."""
    time.sleep(1.1)  # the sandbox is quicker than CloudFormation, whose moments are taken in seconds
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in account.shown() if name != "DbPassword"]
    account.client("cloudformation").update_stack(
        StackName="App",
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": "DbPassword", "ParameterValue": OTHER_SECRET}],
    )
    assert account.password() == OTHER_SECRET
    assert "only CloudFormation knows" in words(clean.run("plan", "--detailed-exitcode", code=2, DB_PASSWORD=SECRET))
    up(clean, DB_PASSWORD=SECRET)
    assert account.password() == SECRET


@pytest.mark.proof
def test_a_secret_of_a_stack_that_is_made_is_remembered(account, clean):
    """Its first plan knows no template."""
    web = BY_VARIABLE.replace("App", "Web").replace("small", "1")
    clean.write("rajee-deploy.toml", web)
    up(clean, DB_PASSWORD=SECRET)
    assert account.shown("Web")["Size"] == "1"
    nothing_to_do(clean, DB_PASSWORD=SECRET)
    told = clean.run("status", DB_PASSWORD=SECRET)
    assert "parameter Size 1 this checkout: same" in words(told)
    assert "parameter DbPassword hidden this checkout: same" in words(told)
    assert "another, by DB_PASSWORD" in words(clean.run("status", DB_PASSWORD=OTHER_SECRET))
    clean.write("rajee-deploy.toml", BY_VARIABLE)


@pytest.mark.proof
def test_a_deployment_that_fails_is_none_that_is_remembered(account, clean):
    """The CLI never had the value, since what is started as cdk starts it in another process."""
    place = clean.checkout / "cdk" / "node_modules"
    target = place.readlink()
    place.unlink()
    (place / ".bin").mkdir(parents=True)
    (place / "aws-cdk").symlink_to(f"{target}/aws-cdk")
    (place / ".bin" / "cdk").write_text(f'#!/bin/sh\nunset NODE_OPTIONS\nexec {target}/.bin/cdk "$@"\n')
    (place / ".bin" / "cdk").chmod(0o755)
    assert "parameter-not-passed" in up(clean, code=1, DB_PASSWORD=OTHER_SECRET)
    shutil.rmtree(place)
    place.symlink_to(target)
    assert account.password() == SECRET
    clean.run("plan", "--detailed-exitcode", code=2, DB_PASSWORD=OTHER_SECRET)
    up(clean, DB_PASSWORD=OTHER_SECRET)
    assert account.password() == OTHER_SECRET


@pytest.mark.proof
def test_with_cloudformation_alone_node_is_not_started(account, clean):
    clean.write("rajee-deploy.toml", BY_VARIABLE.replace("[cdk.par", 'tag-only = "cloudformation"\n[cdk.par', 1))
    before = (clean.root / "argv").read_text()
    told = up(clean, "--parameters", "Size=huge", DB_PASSWORD=SECRET)
    assert "by parameter, no synth" in told
    assert (account.shown()["Size"], account.password()) == ("huge", SECRET)
    assert account.shown()["Reader"].endswith("222222222222:root"), "what nobody gave stays"
    assert (clean.root / "argv").read_text() == before
    nothing_to_do(clean, "--parameters", "Size=huge", DB_PASSWORD=SECRET)
    (clean.root / "home" / ".local" / "state" / "rajee-deploy" / "secret-values.json").unlink()
    up(clean, "--parameters", "Size=huge", DB_PASSWORD=SECRET)
    nothing_to_do(clean, "--parameters", "Size=huge", DB_PASSWORD=SECRET)


@pytest.mark.proof
def test_without_waiting_a_secret_that_cloudformation_has_already_is_remembered(account, clean):
    (clean.root / "home" / ".local" / "state" / "rajee-deploy" / "secret-values.json").unlink()
    told = up(clean, "--no-wait", "--parameters", "Size=huge", DB_PASSWORD=SECRET)
    assert "CloudFormation finds nothing to do" in told
    nothing_to_do(clean, "--parameters", "Size=huge", DB_PASSWORD=SECRET)
    up(clean, "--no-wait", "--parameters", "Size=huge", DB_PASSWORD=OTHER_SECRET)
    assert account.password() == OTHER_SECRET
    told = clean.run("plan", "--detailed-exitcode", "--parameters", "Size=huge", code=2, DB_PASSWORD=SECRET)
    assert "only CloudFormation knows" in words(told)
