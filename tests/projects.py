"""A project with a CDK app and an image, driven through the shell against a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
from sandboxes import note_images_of

TOP = Path(__file__).parents[1]


class Project:
    """A project whose AWS is a sandbox."""

    def __init__(self, root: Path, cloud: dict[str, str]) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
        self.environment = {
            **kept,
            **cloud,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RAJEE_DEPLOY_STATE_DIR": str(root.parent / "state"),
            "RAJEE_DEPLOY_CACHE_DIR": str(root.parent / "cache"),
        }

    @classmethod
    def made(cls, root: Path, cloud: dict[str, str], app: str, settings: str) -> Project:
        """A CDK app in `cdk`, an image of one file, and the settings."""
        note_images_of(cloud["AWS_ENDPOINT_URL"])
        found = cls(root / "project", cloud)
        found.write("cdk/app.py", app)
        found.write("cdk/cdk.json", json.dumps({"app": f"{sys.executable} app.py", "versionReporting": False}))
        found.write("rajee-deploy.toml", settings)
        found.write("Dockerfile", "FROM scratch\nCOPY file /\n")
        found.write("file", "1")
        # Of what lies outside of a checkout other machines know nothing.
        (found.root / ".git").mkdir()
        for name in ("__init__.py", "cdk.py"):
            found.write(f"cdk/rajee_deploy/{name}", (TOP / "rajee_deploy" / name).read_text())
        (found.root / "node_modules").symlink_to(TOP / "infra" / "node_modules")
        return found

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, *words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            ["rajee-deploy", *words],
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == code, f"{words}\n{ended.stdout}\n{ended.stderr}"
        return ended

    def document(self, *words: str, **environment: str) -> dict:
        return json.loads(self.run(*words, "--json", **environment).stdout)

    def without_node(self) -> dict[str, str]:
        """Variables with which every start of node or an engine fails."""
        place = self.root.parent / "none"
        place.mkdir(exist_ok=True)
        for name in ("node", "npx", "docker"):
            (place / name).write_text("#!/bin/sh\nexit 1\n")
            (place / name).chmod(0o755)
        return {"PATH": f"{place}{os.pathsep}{self.environment['PATH']}", "DOCKER_HOST": "tcp://127.0.0.1:9"}

    def client(self, service: str, region: str = "us-east-1", **keys: str):
        own = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=self.environment["AWS_ENDPOINT_URL"], **own)

    def stacks(self, region: str = "us-east-1", **keys: str) -> dict[str, dict]:
        found = self.client("cloudformation", region, **keys).describe_stacks()["Stacks"]
        return {stack["StackName"]: stack for stack in found if stack["StackName"] != "CDKToolkit"}


def steps(document: dict) -> list[str]:
    return [f"{step['step']} {step.get('image') or step.get('stack')}" for step in document["steps"]]
