"""Small cloud assemblies with docker image assets, as aws-cdk-lib writes them: stacks, nested ones and stages."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from rajee_deploy.synth.image_assets import image_assets

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.synth.image_assets import ImageAsset

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds-image-publishing-role-${AWS::AccountId}"
SCHEMA = "55.0.0"


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def address(tag: str) -> dict[str, str]:
    """As a template names an image."""
    return {"Fn::Sub": f"${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/{REPOSITORY}:{tag}"}


def task(*tags: str) -> dict[str, Any]:
    containers = [{"Name": f"c{number}", "Image": address(tag)} for number, tag in enumerate(tags)]
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": containers}}


def function(tag: str, staged: str = "", **more: Any) -> dict[str, Any]:
    found = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ImageUri": address(tag)}, **more}}
    return found | ({"Metadata": {"aws:asset:path": staged or f"asset.{tag}"}})


def version(of: str) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": of}}}


class Assembly:
    """A directory in which stacks are put one by one; `prefix` goes before each image's tag (dockerTagPrefix)."""

    def __init__(self, root: Path, *, within: Path | None = None, schema: str = SCHEMA, prefix: str = "") -> None:
        self.root, self.top, self.schema, self.prefix = root, within or root, schema, prefix
        root.mkdir()
        self.artifacts: dict[str, Any] = {}
        self._write("manifest.json", {"version": schema, "artifacts": self.artifacts})

    def stage(self, name: str) -> Assembly:
        """The assembly of a stage, inside."""
        properties = {"directoryName": f"assembly-{name}", "displayName": name}
        self.artifacts[f"assembly-{name}"] = {"type": "cdk:cloud-assembly", "properties": properties}
        self._write("manifest.json", {"version": self.schema, "artifacts": self.artifacts})
        return Assembly(self.root / f"assembly-{name}", within=self.top, schema=self.schema)

    def context(self, **files: str) -> str:
        """Stage a build context; the CDK's hash of it."""
        found = sha256(json.dumps(sorted(files.items())))
        directory = self.top / f"asset.{found}"
        if not directory.exists():
            directory.mkdir()
            for name, text in {"Dockerfile": "FROM scratch\nCOPY app /\n", "app": "1", **files}.items():
                (directory / name).write_text(text)
        return found

    def image(self, found: str, shown: str = "", **source: Any) -> dict[str, Any]:
        """An entry of a list."""
        up = "../" if self.root != self.top else ""
        where = {"repositoryName": REPOSITORY, "imageTag": self.prefix + found, "assumeRoleArn": ROLE}
        told = {"displayName": shown} if shown else {}
        source = {"directory": f"{up}asset.{found}", **source}
        return {**told, "source": source, "destinations": {"current_account-current_region": where}}

    def stack(
        self,
        name: str,
        template: dict[str, Any],
        images: dict[str, Any],
        *,
        nested: dict[str, dict[str, Any]] | None = None,
        files: dict[str, Any] | None = None,
        **properties: Any,
    ) -> None:
        """Add a stack. `nested` are templates by file; a template names one as `NESTED:<file>`, inner ones first."""
        keys: dict[str, str] = {}
        listed = dict(files or {})
        for path, inner in (nested or {}).items():
            keys[path] = self._file(listed, path, _with_keys(inner, keys))
        key = self._file(listed, f"{name}.template.json", _with_keys(template, keys))
        document = {"version": self.schema, "files": listed, "dockerImages": images}
        self._write(f"{name}.assets.json", document)
        self.artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
        self.artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": f"{name}.template.json",
                "stackTemplateAssetObjectUrl": f"s3://{BUCKET}/{key}.json",
                **properties,
            },
            "dependencies": [f"{name}.assets"],
            "displayName": name,
        }
        self._write("manifest.json", {"version": self.schema, "artifacts": self.artifacts})

    def _file(self, listed: dict[str, Any], path: str, template: dict[str, Any]) -> str:
        text = json.dumps(template, indent=1)
        (self.root / path).write_text(text)
        key = sha256(text)
        listed[key] = {
            "source": {"path": path, "packaging": "file"},
            "destinations": {"current_account-current_region": {"bucketName": BUCKET, "objectKey": f"{key}.json"}},
        }
        return key

    def _write(self, name: str, document: Any) -> None:
        (self.root / name).write_text(json.dumps(document, indent=1))

    def read(self, name: str) -> Any:
        return json.loads((self.root / name).read_text())

    def template(self, name: str) -> Any:
        return self.read(f"{name}.template.json")

    def assets(self) -> dict[str, ImageAsset]:
        """What the assembly is read as, by name."""
        return {each.name: each for each in image_assets(self.root)}

    def uploads(self, name: str) -> dict[str, str]:
        """Which file is uploaded under which key."""
        listed = self.read(f"{name}.assets.json")["files"].values()
        return {
            where["objectKey"]: file["source"]["path"] for file in listed for where in file["destinations"].values()
        }

    def check_uploads(self, name: str) -> None:
        """What CloudFormation fetches is what lies here, under the name of its content, all the way down."""
        uploads = self.uploads(name)
        for key, path in uploads.items():
            if path.endswith(".template.json"):
                assert key == f"{sha256((self.root / path).read_bytes())}.json", path
        url = self.read("manifest.json")["artifacts"][name]["properties"]["stackTemplateAssetObjectUrl"]
        assert uploads[url.removeprefix(f"s3://{BUCKET}/")] == f"{name}.template.json"
        for path in uploads.values():
            for each in self.read(path).get("Resources", {}).values() if path.endswith(".template.json") else ():
                if each["Type"] == "AWS::CloudFormation::Stack":
                    fetched = each["Properties"]["TemplateURL"]["Fn::Join"][1][-1].removeprefix("/")
                    assert uploads[fetched] == each["Metadata"]["aws:asset:path"]


def inner_stack(path: str) -> dict[str, Any]:
    """A nested stack, as its parent's template has it."""
    return {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, f"/NESTED:{path}"]]}},
        "Metadata": {"aws:asset:path": path},
    }


def _with_keys(template: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(template)
    for path, key in keys.items():
        text = text.replace(f"NESTED:{path}", f"{key}.json")
    found: dict[str, Any] = json.loads(text)
    return found


def tag_of(asset: ImageAsset) -> str:
    """Stands for a fingerprint: of what a Dockerfile with `COPY app /` reads."""
    content = (asset.directory / "app").read_text() if asset.directory.is_dir() else "none"
    return "c-" + sha256(content + json.dumps(sorted(asset.build_args.items())))[:40]
