"""A CDK app that gives a cloud assembly which a synth left, and an account as `cdk bootstrap` leaves it.

For tests that deploy a real app and are about neither: a synth of the reference service takes seven seconds of a
processor, a start of the CDK CLI one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import session

from rajee_deploy.synth.cdk_cli import CDK_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INFRA = Path(__file__).parents[1] / "infra"
ENVOY = "rajee-stand-in/envoy:distroless-v1.38.0"  # what .ci/stand-ins makes
NAME = "given"  # the directory beside cdk.json that the assembly lies in; a template in it can be edited
# An edited template gets another name for its upload, as the CDK would give it. Assets are templates and nothing else.
_APP = """
import hashlib, json, os, pathlib, shutil
out = pathlib.Path(os.environ["CDK_OUTDIR"])
shutil.copytree("given", out, dirs_exist_ok=True)
for assets in out.glob("*.assets.json"):
    for former, asset in json.loads(assets.read_text())["files"].items():
        now = hashlib.sha256((out / asset["source"]["path"]).read_bytes()).hexdigest()
        for path in (assets, out / "manifest.json"):
            path.write_text(path.read_text().replace(former, now))
"""


def write_app(directory: Path, assembly: Path) -> None:
    """Let the app in `directory` be one that gives this assembly."""
    shutil.copytree(assembly, directory / NAME)
    (directory / "given.py").write_text(_APP)
    settings = directory / "cdk.json"
    told = json.loads(settings.read_text()) if settings.exists() else {}
    settings.write_text(json.dumps({**told, "app": f"{sys.executable} given.py", "versionReporting": False}))


def edit(directory: Path, old: str, new: str) -> None:
    """Replace in its templates."""
    found = [path for path in (directory / NAME).glob("*.template.json") if old in path.read_text()]
    assert found, f"no template has {old!r}"
    for path in found:
        path.write_text(path.read_text().replace(old, new))


def stand_ins() -> None:
    """The base images of the reference service, in the engine; see .ci/stand-ins."""
    program = str(INFRA.parent / ".ci" / "stand-ins")
    environment = {**os.environ, "PYTHON": sys.executable}

    def make(made: Path) -> None:
        subprocess.run([program], check=True, capture_output=True, env=environment)
        made.touch()

    _once("stand-ins", make)


def small_envoy() -> str:
    """An image that can stand for Envoy's where nobody starts it."""

    def make(made: Path) -> None:
        context = made.with_name("envoy.context")
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text("FROM scratch\nCOPY envoy /usr/local/bin/\nCOPY passwd group /etc/\n")
        (context / "envoy").write_text("none\n")
        (context / "passwd").write_text("root:x:0:0:root:/root:/sbin/nologin\n")  # without it RUN has no user 0
        (context / "group").write_text("root:x:0:\n")
        name = f"rajee-tests/envoy:{made.parent.name}"
        session.note("image", name)
        build = ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", name, str(context)]
        subprocess.run(build, check=True, capture_output=True)
        made.write_text(name)

    return _once("envoy", make).read_text()


def reference_service() -> Path:
    """The assembly of the reference service in `dev`."""
    return _once("reference", lambda made: synthesise(INFRA, made, "--context=environment=dev"))


def node_modules() -> Path:
    """What `npm ci` of tests/apps/services_ts installs: as `infra` has it, the library as its Python package does."""
    return _once("node_modules", _unpack_modules)


def bootstrap(environment: Mapping[str, str], region: str = "us-east-1", **keys: str) -> None:
    """The stack CDKToolkit in this sandbox, with what the CDK CLI gives it for parameters. `keys` are boto3's."""
    template = _once("bootstrap.yaml", lambda made: made.write_bytes(_cdk(INFRA, "bootstrap", "--show-template")))
    boto3.client(
        "cloudformation",
        region_name=region,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        **(keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}),
    ).create_stack(
        StackName="CDKToolkit",
        TemplateBody=template.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "FileAssetsBucketKmsKeyId", "ParameterValue": "AWS_MANAGED_KEY"},
            {
                "ParameterKey": "CloudFormationExecutionPolicies",
                "ParameterValue": "arn:aws:iam::aws:policy/AdministratorAccess",
            },
        ],
    )


def _unpack_modules(made: Path) -> None:
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(INFRA / "node_modules", made, symlinks=True)
    site = Path(sysconfig.get_path("purelib"))
    for packed in [*site.glob("aws_cdk/**/_jsii/*.jsii.tgz"), *site.glob("constructs/_jsii/*.jsii.tgz")]:
        unpacked = made / "unpacked"
        unpacked.mkdir()
        subprocess.run(["tar", "-xzf", packed, "-C", unpacked, "--strip-components=1"], check=True)
        name = json.loads((unpacked / "package.json").read_text())["name"]
        (made / name).parent.mkdir(exist_ok=True)
        unpacked.rename(made / name)


def synthesise(app: Path, output: Path, *more: str) -> None:
    """A plain `cdk synth`."""
    _cdk(app, "synth", "--quiet", "--output", str(output), *more)


def _once(name: str, make: Callable[[Path], object]) -> Path:
    """What is made by whoever asks first in a run of the tests."""
    directory = Path(os.environ[session.DIRECTORY])
    made = directory / name
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(directory / f"{name}.part")
            (directory / f"{name}.part").rename(made)
    return made


def _cdk(app: Path, *words: str) -> bytes:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(INFRA / "node_modules" / ".bin" / "cdk"), *words, "--no-notices"],
        check=True,
        cwd=app,
        env={**kept, **CDK_ENVIRONMENT, "PATH": path},
        capture_output=True,
    ).stdout
