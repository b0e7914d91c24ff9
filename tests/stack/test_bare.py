"""A machine that never ran the tool and has neither node nor the CDK: a clone, git, credentials, and nothing else.

What is deployed was deployed from another machine, through the real CDK CLI. The apps write their own cloud assembly.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from sampled import some
from sandboxes import own_cloud

pytestmark = pytest.mark.cdk

TOP = Path(__file__).parents[2]
STACKS = ("App", "Web")
ASSETS = "assets"  # a bucket: what is no asset is sent as YAML by the CDK CLI
MANIFEST = {
    "version": "36.0.0",
    "artifacts": {
        name: part
        for stack in STACKS
        for name, part in (
            (f"{stack}.assets", {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}),
            (
                stack,
                {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "dependencies": [f"{stack}.assets"],
                    "properties": {
                        "templateFile": f"{stack}.template.json",
                        "stackTemplateAssetObjectUrl": f"s3://{ASSETS}/template-of-{stack}.json",
                    },
                },
            ),
        )
    },
}
FILES = {
    "version": "36.0.0",
    "files": {
        f"template-of-{stack}": {
            "source": {"path": f"{stack}.template.json", "packaging": "file"},
            "destinations": {"here": {"bucketName": ASSETS, "objectKey": f"template-of-{stack}.json"}},
        }
        for stack in STACKS
    },
    "dockerImages": {},
}
RECORDS = ("RajeeInfraHash", "RajeeTemplateHash", "RajeeRevision")
TEMPLATE = {
    "Parameters": {name: {"Type": "String", "Default": "-"} for name in RECORDS},
    "Outputs": {"RajeeState": {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in RECORDS]]}}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "NAME"}}},
}
# Each reads what is beside the app, and looks for what is not there.
PYTHON = """# version 1
import os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(exist_ok=True)
services = sorted(path.read_text().strip() for path in pathlib.Path("..").glob("*/service.name"))
if pathlib.Path("../local.json").exists() or os.environ.get("EXTRA"):
    services.append("local")
for name in ("manifest.json", "assets.json"):
    (out / name).write_text(pathlib.Path(name).read_text())
for name in ("App", "Web"):
    text = pathlib.Path("template.json").read_text().replace("NAME", "-".join([name, *services]))
    (out / f"{name}.template.json").write_text(text)
