"""The CDK CLI: which one is found, which is refused, what it is told, and what its failures become.

Small programs stand in for the CLI, since how it ends is what is tested; the real one runs in tests/e2e.
"""

from __future__ import annotations

import json
import os

import pytest

from rajee_deploy.aws import Aws, Identity
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.steps import DeployStack
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.cdk_cli import Cdk
from rajee_deploy.synth.cli_files import find_cli, get_cli
from rajee_deploy.synth.inputs import describe_app
from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.distil import distil
from rajee_deploy.synth.tracing.failure import NAME, last_failure
from rajee_deploy.system.ours import without_ours

# What a CLI does that is told `synth --quiet --output DIRECTORY`.
MAKES_AN_ASSEMBLY = 'mkdir "$4" && echo \'{"artifacts": {}}\' > "$4/manifest.json"\n'
WHO = Identity("123456789012", "eu-west-1")
STEP = DeployStack("App", (("ImageTag", "c-1"), ("RajeeInfraHash", "sha256:x")), "", ())


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    root = tmp_path / "cdk"
    root.mkdir()
    (root / "cdk.json").write_text("{}")
    return root


def install(app, script: str, version: str = "2.1148.1") -> None:
    modules = app / "node_modules"
    (modules / "aws-cdk").mkdir(parents=True)
    (modules / "aws-cdk" / "package.json").write_text(json.dumps({"version": version}))
    (modules / ".bin").mkdir()
    program = modules / ".bin" / "cdk"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)


def cdk(app, env: tuple[str, ...] = ()) -> Cdk:
    settings = CdkSettings(app, ("App",), {"size": "large"}, env)
    tracer = Tracer(app.parent / "depfile.json", lambda records: distil(describe_app(settings), records))
    return Cdk(settings, Aws(), tracer)


def test_the_apps_own_cli_goes_before_any_other(app):
    install(app, "exit 0")
    cli = find_cli(app)
    assert cli is not None
    assert (cli.path, cli.version) == (app / "node_modules/.bin/cdk", "2.1148.1")


def test_a_directory_above_may_hold_it(app):
    install(app.parent, "exit 0")
    found = find_cli(app)
    assert found is not None
    assert found.path == app.parent / "node_modules/.bin/cdk"


@pytest.mark.parametrize("version", ["3.0.0", "1.204.0"])
def test_versions_that_are_refused(app, version):
    install(app, "exit 0", version)
    with pytest.raises(DeployError) as caught:
        get_cli(app)
    assert caught.value.code == "cdk-version"
    assert caught.value.hint == f"npm install -D aws-cdk@2 --prefix {app}"


