"""Every reader of bytes that somebody else wrote: a sample that it understands, and how bytes come to it.

`READERS` is the table of `test_foreign_readers` (and of the longer proof). A reader whose sample is JSON gets every
place of it replaced by values of other types, besides bytes and broken samples.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.actions.resource_lines import details, document_of
from rajee_deploy.aws.received import NotAnAnswerError, examine
from rajee_deploy.aws.shaped import with_shape
from rajee_deploy.aws.short import _is_of
from rajee_deploy.aws.short import _template as _template_in
from rajee_deploy.aws.short.shapes import _parse as shapes_of
from rajee_deploy.build_record import proofs
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.local import LocalContents
from rajee_deploy.build_record.store import DOCUMENT_TYPE, _layer
from rajee_deploy.context import cache
from rajee_deploy.context.answers import Answers
from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.files import _decode
from rajee_deploy.context.ignore import Matcher, read_rules
from rajee_deploy.context.rules import find_rules
from rajee_deploy.dockerfile import resolve
from rajee_deploy.dockerfile.frontend import detect
from rajee_deploy.engine import ambient, login
from rajee_deploy.engine.bases import config_of
from rajee_deploy.engine.buildx import _pushed_digest
from rajee_deploy.engine.progress import Progress
from rajee_deploy.git.head import find_head
from rajee_deploy.git.large_files import pointer_to
from rajee_deploy.git.origin import find_project_id
from rajee_deploy.lock import parse as parse_lock
from rajee_deploy.lock import read as read_lock
from rajee_deploy.model import BuildOptions, Digest, Platform
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.carried import carried_of, encode
from rajee_deploy.plan.replacement import Specification
from rajee_deploy.plan.resource_changes import Side, stack_changes
from rajee_deploy.registry.answers import access, archived_image, frozen, references
from rajee_deploy.registry.documents import read_configuration, read_manifest
from rajee_deploy.registry.http import HttpAnswer, RegistryHttp, _words
from rajee_deploy.registry.image_layout import pinned_layout
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.registry.labels import _describe, _first_image, _label
from rajee_deploy.registry.layout import describe
from rajee_deploy.registry.manifests import Index, parse_config, parse_manifest
from rajee_deploy.registry.oci import Manifest, _codes
from rajee_deploy.registry.repository_rules import image_tags, mutability, parse_policy
from rajee_deploy.report.history import History
from rajee_deploy.report.metrics import figures
from rajee_deploy.report.others import read_others
from rajee_deploy.rollout.declared import declared_services
from rajee_deploy.sandbox.registry_api import OciError, _parse_manifest
from rajee_deploy.sandbox.state import read_note
from rajee_deploy.settings import find_settings, load
from rajee_deploy.stack.deployment_record import decode as decoded_record
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.secret_values import LocalSecretValues
from rajee_deploy.stack.services import Services, _parse_kept
from rajee_deploy.stack.watching import Watching
from rajee_deploy.synth import assembly
from rajee_deploy.synth.assembly_cache import AssemblyStore, _read_record, _stacks_of
from rajee_deploy.synth.carried import carry
from rajee_deploy.synth.cli_files import CdkCli, find_cli
from rajee_deploy.synth.cli_profile import named_profile
from rajee_deploy.synth.command import app_command
from rajee_deploy.synth.git_index import git_index
from rajee_deploy.synth.how_to import install_cli
from rajee_deploy.synth.ignored import _read_kept
from rajee_deploy.synth.image_assets import image_assets
from rajee_deploy.synth.image_inputs import image_inputs, no_digests
from rajee_deploy.synth.images_of_cdk import images_of_cdk
from rajee_deploy.synth.input_store import InputStore
from rajee_deploy.synth.neutral_assembly import neutralise
from rajee_deploy.synth.resource_specification import read_specification
from rajee_deploy.synth.runtimes import _by_headers, venv_configuration
from rajee_deploy.synth.schema_versions import newest_readable
from rajee_deploy.synth.shared_assets import share_assets
from rajee_deploy.synth.tagged_assembly import render
from rajee_deploy.synth.toolchain import _version
from rajee_deploy.synth.tracing import _records
from rajee_deploy.synth.tracing.depfile import read_depfile
from rajee_deploy.synth.tracing.distil import _lock_entries, _owners, package_version
from rajee_deploy.synth.tracing.failure import NAME as FAILED
from rajee_deploy.synth.tracing.failure import last_failure
from rajee_deploy.synth.tracing.installed import node_packages, python_packages
from rajee_deploy.synth.tracing.looks import find_looks
from rajee_deploy.synth.tracing.staged_images import file_assets, texts_of
from rajee_deploy.synth.tracing.syscalls import BrokenLogError, read_calls
from rajee_deploy.synth.tracing.whole import _properties
from rajee_deploy.synth.travelling import from_document
from rajee_deploy.system.ours import listed_names, without_ours
from rajee_deploy.telemetry.collector import _verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Reader:
    """`read` takes bytes and a directory of its own. `allowed` are errors that its caller is there to catch."""

    sample: bytes
    read: Callable[[bytes, Path], object]
    allowed: tuple[type[Exception], ...] = ()


def _put(place: Path, name: str, data: bytes) -> Path:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _packed(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


DIGEST = "sha256:" + "a" * 64
LINUX = Platform("linux", "amd64")

# -- settings, locks, Dockerfiles, ignore files ---------------------------------------------------------------------

SETTINGS = b"""require-ancestry = true
[images.app]
context = "."
platform = "linux/amd64"
repository = "team/app"
build-args = { A = "1" }
[cdk]
app = "."
stacks = ["One"]
context = { a = "b" }
[environments.dev]
region = "us-east-1"
account = "123456789012"
images.app.target = "x"
"""


def _settings(data: bytes, place: Path) -> object:
    _put(place, "cdk.json", b"{}")
    _put(place, "Dockerfile", b"FROM scratch\n")
    return load(_put(place, "rajee-deploy.toml", data), "dev")


def _project(data: bytes, place: Path) -> object:
    _put(place, "pyproject.toml", data)
    return load(find_settings(place))


def _dockerfile(data: bytes, _place: Path) -> object:
    return resolve(data, BuildOptions(platform=LINUX), "Dockerfile")


def _rules(data: bytes, place: Path) -> object:
    rules = find_rules(_put(place, ".dockerignore", data).parent, place / "Dockerfile").ignore
    return Matcher(read_rules(rules or b"", ".dockerignore")).matches("a/b")


class _Tree:
    root = ""

    def children(self, path: str) -> dict[str, Any]:
        return {} if path else {"a": None}

    def link(self, path: str) -> str:
        return path


def _deployignore(data: bytes, _place: Path) -> object:
    from rajee_deploy.model import Kind

    return DeployIgnored(_Tree(), data, ".deployignore").rule_for("a/b", Kind.FILE)


LOCK = (
    b"# rajee-deploy.lock/1: written by `rajee-deploy lock`; commit it\n"
    b"busybox:1.37 sha256:" + b"a" * 64 + b' 2026-11-25 linux/amd64 {"ENV":{"PATH":"/bin"},"ONBUILD":["RUN x"]}\n'
    b"docker/dockerfile:1 sha256:" + b"b" * 64 + b" 2026-11-25 -\n"
)
DOCKERFILE = (
    b'# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=$BUILDPLATFORM base:$V AS a\nENV A=${V:-2} B="c d"\n'
    b'FROM scratch\nCOPY --from=a --chmod=755 ["x y", "/z/"]\nRUN --mount=type=bind,target=/src <<EOF\necho $A\nEOF\n'
    b'HEALTHCHECK CMD ["a"]\nADD --checksum=' + DIGEST.encode() + b' https://example.com/x /y\nUSER a\nVOLUME ["/v"]\n'
)

# -- what the CDK's side has: cdk.json, packages, assemblies, traces


def _cdk_json(data: bytes, place: Path) -> object:
    _put(place, "cdk.json", data)
    return app_command(place), named_profile(place), install_cli(place)


def _cli(data: bytes, place: Path) -> object:
    _put(place, "node_modules/aws-cdk/bin/cdk", b"")
    return find_cli(_put(place, "node_modules/aws-cdk/package.json", data).parents[2])


def _schema_of_cli(data: bytes, place: Path) -> object:
    _put(place, "node_modules/aws-cdk/lib/index.js", data)
    return newest_readable(CdkCli(_put(place, "node_modules/aws-cdk/package.json", b"{}"), "2.1"))


def _package(data: bytes, place: Path) -> object:
    path = _put(place, "node_modules/x/package.json", data)
    return package_version(str(path.parent)), _version(path), node_packages(str(place), ["node_modules/x"])


def _package_lock(data: bytes, place: Path) -> object:
    _put(place, "node_modules/x/package.json", b"{}")
    _put(place, "node_modules/.package-lock.json", data)
    path = _put(place, "package-lock.json", data)
    return _lock_entries(str(path)), node_packages(str(place), ["node_modules/x"]), install_cli(place)


def _record_of_packages(data: bytes, place: Path) -> object:
    _put(place, "a-1.dist-info/RECORD", data)
    return _owners(str(place)), python_packages([str(place)], ["a"])


def _pyvenv(data: bytes, place: Path) -> object:
    return venv_configuration(_put(place, "pyvenv.cfg", data))


def _headers_of_node(data: bytes, place: Path) -> object:
    _put(place, "include/node/node_version.h", data)
    return _by_headers(place / "bin" / "node")


TEMPLATE = {
    "Resources": {
        "A": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "T"}, "DesiredCount": 1}},
        "T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": {"Fn::Sub": "${P}"}}},
    },
    "Parameters": {"P": {"Type": "String", "Default": "x", "AllowedValues": ["x"]}},
    "Metadata": {"a": 1},
    "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Name"]}}},
    "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
}
_URI = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/r:" + "b" * 64}
TEMPLATE_WITH_IMAGES = {
    **TEMPLATE,
    "Resources": {
        **TEMPLATE["Resources"],
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ImageUri": _URI}}},
        f"FVersion{'0' * 32}": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}},
        "N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x/y.json"}, "Metadata": {"a": "b"}},
    },
}
_POLICY = {"Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": {"Fn::GetAtt": ["B", "Arn"]}}]}
TEMPLATE_WITH_PERMISSIONS = {
    "Resources": {
        "R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": _POLICY}]}},
        "P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": _POLICY, "Roles": [{"Ref": "R"}]}},
        "L": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": '{"Statement": []}'}},
        "G": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 22}]},
        },
        "B": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "b"},
            "Metadata": {"aws:cdk:path": "S/B/Resource"},
        },
        "T": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"ContainerDefinitions": [{"Name": "c", "Image": "r/i:t", "Cpu": 1}]},
        },
    },
    "Outputs": {"O": {"Value": "x"}},
}
SPECIFIED = {"$id": "1", "cloudFormationType": "A::B::C", "properties": {"Name": {"causesReplacement": "yes"}}}
MANIFEST = {
    "version": "1",
    "artifacts": {
        "One": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://123456789012/us-east-1",
            "displayName": "One",
            "dependencies": ["One.assets"],
            "properties": {
                "templateFile": "One.template.json",
                "stackName": "One",
                "tags": {"a": "b"},
                "notificationArns": [],
                "lookupRole": {"arn": "x"},
                "terminationProtection": False,
            },
            "metadata": {
                "/One": [
                    {"type": "aws:cdk:warning", "data": "text"},
                    {"type": "aws:cdk:stack-tags", "data": [{"Key": "k", "Value": "v"}]},
                ]
            },
        },
        "One.assets": {"type": "cdk:asset-manifest", "properties": {"file": "One.assets.json"}},
    },
    "missing": [],
}
ASSETS = {
    "files": {
        "a" * 64: {
            "source": {"path": "One.template.json", "packaging": "file"},
            "destinations": {"c": {"bucketName": "b", "objectKey": "a" * 64 + ".json"}},
        }
    },
    "dockerImages": {
        "b" * 64: {
            "displayName": "api",
            "source": {
                "directory": "asset.b",
                "dockerFile": "Dockerfile",
                "dockerBuildTarget": "t",
                "dockerBuildArgs": {"A": "1"},
                "dockerBuildContexts": {"lib": "/lib"},
                "dockerBuildSecrets": {"s": "env=S"},
                "dockerBuildSsh": "default",
                "platform": "linux/amd64",
                "cacheFrom": [{"type": "registry", "params": {"ref": "r"}}],
                "cacheTo": {"type": "registry", "params": {"ref": "r"}},
            },
            "destinations": {"c": {"repositoryName": "r", "imageTag": "b" * 64, "assumeRoleArn": "a"}},
        }
    },
}
LIST = {
    "schema": "rajee-deploy.list/1",
    "entries": [["file", "app.py"], ["list", "src", "x"]],
    "variables": ["A"],
    "toolchain": {"python": "3.11", "python-packages": "a b"},
    "obstacles": [],
}
LIST_WITH_IMAGES = {
    **LIST,
    "schema": "rajee-deploy.list/2",
    "images": [
        {
            "name": "api",
            "source": "api",
            "dockerfile": "Dockerfile",
            "target": "",
            "platform": "linux/amd64",
            "build-args": {"A": "1"},
            "build-contexts": {"lib": "./lib", "base": "docker-image://x"},
        }
    ],
}


def _assembly(place: Path, **files: bytes) -> object:
    whole = {"manifest": _json(MANIFEST), "template": _json(TEMPLATE), "assets": _json(ASSETS), **files}
    for name, kind in (("manifest", "manifest.json"), ("template", "One.template.json"), ("assets", "One.assets.json")):
        _put(place, kind, whole[name])
    found = [assembly.is_complete(place), assembly.warnings_of(place), assembly.synthesised_stacks(place, place)]
    return [*found, carry(place, LIST, ["One"])]


def _staged(data: bytes, place: Path) -> object:
    _put(place, "manifest.json", _json(MANIFEST))
    _put(place, "One.assets.json", data)
    return file_assets(place), texts_of(place), image_assets(place)


def _adopted(place: Path) -> object:
    """Of an assembly whose other files are sound: shared, made neutral, and written with tags."""
    (place / "asset.b").mkdir(exist_ok=True)
    share_assets(place)
    tags = neutralise(place, lambda _: f"c-{'0' * 40}").tags
    return tags, render(place, tags)


def _adopted_list(data: bytes, place: Path) -> object:
    _put(place, "manifest.json", _json(MANIFEST))
    _put(place, "One.template.json", _json(TEMPLATE_WITH_IMAGES))
    _put(place, "One.assets.json", data)
    return _adopted(place)


def _adopted_template(data: bytes, place: Path) -> object:
    _put(place, "manifest.json", _json(MANIFEST))
    _put(place, "One.template.json", data)
    _put(place, "One.assets.json", _json(ASSETS))
    return _adopted(place)


def _properties_of(data: bytes, place: Path) -> object:
    return list(_properties(_put(place, "manifest.json", data).parent))


def _template(data: bytes, place: Path) -> object:
    return _assembly(place, template=data)


def _assembly_config(data: bytes, place: Path) -> object:
    return _assembly(place) if _put(place, "cdk.json", data) else None


def _depfile(data: bytes, place: Path) -> object:
    return read_depfile(_put(place, "depfile.json", data))


DEPFILE = {
    "version": 4,
    "variables": ["A"],
    "read": ["x"],
    "listed": [],
    "searched": [],
    "outside": [],
    "impure": [],
    "packages": [],
    "libraries": [["s", "n"]],
    "is_whole": True,
    "entries": [["file", "p", ["b"]]],
    "installed": [["i", "v"]],
    "toolchain": [["a"], [], [], [], []],
    "images": [["api", "api", "Dockerfile", "", "", [["A", "1"]], []]],
}
STACKS = {
    "account": "1",
    "digest": "a",
    "stacks": {
        "One": {
            "content": {"template": "{}", "tags": {}, "notification_arns": [], "termination_protection": False},
            "parameters": ["P"],
            "volatile": [],
            "leaves_topics": True,
            "sent": "x",
            "declared": {"P": ["String", "", []]},
            "place": ["One", "One", "", "", "", "", "", ""],
        }
    },
}


def _store(data: bytes, place: Path) -> object:
    path = _put(place, "a/record.json", data)
    return _stacks_of(_read_record(path)), AssemblyStore(place).latest(), AssemblyStore(place).remember("x")


STRACE = (
    b'12 execve("/usr/bin/node", ["node", "x"], 0x7ffd /* 20 vars */) = 0\n'
    b'12 openat(AT_FDCWD</p>, "/p/a\\303\\251", O_RDONLY|O_CLOEXEC) = 3</p/a>\n'
    b'12 newfstatat(3</p/a>, "", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0\n'
    b"12 clone3({flags=CLONE_VM, exit_signal=SIGCHLD}, 88) = 13\n13 +++ exited with 0 +++\n"
    b'12 readlink("/proc/self/exe",  <unfinished ...>\n12 <... readlink resumed>"/usr/bin/node", 4096) = 13\n'
)


def _strace(data: bytes, _place: Path) -> object:
    calls = read_calls(line.rstrip("\n") for line in data.decode("latin-1").split("\n") if line)
    return find_looks(calls, bool, "/p")


TRACE = b'["read", "/p/a"]\n["python", "3.11", "/lib/python3.11", "/usr", "/x-packages"]\n["list", "/p"]\n'


def _trace(data: bytes, place: Path) -> object:
    return _records(_put(place, "trace/python-12.jsonl", data).parent, place, 0, None)


def _head(name, data, place):
    for part in ("objects", "refs"):
        (place / ".git" / part).mkdir(parents=True, exist_ok=True)
    _put(place / ".git", "HEAD", b"ref: refs/heads/main\n")
    _put(place / ".git", name, data)
    return find_head(place)


def _index(data: bytes, place: Path) -> object:
    return git_index(str(_put(place, "index", data)))


INDEX = struct.pack(">4sII", b"DIRC", 2, 1) + b"\0" * 60 + b"\0\1" + b"a\0" + b"\0" * 16 + b"\0" * 20

# -- registries

IMAGE = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "x", "digest": DIGEST, "size": 2},
    "layers": [{"digest": DIGEST, "size": 1}],
    "annotations": {"a": "b"},
}
IMAGES = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [
        {"digest": DIGEST, "size": 3, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        {"digest": DIGEST, "size": 3, "platform": {"os": "unknown", "architecture": "unknown"}},
    ],
}
CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "config": {"Env": ["A=b"], "OnBuild": ["RUN x"], "Labels": {"l": "v"}},
    "rootfs": {"diff_ids": [DIGEST]},
    "history": [{"created_by": "x", "empty_layer": True}],
}
IMAGE_OF_LAYOUT = {**IMAGE, "config": {"digest": f"sha256:{hashlib.sha256(_json(CONFIG)).hexdigest()}", "size": 1}}
RECORD_IMAGE = {**IMAGE, "layers": [{"mediaType": DOCUMENT_TYPE, "digest": DIGEST, "size": 1}]}
ERRORS = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "text"}]}


def _base_manifest(data: bytes, _place: Path) -> object:
    found = parse_manifest(data, "application/vnd.oci.image.index.v1+json")
    return found.find(LINUX) if isinstance(found, Index) else found


def _own_manifest(data: bytes, _place: Path) -> object:
    found = []
    for each in (IMAGE["mediaType"], IMAGES["mediaType"]):
        try:
            found.append(read_manifest(data.decode(), str(each)))
        except ValueError as error:  # what it promises
            found.append(error)
    return found


def _label_of(data: bytes, _place: Path) -> object:
    return _label(data, "l")


def _parsed_object(data: bytes) -> dict[str, Any]:
    """What `oci` hands on: a JSON object."""
    from rajee_deploy.text.foreign import parse_json

    found = parse_json(data)
    return found if isinstance(found, dict) else {}


def _children(data: bytes, _place: Path) -> object:
    document = _parsed_object(data)
    return _first_image(document), _describe(document.get("config"))


def _record_manifest(data: bytes, _place: Path) -> object:
    return _layer(Manifest(_parsed_object(data), DIGEST))


def _layout(data: bytes, place: Path) -> object:
    _put(place, "index.json", data)
    return pinned_layout(f"oci-layout://{place}")


def _layout_blob(data: bytes, place: Path) -> object:
    """The index names the bytes by their own digest."""
    digest = hashlib.sha256(data).hexdigest()
    _put(place, f"blobs/sha256/{digest}", data)
    _put(place, f"blobs/sha256/{hashlib.sha256(_json(CONFIG)).hexdigest()}", _json(CONFIG))
    _put(place, "index.json", _json({"manifests": [{"digest": f"sha256:{digest}"}]}))
    return describe(f"oci-layout://{place}", LINUX)


def _token(data: bytes, _place: Path) -> object:
    return RegistryHttp("example.com")._read_token(data)


class _TokenServer(RegistryHttp):
    def _exchange(self, *_asked: object, **_more: object) -> HttpAnswer:
        return HttpAnswer(200, {}, b'{"token": "x"}')


def _challenge(data: bytes, _place: Path) -> object:
    return _TokenServer("example.com", lambda _host: None)._authorize(data.decode("latin-1"), "scope")


def _refused(data: bytes, place: Path) -> object:
    from rajee_deploy.errors import DeployError

    try:
        return _challenge(data, place)
    except DeployError as error:
        return error


def _error_document(data: bytes, _place: Path) -> object:
    return _words(data), _codes(data)


def _known_images(data: bytes, place: Path) -> object:
    return KnownImages(_put(place, "verdicts.json", data)).find(Digest("sha256", "a" * 64), LINUX)


def _own_record(data: bytes, place: Path) -> object:
    _put(place, "c-1.record", data + b"\nbody")
    return LocalContents(place).get(Repository("team/app"), "c-1")


class _OneRecord:
    def __init__(self, data: bytes) -> None:
        self.document = _packed(data)

    def get(self, _repository: object, _tag: str) -> object:
        return self


def _shared_list(data: bytes, _place: Path) -> object:
    return proofs.find_list(_OneRecord(data), Repository("team/app"), {"schema": "x"})


def _contents(data: bytes, _place: Path) -> object:
    from rajee_deploy.build_record.decode import parse_contents

    contents = decode(RECORD_TAG, _packed(data))
    other = parse_contents(json.loads(RECORD))
    return [compare(*pair) for pair in ((contents, other), (other, contents))]


def _as_private(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "private": True}


RECORD_TAG = "c-" + "a" * 40
COPIED = '["COPY", "a", "b"]'
OLDER_RECORD = {
    "schema": "rajee-deploy.contents/1",
    "tag": RECORD_TAG,
    "digest": DIGEST,
    "scheme": "x",
    "precision": "exact",
    "private": True,
    "depth": None,
    "directories": [],
    "inputs": [
        {"name": "scheme", "value": "x"},
        {"name": "platform", "value": "linux/amd64"},
        {"name": "reference:from", "value": "base:1"},
        {"name": "instruction:0", "digest": f"sha256:{hashlib.sha256(COPIED.encode()).hexdigest()}"},
        {"name": "use:0", "value": json.dumps(["COPY", "", "/a", False, True, [], [], [], DIGEST])},
    ],
    "instructions": [{"canonical": COPIED, "text": "COPY a b", "line": 2}],
    "references": [{"role": "from", "text": "base:1", "line": 1}],
    "uses": [{"line": 2, "source": "a", "selects": json.dumps(["COPY", "", "/a", False, True, [], [], [], DIGEST])}],
    "entries": [
        {
            "path": "a",
            "kind": "file",
            "mode": "0644",
            "line": 2,
            "size": 3,
            "digest": "ab",
            "link": "",
            "withheld": False,
            "extra": "",
            "context": "",
        }
    ],
}
RECORD = _json(
    {
        **OLDER_RECORD,
        "schema": "rajee-deploy.contents/2",
        "uses": [{**OLDER_RECORD["uses"][0], "takes": [["", "a", False]], "alone": True}],
        "entries": [
            {"path": "a", "kind": "file", "mode": "0644", "size": 3, "record": "a" * 64, "withheld": False, "link": ""}
        ],
    }
)

# -- programs and the files of docker


def _docker_config(data: bytes, place: Path) -> object:
    return login._read(_put(place, "config.json", data)), ambient._document(place / "config.json")


def _metadata_file(data: bytes, place: Path) -> object:
    return _pushed_digest(_put(place, "metadata.json", data))


def _progress(data: bytes, _place: Path) -> object:
    progress = Progress(lambda _event: None)
    for line in data.decode("utf-8", "replace").split("\n"):
        progress.line(line)
    return progress.failure(), progress.ended_in_order


PROGRESS = _json(
    {
        "vertexes": [
            {
                "digest": DIGEST,
                "name": "[1/2] COPY",
                "started": "2026-01-01T00:00:00.1Z",
                "completed": "2026-01-01T00:00:01Z",
                "cached": True,
                "error": "",
            }
        ],
        "statuses": [{"vertex": DIGEST, "id": "x", "current": 1, "total": 2, "started": "2026-01-01T00:00:00Z"}],
        "logs": [{"vertex": DIGEST, "stream": 1, "data": "aGVsbG8=", "timestamp": "x"}],
        "warnings": [{"vertex": DIGEST}],
    }
)


def _image_config(data: bytes, _place: Path) -> object:
    from rajee_deploy.text.foreign import parse_json

    return config_of(parse_json(data))


# -- what we keep ourselves

RUN = {
    "schema": "rajee-deploy.run/1",
    "at": "2026-01-01T00:00:00+00:00",
    "project": "/p",
    "environment": "",
    "kind": "noop",
    "outcome": "done",
    "seconds": 1.5,
    "built": ["a"],
    "deployed": ["One"],
    "tags": {"a": "c-1"},
    "phases": [{"name": "x", "start": 0.0, "seconds": 0.5}],
    "error": "",
    "cause": "x",
    "id": "1f",
    "project_id": "2e",
    "revision": "3d",
    "committed": "2026-01-01T00:00:00+00:00",
    "reason": "x",
    "layers": {"a": "same"},
    "agreed": ["One"],
    "disagreed": ["Two"],
}
CHECK = {
    "schema": "rajee-deploy.check/1",
    "at": "2026-01-01T00:00:00+00:00",
    "id": "1f",
    "project": "/p",
    "project_id": "2e",
    "environment": "",
    "agreed": 1,
    "disagreed": 0,
}


def _others(data: bytes, place: Path) -> object:
    found = read_others([_put(place, "up.json", data), place])
    return figures(found.runs, checks=found.checks)


def _origin_of(data: bytes, place: Path) -> object:
    _put(place, ".git/HEAD", b"ref: refs/heads/main")
    for name in ("objects", "refs"):
        (place / ".git" / name).mkdir(exist_ok=True)
    _put(place, ".git/config", data)
    return find_project_id(place)


def _history(data: bytes, place: Path) -> object:
    runs, _ = History(_put(place, "history.jsonl", data)).runs()
    return figures(runs)


SECRETS = {
    "schema": "rajee-deploy.secret-values/1",
    "key": "00" * 32,
    "stacks": {"arn:1": {"since": "2026", "values": {"P": "a"}}},
}


def _secret_values(data: bytes, place: Path) -> object:
    from rajee_deploy.plan.state import StackPresent

    values = LocalSecretValues(_put(place, "secret-values.json", data).parent)
    state = StackPresent("UPDATE_COMPLETE", {}, {}, since="2026", identifier="arn:1")
    return values.compare(state, {"P": "x"}), values.knows(state)


def _cache_file(data: bytes, place: Path) -> object:
    """A cache that has the right seal, whatever it holds."""
    path = cache.file_for(place, "/p", "answers")
    start = cache._FORMAT + cache.frame([cache._about("/p")])
    whole = start + data
    _put(place, path.name, whole + hashlib.sha256(whole).digest())
    return cache.load(path, "/p"), Answers(place, "/p", 0)._old, _decode(data)


def _marker(data: bytes, place: Path) -> object:
    _put(place, ".rajee-deploy", data)
    _put(place, "history.jsonl", b"x")
    return listed_names(data), without_ours(place)


def _pointer(data: bytes, place: Path) -> object:
    return pointer_to(_put(place, "file", data))


# -- what stacks carry, and AWS's answers


def _carried(data: bytes, place: Path) -> object:
    found = carried_of({"Metadata": {"rajee-deploy": data.decode("utf-8", "replace")}})
    if found is None:
        return None
    images = image_inputs(from_document(found)[0].images, place, no_digests)
    return from_document(found), encode(found), list(images)


def _stack_record(data: bytes, _place: Path) -> object:
    return decoded_record(data.decode("utf-8", "replace"))


STACK_RECORD = {
    "schema": "rajee-deploy.stack/1",
    "tags": {"app": "c-1"},
    "infrastructure": "x",
    "template": "y",
    "revision": "z",
}


def _deployed_template(data: bytes, _place: Path) -> object:
    answers = json.loads(STACKS_ANSWER) | {"get_template": {"TemplateBody": _parsed_object(data)}}
    nested = AnsweredAws(_json({"get_template": answers["get_template"]}))
    return CloudFormation(AnsweredAws(_json(answers)), ["One"]).observe("One"), Services(nested)._declared("One")


def _two_templates(data: bytes, _place: Path) -> object:
    """The template as it is deployed, and as it is to be."""
    own, other = Side(_parsed_object(data), {"P": "x"}), Side(TEMPLATE_WITH_PERMISSIONS, {"P": "y"})
    found = [stack_changes(*sides, Specification()) for sides in ((own, other), (other, own))]
    return [([*details(each)], [*details(each, verbose=True)], [*map(document_of, each.resources)]) for each in found]


def _specification(data: bytes, place: Path) -> object:
    """As part of the list that a CDK CLI brings."""
    text = b'{"schema":{"resource":{"type":"entities","entities":[' + data + b']},"region":{"type":"entities"}}}'
    package = place / "node_modules" / "aws-cdk"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "2.1148.1"}')
    (package / "db.json.gz").write_bytes(gzip.compress(text))
    return read_specification(place, ["A::B::C"])


class AnsweredAws:
    """AWS, whose answers by operation stand in a document; each is what `Aws.ask` makes of it."""

    region = "us-east-1"

    def __init__(self, data: bytes) -> None:
        self._answers = _parsed_object(data)

    def ask(self, service: str, operation: str, _arguments: object, _expected: object = None, _region: str = "") -> Any:
        from rajee_deploy.aws.errors import unknown
        from rajee_deploy.aws.shaped import MisshapenError

        shape = _shape(service, operation)
        try:
            return with_shape(f"{service}:{operation}", _dated(self._answers.get(operation, {}), shape), shape)
        except MisshapenError as error:
            raise unknown(operation, str(error)) from error


_MODELS: dict[str, Any] = {}


def _shape(service: str, operation: str) -> Any:
    if service not in _MODELS:
        import botocore.session

        _MODELS[service] = botocore.session.get_session().get_service_model(service)
    return _MODELS[service].operation_model(operation.title().replace("_", "")).output_shape


def _dated(value: Any, shape: Any) -> Any:
    """JSON's numbers as botocore's dates, where the model has dates."""
    if shape is None:
        return value
    if shape.type_name == "timestamp" and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1e9:
        return datetime.fromtimestamp(value, UTC)
    if shape.type_name == "structure" and isinstance(value, dict):
        return {name: _dated(each, shape.members.get(name)) for name, each in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_dated(each, shape.member) for each in value]
    return value


SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"
TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:2"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0"
STACKS_ANSWER = _json(
    {
        "describe_stacks": {
            "Stacks": [
                {
                    "StackName": "One",
                    "StackStatus": "UPDATE_COMPLETE",
                    "StackId": "arn:1",
                    "CreationTime": 7,
                    "Parameters": [{"ParameterKey": "P", "ParameterValue": "x"}],
                    "Outputs": [{"OutputKey": "o", "OutputValue": "v"}],
                    "Tags": [{"Key": "k", "Value": "v"}],
                    "NotificationARNs": ["a"],
                    "EnableTerminationProtection": True,
                }
            ]
        },
        "get_template": {"TemplateBody": TEMPLATE},
    }
)
SERVICES_ANSWER = _json(
    {
        "list_stack_resources": {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": "A",
                    "PhysicalResourceId": SERVICE,
                    "ResourceType": "AWS::ECS::Service",
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": 1,
                }
            ]
        },
        "describe_services": {
            "services": [
                {
                    "serviceArn": SERVICE,
                    "serviceName": "api",
                    "status": "ACTIVE",
                    "clusterArn": "arn:c",
                    "taskDefinition": TASK,
                    "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 80}],
                    "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
                    "deploymentController": {"type": "ECS"},
                    "healthCheckGracePeriodSeconds": 1,
                    "deployments": [
                        {
                            "id": "d",
                            "status": "PRIMARY",
                            "taskDefinition": TASK,
                            "desiredCount": 2,
                            "pendingCount": 1,
                            "runningCount": 1,
                            "failedTasks": 1,
                            "rolloutState": "IN_PROGRESS",
                            "createdAt": 7,
                        }
                    ],
                    "taskSets": [{"id": "t", "status": "PRIMARY", "computedDesiredCount": 1}],
                    "events": [{"id": "e", "createdAt": 9, "message": "text"}],
                }
            ],
            "failures": [],
        },
        "list_service_deployments": {
            "serviceDeployments": [
                {"createdAt": 3, "status": "ROLLBACK_SUCCESSFUL", "targetServiceRevisionArn": "arn:r"}
            ]
        },
        "describe_service_revisions": {"serviceRevisions": [{"taskDefinition": TASK}]},
        "describe_task_definition": {
            "taskDefinition": {
                "taskDefinitionArn": TASK,
                "containerDefinitions": [
                    {"name": "api", "image": "x", "stopTimeout": 3, "healthCheck": {"command": ["x"], "interval": 5}}
                ],
            }
        },
        "describe_target_groups": {
            "TargetGroups": [{"TargetGroupArn": GROUP, "HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2}]
        },
        "describe_target_group_attributes": {
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
        },
        "describe_target_health": {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]},
        "list_tasks": {"taskArns": ["arn:t"]},
        "describe_tasks": {
            "tasks": [
                {
                    "taskArn": "arn:t",
                    "stoppedAt": 3,
                    "stoppedReason": "x",
                    "group": "service:api",
                    "containers": [{"name": "api", "exitCode": 1, "reason": "y"}],
                }
            ]
        },
        "describe_stack_events": {
            "StackEvents": [
                {
                    "StackId": "arn:1",
                    "EventId": "e",
                    "StackName": "One",
                    "Timestamp": 5,
                    "LogicalResourceId": "A",
                    "ResourceType": "t",
                    "ResourceStatus": "CREATE_COMPLETE",
                    "PhysicalResourceId": "p",
                }
            ]
        },
    }
)
IMAGES_ANSWER = _json(
    {
        "batch_get_image": {
            "images": [
                {
                    "imageId": {"imageTag": "c-1", "imageDigest": "sha256:" + hashlib.sha256(b"{}").hexdigest()},
                    "imageManifest": "{}",
                    "imageManifestMediaType": "x",
                }
            ],
            "failures": [{"imageId": {"imageTag": "c-2"}, "failureCode": "ImageNotFound", "failureReason": "r"}],
        },
        "describe_images": {"imageDetails": [{"imageTags": ["c-1"], "imageStatus": "ARCHIVED"}]},
        "describe_repositories": {
            "repositories": [
                {
                    "repositoryName": "a",
                    "repositoryUri": "u",
                    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                    "imageTagMutabilityExclusionFilters": [{"filter": "live-*"}],
                }
            ]
        },
        "get_authorization_token": {"authorizationData": [{"authorizationToken": "QVdTOng="}]},
    }
)


POLICY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["live-*"],
                "tagPrefixList": ["live-"],
                "storageClass": "standard",
                "countType": "imageCountMoreThan",
                "countNumber": 9,
            },
            "action": {"type": "expire"},
        }
    ]
}


def _stacks_answer(data: bytes, _place: Path) -> object:
    return CloudFormation(AnsweredAws(data), ["One"]).observe("One")


def _services_answer(data: bytes, _place: Path) -> object:
    from rajee_deploy.errors import DeployError
    from rajee_deploy.plan.state import StackPresent
    from rajee_deploy.rollout.standing import StackService

    aws, held, found = AnsweredAws(data), StackService(SERVICE, TASK, 1), []
    state = StackPresent("UPDATE_COMPLETE", {}, {}, services=declared_services(TEMPLATE))
    services, watching = Services(aws), Watching(aws)
    for ask in (
        lambda: services.services_of("One", state),
        lambda: services.services([held]),
        lambda: services.rolled_back(held),
        lambda: watching.events("One", 0.0),
        lambda: watching.services("One"),
        lambda: watching.service(SERVICE),
        lambda: watching.images(TASK),
        lambda: watching.settings(SERVICE),
    ):
        try:
            found.append(ask())
        except DeployError as error:  # of each by itself: the next is asked all the same
            found.append(error)
    return found


def _images_answer(data: bytes, _place: Path) -> object:
    from rajee_deploy.errors import DeployError

    aws = AnsweredAws(data)
    found = []
    for ask in (
        lambda: references("x", aws.ask("ecr", "batch_get_image", {}), ["c-1", "c-2"]),
        lambda: archived_image("x", aws.ask("ecr", "describe_images", {}), "c-1"),
        lambda: frozen("x", aws.ask("ecr", "describe_repositories", {}), "a", ["live-a"]),
        lambda: mutability("x", aws.ask("ecr", "describe_repositories", {}), "a"),
        lambda: image_tags("x", aws.ask("ecr", "describe_images", {}), "c-1"),
        lambda: access("a", aws.ask("ecr", "describe_repositories", {}), aws.ask("ecr", "get_authorization_token", {})),
    ):
        try:
            found.append(ask())
        except DeployError as error:
            found.append(error)
    return found


def _received(data: bytes, protocol: str) -> object:
    return examine({"body": data, "status_code": 200, "headers": {}}, protocol)


def _body(data: bytes, _place: Path) -> object:
    _shape("ecr", "batch_get_image")
    return _is_of(_MODELS["ecr"].operation_model("BatchGetImage"), data)


OLD = (ValueError,)  # what these readers promise, and their only callers catch


def _collected(data: bytes, _place: Path) -> object:
    return [_verdict(status, "application/json", data) for status in (200, 400)]


READERS: dict[str, Reader] = {
    "rajee-deploy.toml": Reader(SETTINGS, _settings),
    "pyproject.toml": Reader(b"[tool.rajee-deploy.images.app]\nrepository = 'a'\n[tool.x]\n", _project),
    "the Dockerfile": Reader(DOCKERFILE, _dockerfile),
    ".dockerignore": Reader(b"# x\n*.md\n!a/**/b\n/c\n[a-z]?\n", _rules),
    ".deployignore": Reader(b"# x\n*.md\n!a/**/b\n/c\n[a-z]?\n", _deployignore),
    "the lock": Reader(
        LOCK, lambda data, place: (read_lock(_put(place, "l", data)), parse_lock(data.decode("utf-8", "replace"), "l"))
    ),
    "cdk.json": Reader(
        _json({"app": "python3 app.py", "profile": "x", "tags": [{"Key": "a", "Value": "b"}]}), _cdk_json
    ),
    "cdk.json beside an assembly": Reader(_json({"tags": [{"Key": "a", "Value": "b"}]}), _assembly_config),
    "the CDK CLI's package.json": Reader(_json({"name": "aws-cdk", "version": "2.1"}), _cli),
    "the CDK CLI's own file": Reader(
        b'"cloud-assembly-schema/schema/version.json"(e){a:1,revision: 55}', _schema_of_cli
    ),
    "a lifecycle policy": Reader(_json(POLICY), lambda data, _place: parse_policy(data.decode()), (ValueError,)),
    "package.json": Reader(_json({"version": "1"}), _package),
    "package-lock.json": Reader(
        _json({"packages": {"node_modules/x": {"version": "1", "integrity": "s"}}}), _package_lock
    ),
    "RECORD": Reader(b"a/__init__.py,sha256=x,1\n../x,,\n", _record_of_packages),
    "pyvenv.cfg": Reader(b"home = /usr\nversion = 3.11\n", _pyvenv),
    "node_version.h": Reader(b"#define NODE_MAJOR_VERSION 18\n", _headers_of_node),
    "an assembly's manifest": Reader(_json(MANIFEST), lambda data, place: _assembly(place, manifest=data)),
    "an assembly's template": Reader(_json(TEMPLATE), _template),
    "an assembly's list of assets": Reader(_json(ASSETS), lambda data, place: _assembly(place, assets=data)),
    "what an assembly stages": Reader(_json(ASSETS), _staged),
    "the assets of an assembly that is adopted": Reader(_json(ASSETS), _adopted_list),
    "the template of an assembly that is adopted": Reader(_json(TEMPLATE_WITH_IMAGES), _adopted_template),
    "the depfile": Reader(_json(DEPFILE), _depfile),
    "a kept assembly's record": Reader(_json(STACKS), _store),
    "strace's log": Reader(STRACE, _strace, (BrokenLogError,)),
    "the app's own trace": Reader(TRACE, _trace),
    "a collector's answer": Reader(
        _json({"message": "no", "partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}), _collected
    ),
    "git's index": Reader(INDEX, _index),
    "git's HEAD": Reader(b"ref: refs/heads/main\n", partial(_head, "HEAD")),
    "git's packed refs": Reader(
        b"# pack-refs with: peeled\n" + b"a" * 40 + b" refs/heads/main\n", partial(_head, "packed-refs")
    ),
    "a base's manifest": Reader(_json(IMAGE), _base_manifest, OLD),
    "a base's index": Reader(_json(IMAGES), _base_manifest, OLD),
    "a base's configuration": Reader(_json(CONFIG), lambda data, _place: parse_config(data), OLD),
    "our image's manifest": Reader(_json(IMAGE), _own_manifest, OLD),
    "our image's index": Reader(_json(IMAGES), _own_manifest, OLD),
    "our image's configuration": Reader(_json(CONFIG), lambda data, _place: read_configuration(data), OLD),
    "a label": Reader(_json(CONFIG), _label_of),
    "the image of a label": Reader(_json(IMAGES), _children, OLD),
    "a record's manifest": Reader(
        _json(RECORD_IMAGE), _record_manifest, (KeyError, TypeError, ValueError, AttributeError)
    ),
    "an OCI layout": Reader(_json({"manifests": [{"digest": DIGEST, "annotations": {"a": "b"}}]}), _layout),
    "an image in a layout": Reader(_json(IMAGE_OF_LAYOUT), _layout_blob),
    "a token": Reader(_json({"token": "abc"}), _token),
    "a challenge": Reader(b'Bearer realm="https://auth.example.com/token",service="x",scope="y"', _challenge),
    "a challenge without an address": Reader(b'Bearer realm="https://[",service="x"', _refused),
    "a registry's error": Reader(_json(ERRORS), _error_document),
    "known images": Reader(_json({"schema": "x", "images": {"a": ["linux/amd64", "x"]}}), _known_images),
    "a record of this machine": Reader(_json({"a": "b"}), _own_record),
    "a shared list": Reader(_json(LIST), _shared_list),
    "a build record": Reader(RECORD, _contents),
    "a build record of an older release": Reader(_json(OLDER_RECORD), _contents),
    "docker's config.json": Reader(_json({"auths": {"x": {}}, "credsStore": "y"}), _docker_config, OLD),
    "buildx's metadata": Reader(_json({"containerimage.digest": DIGEST}), _metadata_file),
    "BuildKit's progress": Reader(PROGRESS, _progress),
    "an image's configuration of the engine": Reader(_json({"Env": ["A=b"], "OnBuild": ["x"]}), _image_config, OLD),
    "the history": Reader(_json(RUN), _history),
    "a check in the history": Reader(_json(CHECK), _history),
    "what up --json printed, of another machine": Reader(_json({"schema": "rajee-deploy.up/1", "run": RUN}), _others),
    "where a checkout came from": Reader(b'[core]\n[remote "origin"]\n\turl = git@github.com:a/b.git\n', _origin_of),
    "what is known of secret values": Reader(_json(SECRETS), _secret_values),
    "a cache of contexts": Reader(cache.frame([b"a", cache.frame([b"x", b"y"])]), _cache_file),
    "our marker": Reader(b"text\nhistory.jsonl\n", _marker),
    "a pointer of LFS": Reader(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 5\n", _pointer
    ),
    "a list that a stack carries": Reader(_json(LIST), _carried),
    "a list with images": Reader(_json(LIST_WITH_IMAGES), _carried),
    "a stack's record in SSM": Reader(_json(STACK_RECORD), _stack_record),
    "a deployed template": Reader(_json(TEMPLATE), _deployed_template, OLD),
    "two templates": Reader(_json(TEMPLATE_WITH_PERMISSIONS), _two_templates, OLD),
    "which properties replace": Reader(_json(SPECIFIED), _specification),
    "CloudFormation's answers": Reader(STACKS_ANSWER, _stacks_answer, OLD),
    "ECS's answers": Reader(SERVICES_ANSWER, _services_answer, OLD),
    "ECR's answers": Reader(IMAGES_ANSWER, _images_answer, OLD),
    "a frontend's name": Reader(_json({"syntax": "a/b:1"}), lambda data, _place: detect(data)),
    "kept shapes": Reader(
        _json({"ecr": {"metadata": {}, "operations": {}, "shapes": {}}}), lambda data, _: shapes_of(data)
    ),
    "kept answers of cdk.ignore": Reader(_json({"a/": True, "b": False}), lambda data, _place: _read_kept(data)),
    "kept services": Reader(_json([["arn", "task", 1, False, "c"]]), lambda data, _place: _parse_kept(data)),
    "the sandbox's note": Reader(
        _json({"pid": 1, "port": 2, "started": "x"}), lambda data, place: read_note(_put(place, "n", data))
    ),
    "a manifest that is pushed to the sandbox": Reader(
        _json(IMAGE), lambda data, _place: _parse_manifest(data), (OciError,)
    ),
    "properties of stacks": Reader(_json(MANIFEST), _properties_of),
    "an answer before it is parsed": Reader(
        _json({"images": []}), lambda data, _place: _received(data, "json"), (NotAnAnswerError,)
    ),
    "an XML answer before it is parsed": Reader(
        b"<a><b>x</b></a>", lambda data, _place: _received(data, "query"), (NotAnAnswerError,)
    ),
    "former inputs": Reader(
        _json({"schema": "rajee-deploy.infra-inputs/1", "app": "", "inputs": {"a": "b"}, "settings": {"a": "b"}}),
        lambda data, place: InputStore(_put(place, "inputs-" + "a" * 40 + ".json", data).parent).latest(),
    ),
    "a failed synth": Reader(
        _json({"schema": "rajee-deploy.failed-synth/1", "at": "2026-01-01T00:00:00+00:00"}),
        lambda data, place: last_failure(_put(place, FAILED, data).parent),
    ),
    "images of the app's own": Reader(
        _json({"dockerImages": {"a": {"source": {"dockerFile": "x"}, "displayName": "n"}}}),
        lambda data, place: images_of_cdk(_put(place, "One.assets.json", data).parent),
    ),
    "an answer's body": Reader(_json({"images": []}), _body, OLD),
    "a template in an answer": Reader(
        _json(TEMPLATE), lambda data, _place: _template_in(data.decode("utf-8", "replace"))
    ),
}