"""
NODE = """// version 1
const fs = require("fs");
const out = process.env.CDK_OUTDIR;
fs.mkdirSync(out, { recursive: true });
const found = fs.readdirSync("..").map((name) => `../${name}/service.name`).filter((path) => fs.existsSync(path));
const services = found.map((path) => fs.readFileSync(path, "utf8").trim());
if (fs.existsSync("../local.json") || process.env.EXTRA) services.push("local");
for (const name of ["manifest.json", "assets.json"]) fs.copyFileSync(name, `${out}/${name}`);
for (const name of ["App", "Web"]) {
  const text = fs.readFileSync("template.json", "utf8").replace("NAME", [name, ...services].join("-"));
  fs.writeFileSync(`${out}/${name}.template.json`, text);
}
"""
SHELL = """#!/bin/sh
# version 1
set -e
mkdir -p "$CDK_OUTDIR"
services=""
for file in ../*/service.name; do services="$services-$(cat "$file")"; done
if [ -e ../local.json ] || [ -n "$EXTRA" ]; then services="$services-local"; fi
cp manifest.json assets.json "$CDK_OUTDIR/"
for name in App Web; do sed "s/NAME/$name$services/" template.json > "$CDK_OUTDIR/$name.template.json"; done
"""
APPS = {
    "python": ("python3 app.py", "app.py", PYTHON),
    "node": ("node app.js", "app.js", NODE),
    "shell": ("./app.sh", "app.sh", SHELL),
}
KEYS = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox", "region_name": "us-east-1"}
WHO = ("-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")


def git(where, *words):
    told = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *WHO, *words], cwd=where, check=True, capture_output=True, env=told)


def _program(name):
    """No version manager's, which chooses one by the directory it is run in."""
    return Path(sys.base_prefix, "bin", "python3") if name == "python3" else shutil.which(name)


@dataclass
class Machine:
    """A checkout on a machine of its own: home, temporary files, cache, and programs on PATH."""

    root: Path
    origin: Path
    cloud: dict[str, str]
    programs: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)
    umask: int = 0o022

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "bin"):
            (self.root / name).mkdir(parents=True)
        for name in self.programs:
            (self.root / "bin" / name).symlink_to(_program(name))
        self.checkout = self.root / "work" / "deep" / "checkout"
        self.checkout.parent.mkdir(parents=True)
        umask = os.umask(self.umask)
        try:
            git(self.root, "clone", "--quiet", str(self.origin), str(self.checkout))
        finally:
            os.umask(umask)

    def install(self) -> None:
        """What a synth takes."""
        (self.checkout / "cdk" / "node_modules").symlink_to(TOP / "infra" / "node_modules")
        for name in ALL:
            place = self.root / "bin" / name
            if not place.is_symlink():
                place.symlink_to(_program(name))

    def run(self, *words, code=0, **more):
        """The command as a user types it; what it said."""
        environment = {
            "PATH": str(self.root / "bin"),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            **self.cloud,
            **self.more,
            **more,
        }
        ended = subprocess.run(
            [sys.executable, "-m", "rajee_deploy", *words],
            cwd=self.checkout,
            env=environment,
            umask=self.umask,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        told = ended.stdout + ended.stderr
        assert ended.returncode == code, told
        return told

    def write(self, path, text):
        place = self.checkout / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)


ALL = ("git", "sh", "python3", "node", "strace", "env", "mkdir", "cat", "cp", "sed")
BARE = ("git", "sh", "python3")
OTHER = {
    "USER": "somebody",
    "LOGNAME": "somebody",
    "SHELL": "/bin/other",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "TERM": "dumb",
    "CI": "true",
    "GITHUB_RUN_ID": "7",
    "GITHUB_TOKEN": "t",
    "XDG_SESSION_ID": "7",
    "SHLVL": "9",
    "PWD": "/nowhere",
}


@dataclass
class World:
    root: Path
    cloud: dict[str, str]
    kind: str
    number: int = 0

    def __post_init__(self):
        command, name, text = APPS[self.kind]
        self.app = f"cdk/{name}"
        self.origin.mkdir()
        git(self.origin, "init", "--quiet")
        self.commit(
            {
                "rajee-deploy.toml": '[cdk]\napp = "cdk"\nstacks = ["App", "Web"]\n',
                "README.md": "one\n",
                ".gitignore": "node_modules\n",
                "cdk/cdk.json": json.dumps({"app": command}),
                self.app: text,
                "cdk/manifest.json": json.dumps(MANIFEST),
                "cdk/assets.json": json.dumps(FILES),
                "cdk/template.json": json.dumps(TEMPLATE),
                "api/service.name": "api\n",
            }
        )

    def machine(self, *programs, **more) -> Machine:
        self.number += 1
        return Machine(self.root / f"machine-{self.number}", self.origin, self.cloud, programs, **more)

    def bare(self) -> Machine:
        return self.machine(*BARE, more=OTHER, umask=0o077)

    def usual(self) -> Machine:
        found = self.machine(*ALL)
        found.install()
        return found

    @property
    def origin(self) -> Path:
        return self.root / "origin"

    def commit(self, files) -> None:
        for path, text in files.items():
            place = self.origin / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            if text.startswith("#!"):
                place.chmod(0o755)
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "-m", "more")


@pytest.fixture(scope="module", params=some("apps on a bare machine", APPS, 3))
def world(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(f"bare-{request.param}")
    with own_cloud(root / "state") as cloud:
        found = World(root, cloud, request.param)
        boto3.client("s3", endpoint_url=found.cloud["AWS_ENDPOINT_URL"], **KEYS).create_bucket(Bucket=ASSETS)
        found.first = found.usual()
        found.first.run("up")
        yield found


def test_a_bare_machine_decides_by_hash(world):
    machine = world.bare()
    told = machine.run("plan", "--detailed-exitcode")
    assert "Nothing to do" in told
    assert "decided by hash" in told
    assert "not installed here, taken as recorded: cdk-cli" in told
    machine.write("README.md", "two\n")
    assert "decided by hash" in machine.run("plan", "--detailed-exitcode")


def test_what_synth_reads_takes_a_synth_there(world):
    """Also what it looked for and did not find."""
    machine = world.bare()
    machine.write("web/service.name", "web\n")
    assert "node-missing" in machine.run("plan", code=1)
    assert "~ update  App" in machine.run("plan", "--infra-check=hash", "--detailed-exitcode", code=2)
    machine.install()
    told = machine.run("plan", "--detailed-exitcode", code=2)
    assert "decided by a synth" in told


def test_a_variable_that_is_read_counts_there(world):
    assert "the infrastructure's inputs changed" in world.bare().run("plan", code=1, EXTRA="1")


def test_what_an_older_release_deployed_takes_one_synth(world):
    """Its record is of another scheme, and its template carries no list."""
    cloudformation = boto3.client("cloudformation", endpoint_url=world.cloud["AWS_ENDPOINT_URL"], **KEYS)
    for stack in STACKS:
        template = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        cloudformation.update_stack(
            StackName=stack,
            TemplateBody=json.dumps({**template, "Metadata": {}}),
            Parameters=[
                {"ParameterKey": "RajeeInfraHash", "ParameterValue": f"sha256:{'0' * 64}"},
                *({"ParameterKey": name, "UsePreviousValue": True} for name in RECORDS[1:]),
            ],
        )
    machine = world.usual()
    told = machine.run("up")
    assert "a synth was needed" in told
    assert "Nothing to do" in told
    told = machine.run("plan")
    assert "decided by hash" in told
    assert "Nothing to do" in told