def test_a_missing_cli_and_a_missing_node(app, monkeypatch, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(DeployError) as caught:
        get_cli(app)
    assert caught.value.code == "node-missing"
    (empty / "node").write_text("#!/bin/sh\n")
    (empty / "node").chmod(0o755)
    with pytest.raises(DeployError) as caught:
        get_cli(app)
    assert (caught.value.code, caught.value.hint) == ("cdk-missing", f"npm install -D aws-cdk@2 --prefix {app}")


def test_what_deploy_is_told(app, tmp_path):
    install(app, 'printf "%s\\n" "$@" "$AWS_REGION"')
    lines: list[str] = []
    cdk(app).deploy(STEP, tmp_path / "out", lines.append)
    assert lines[:4] == ["deploy", "App", "--app", str(tmp_path / "out")]
    assert {"--exclusively", "--method=direct", "--parameters=App:ImageTag=c-1", "--require-approval=never"} <= set(
        lines
    )
    assert lines[-1] == "us-east-1"


@pytest.fixture
def lived_in(app, monkeypatch, tmp_path):  # noqa: ARG001 -- after the one that sets a region
    """An environment with a profile, a locale and options of the CLI; the keys are the profile's."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LC_")):
            monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile team]\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text("[team]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    for name, value in {
        "AWS_PROFILE": "team",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EXECUTION_ENV": "somewhere",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
        "CDK_QUIET": "true",
        "SIZE": "large",
    }.items():
        monkeypatch.setenv(name, value)


TELL = "env | grep -E '^(AWS_|LC_|LANG|CDK_QUIET|SIZE)'"


@pytest.mark.usefixtures("lived_in")
def test_a_synth_gets_what_the_profile_means_and_not_its_name(app, tmp_path):
    install(app, f"{TELL} >&2; exit 1")
    lines: list[str] = []
    with pytest.raises(DeployError):
        cdk(app).synth(tmp_path / "out", lines.append, {})
    assert sorted(lines) == [
        "AWS_ACCESS_KEY_ID=key",
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_ENDPOINT_URL=http://127.0.0.1:9",
        "AWS_REGION=eu-west-1",
        "AWS_SECRET_ACCESS_KEY=secret",
        "CDK_QUIET=true",
        "LANG=C.UTF-8",
        "SIZE=large",
    ]


@pytest.mark.usefixtures("lived_in")
def test_no_synth_looks_things_up_with_another_profile(app, tmp_path):
    install(app, "exit 0")
    settings = CdkSettings(app, ("App",), {}, ("AWS_PROFILE",))
    tracer = Tracer(tmp_path / "depfile.json", lambda records: distil(describe_app(settings), records))
    with pytest.raises(DeployError) as caught:
        Cdk(settings, Aws(profile="other"), tracer).synth(tmp_path / "out", lambda _line: None, {})
    assert caught.value.code == "profile-contradiction"


@pytest.mark.usefixtures("lived_in")
def test_what_cdk_env_names_reaches_a_synth_as_it_is(app, tmp_path):
    install(app, f"{TELL} >&2; exit 1")
    lines: list[str] = []
    with pytest.raises(DeployError):
        cdk(app, env=("AWS_EXECUTION_ENV", "LC_ALL")).synth(tmp_path / "out", lines.append, {})
    assert {"AWS_EXECUTION_ENV=somewhere", "LC_ALL=de_DE.UTF-8"} <= set(lines)
    assert "AWS_PROFILE=team" not in lines


@pytest.mark.usefixtures("lived_in")
def test_a_deployment_gets_the_whole_environment_and_a_diff_all_but_how_it_is_printed(app, tmp_path):
    install(app, TELL)
    deployed: list[str] = []
    cdk(app).deploy(STEP, tmp_path / "out", deployed.append)
    assert {"AWS_EXECUTION_ENV=somewhere", "LC_ALL=de_DE.UTF-8", "CDK_QUIET=true"} <= set(deployed)
    keys = {line for line in deployed if "KEY" in line or "PROFILE" in line}
    assert keys == {"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_PROFILE=team"}
    (app / "node_modules" / ".bin" / "cdk").write_text(f"#!/bin/sh\necho Stack App; {TELL}; exit 1\n")
    shown = cdk(app).security_changes("App", tmp_path / "out").splitlines()
    assert sorted(shown) == sorted(line for line in deployed if line != "CDK_QUIET=true")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, {"--method=direct"}),
        ({"imports_existing": True}, {"--method=change-set", "--import-existing-resources"}),
        ({"by_change_set": True}, {"--method=change-set"}),
    ],
)
def test_an_import_and_what_has_a_change_set_go_through_one(app, tmp_path, more, words):
    install(app, 'printf "%s\\n" "$@"')
    lines: list[str] = []
    cdk(app).deploy(DeployStack("App", (), "", (), **more), tmp_path / "out", lines.append)
    assert {line for line in lines if line.startswith(("--method", "--import"))} == words


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'App failed: because'; exit 1", "App failed: because"),
        ("exit 137", "exit code 137"),
        ("yes x | head -c 1000000; echo last words; exit 1", "last words"),
        ("kill -9 $$", "exit code -9"),
    ],
)
def test_every_way_to_fail_is_a_failure_with_its_last_words(app, tmp_path, script, words):
    install(app, script)
    with pytest.raises(DeployError) as caught:
        cdk(app).deploy(STEP, tmp_path / "out", lambda _line: None)
    assert caught.value.code == "deploy-failed"
    assert words in caught.value.cause


def test_rows_of_what_went_well_do_not_hide_what_failed(app, tmp_path):
    rows = [
        *(f"App |  {n}/40 | 5:38:31 PM | CREATE_COMPLETE      | AWS::EC2::Subnet | Vpc/Subnet{n}" for n in range(40)),
        "App |  40 | 5:38:31 PM | CREATE_FAILED        | AWS::ECR::Repository | Web (Web1) already exists",
    ]
    end = ["Failed resources:", "App | 5:38:31 PM | CREATE_FAILED | AWS::ECR::Repository | Web (Web1) already exists"]
    text = "\n".join([*rows, *end])
    install(app, f"cat <<'end'\n{text}\nend\nexit 1")
    with pytest.raises(DeployError) as caught:
        cdk(app).deploy(STEP, tmp_path / "out", lambda _line: None)
    assert caught.value.cause.split("\n") == end
    assert caught.value.hint == "correct what CloudFormation names, and run again"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("ModuleNotFoundError: No module named 'aws_cdk'", "activate"),
        ("Parameters: [X] do not exist in the template", "declare X in the stack"),
        ("ENOENT: no such file or directory, open '/x/cdk.out/manifest.json'", "app.synth()"),
    ],
)
def test_known_failures_get_their_remedy(app, tmp_path, said, hint):
    install(app, f'echo "{said}"; exit 1')
    with pytest.raises(DeployError) as caught:
        cdk(app).synth(tmp_path / "out", lambda _line: None, {})
    assert caught.value.code == "synth-failed"
    assert hint in caught.value.hint


def test_a_stack_that_the_app_does_not_have(app, tmp_path):
    manifest = {"artifacts": {"Other": {"type": "aws:cloudformation:stack", "properties": {"stackName": "Other"}}}}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DeployError) as caught:
        cdk(app).check(tmp_path / "out", [STEP], WHO)
    assert (caught.value.code, caught.value.hint) == ("no-such-stack", "it has: Other")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ({}, "does not declare the parameter ImageTag"),
        ({"Parameters": {"ImageTag": {}, "RajeeInfraHash": {}}}, "does not refer to the parameter ImageTag"),
        (
            {"Parameters": {"ImageTag": {}, "RajeeInfraHash": {}}, "Resources": {"R": {"Ref": "ImageTag"}}},
            "does not refer to the parameter RajeeInfraHash",
        ),
    ],
)
def test_a_template_that_does_not_take_the_parameters_is_found_before_anything_is_deployed(
    app, tmp_path, template, problem
):
    properties = {"stackName": "App", "templateFile": "App.json"}
    manifest = {"artifacts": {"App": {"type": "aws:cloudformation:stack", "properties": properties}}}
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "App.json").write_text(json.dumps(template))
    with pytest.raises(DeployError) as caught:
        cdk(app).check(out, [STEP], WHO)
    assert caught.value.code == "no-such-parameter"
    assert problem in caught.value.problem


def test_a_stack_without_resources_is_refused_since_the_cli_would_drop_or_delete_it(app, tmp_path):
    properties = {"stackName": "App", "templateFile": "App.json"}
    manifest = {"artifacts": {"App": {"type": "aws:cloudformation:stack", "properties": properties}}}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    told = {"ImageTag": {}, "RajeeInfraHash": {}}
    outputs = {"O": {"Value": [{"Ref": "ImageTag"}, {"Ref": "RajeeInfraHash"}]}}
    (tmp_path / "out" / "App.json").write_text(json.dumps({"Parameters": told, "Outputs": outputs, "Resources": {}}))
    with pytest.raises(DeployError) as caught:
        cdk(app).check(tmp_path / "out", [STEP], WHO)
    assert caught.value.code == "empty-stack"


DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("value", "digests", "pattern", "refused"),
    [
        ("c-1", (), "^[a-z0-9-]+$", False),
        ("c-1", (), "^sha256:[0-9a-f]{64}$", True),
        (DIGEST, (), "^sha256:[0-9a-f]{64}$", False),
        (DIGEST, (), "^[a-z0-9-]+$", True),
        # What is only built in this run: the form of a digest counts, not what is shown for it.
        ("the digest of c-1", (("ImageTag", Repository("a"), "c-1"),), "^sha256:[0-9a-f]{64}$", False),
        ("the digest of c-1", (("ImageTag", Repository("a"), "c-1"),), "^[a-z0-9-]+$", True),
        ("c-1", (), "[a-z&&[^b]]++\\p{Q}", False),  # Java's own: left to CloudFormation
    ],
)
def test_a_parameter_that_takes_tags_gets_no_digest_and_the_other_way_round(
    app, tmp_path, value, digests, pattern, refused
):
    step = DeployStack("App", (("ImageTag", value),), "", (), digests=digests)
    template = {
        "Parameters": {"ImageTag": {"Type": "String", "AllowedPattern": pattern}},
        "Outputs": {"O": {"Value": {"Ref": "ImageTag"}}},
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
    }
    manifest = {
        "artifacts": {
            "App": {
                "type": "aws:cloudformation:stack",
                "properties": {"stackName": "App", "templateFile": "App.json"},
            }
        }
    }
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "App.json").write_text(json.dumps(template))
    install(app, "exit 0")
    if not refused:
        cdk(app).check(out, [step], WHO)
        return
    with pytest.raises(DeployError) as caught:
        cdk(app).check(out, [step], WHO)
    assert (caught.value.code, "deploy-by" in caught.value.hint) == ("parameter-refused", True)


def test_a_synth_that_fails_leaves_the_former_list_and_is_noted(app):
    """What it had read by then is no list of anything: the next run would blame what keeps hooks out."""
    depfile = app.parent / "depfile.json"
    settings = CdkSettings(app, ("App",), {})
    tracer = Tracer(depfile, lambda records: distil(describe_app(settings), records))
    deployer = Cdk(settings, Aws(), tracer)
    install(app, MAKES_AN_ASSEMBLY)
    deployer.synth(app.parent / "one", lambda _: None, {})
    before = depfile.read_bytes()
    (app / "node_modules" / ".bin" / "cdk").write_text("#!/bin/sh\necho hunter2; exit 1")
    with pytest.raises(DeployError, match="cdk synth failed"):
        deployer.synth(app.parent / "two", lambda _: None, {})
    assert depfile.read_bytes() == before
    assert last_failure(app.parent).startswith("20")
    assert "hunter2" not in (app.parent / NAME).read_text()
    assert not {NAME, "depfile.json"} & set(without_ours(app.parent))
    (app / "node_modules" / ".bin" / "cdk").write_text(f"#!/bin/sh\n{MAKES_AN_ASSEMBLY}")
    deployer.synth(app.parent / "three", lambda _: None, {})
    assert last_failure(app.parent) == ""


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "rajee-deploy.failed-synth/1", "at": "\\u001b[31m"}', "[" * 9999]
)
def test_a_foreign_note_of_a_failed_synth_says_nothing(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    assert last_failure(tmp_path) == ""
