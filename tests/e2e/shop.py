"""A repository with a CDK app of one image, as its owners wrote it: what `init` is tried on, and shown with."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_APP = """
import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as assets, aws_ecs as ecs

app = cdk.App()
stack = cdk.Stack(app, "Shop")
image = assets.DockerImageAsset(stack, "Web", directory="..", exclude=["infra", "node_modules"])
ecs.CfnTaskDefinition(
    stack, "Task", family="shop",
    container_definitions=[{"name": "app", "image": image.image_uri, "memory": 64}],
)
app.synth()
"""


def write_shop(root: Path) -> None:
    """Write it below `root`, which may be there."""
    texts = {
        "infra/cdk.json": json.dumps({"app": f"{sys.executable} app.py"}),
        "infra/app.py": _APP,
        "Dockerfile": "FROM scratch\nCOPY . /srv\n",
        "app.py": "print(1)\n",
        "README.md": "# Shop\n",
        "docs/index.md": "hello\n",
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
