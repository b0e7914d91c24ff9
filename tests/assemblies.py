"""Cloud assemblies made by hand, as a synth leaves them, and a CDK CLI that only copies one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_assembly(directory: Path, stacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Stacks by their ids (`Stage/Stack` lies in a nested assembly), each with `account`, `region`, `template`, and
    `images`: by hash the directory that is staged, and more keys of the source."""
    directory.mkdir(parents=True)
    artifacts: dict[str, Any] = {}
    stages: dict[str, dict[str, Any]] = {}
    for id_, stack in stacks.items():
        stage, _, rest = id_.partition("/")
        if rest:
            stages.setdefault(stage, {})[rest] = stack
        else:
            artifacts |= _artifacts(directory, id_, stack, above="")
    for stage, inside in stages.items():
        name = f"assembly-{stage}"
        (directory / name).mkdir()
        nested = {key: value for id_, stack in inside.items() for key, value in
                  _artifacts(directory / name, id_, stack, above=f"{stage}/").items()}  # fmt: skip
        (directory / name / "manifest.json").write_text(json.dumps({"artifacts": nested}))
        artifacts[name] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}}
    (directory / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": artifacts}))


def _artifacts(directory: Path, id_: str, stack: Mapping[str, Any], above: str) -> dict[str, Any]:
    images = {}
    for digest, (source, more) in stack.get("images", {}).items():
        staged = f"asset.{digest}"
        shutil.copytree(source, directory / staged, dirs_exist_ok=True)
        destination = {"repositoryName": "cdk-assets", "imageTag": digest}
        images[digest] = {
            "displayName": more.get("displayName", f"{id_}/Image"),
            "source": {"directory": staged, **{key: value for key, value in more.items() if key != "displayName"}},
            "destinations": {"here": destination},
        }
    (directory / f"{id_}.template.json").write_text(json.dumps(stack.get("template", {"Resources": {}})))
    (directory / f"{id_}.assets.json").write_text(json.dumps({"version": "48.0.0", "dockerImages": images}))
    account, region = stack.get("account", "unknown-account"), stack.get("region", "unknown-region")
    return {
        f"{id_}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{id_}.assets.json"}},
        id_: {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{account}/{region}",
            "dependencies": [f"{id_}.assets"],
            "displayName": f"{above}{id_}",
            "properties": {"templateFile": f"{id_}.template.json", "stackName": f"{above}{id_}".replace("/", "-")},
        },
    }


def install_copying_cli(app: Path, assembly: Path) -> None:
    """A CDK CLI of the app's own that gives this assembly, told `synth --quiet --output DIRECTORY`."""
    modules = app / "node_modules"
    (modules / "aws-cdk").mkdir(parents=True)
    (modules / "aws-cdk" / "package.json").write_text(json.dumps({"version": "2.1148.1"}))
    (modules / ".bin").mkdir()
    program = modules / ".bin" / "cdk"
    program.write_text(f'#!/bin/sh\ncp -r "{assembly}" "$4"\n')
    program.chmod(0o755)
