"""Files that travel with the code: what builds ignore, which CDK CLI is pinned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

TOP = Path(__file__).parents[2]
INFRA = TOP / "infra"


@pytest.fixture(scope="module")
def ignored():
    return GitIgnoreSpec.from_lines((TOP / ".deployignore").read_text().splitlines()).match_file


def test_what_the_dockerfile_copies_is_kept(ignored):
    dockerfile = (INFRA / "raja_poc" / "assets" / "envoy" / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!.*--from)(?:--\S+ )*(\S+) \S+$", dockerfile, re.MULTILINE)
    assert len(copied) == 2
    assert [path for path in copied if ignored(path) or not (TOP / path).is_file()] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        ".venv/bin/python",
        "rajee_deploy/__pycache__/model.cpython-311.pyc",
        "infra/node_modules/aws-cdk/package.json",
        "infra/cdk.out/manifest.json",
        ".idea/workspace.xml",
        "docs/index.md",
        "README.md",
        "specs/one.md",
        "tests/infra/conftest.py",
        ".ci/machine",
        "infra/notes.tmp",
        "infra/.env",
    ],
)
def test_what_no_image_needs_is_ignored(ignored, path):
    assert ignored(path)


def test_the_cdk_cli_is_pinned_exactly():
    """The release that npm calls the latest, 3.0.0, is an accident that cannot read today's assemblies."""
    wanted = json.loads((INFRA / "package.json").read_text())["devDependencies"]["aws-cdk"]
    locked = json.loads((INFRA / "package-lock.json").read_text())["packages"]
    assert (wanted, locked["node_modules/aws-cdk"]["version"]) == ("2.1148.1", "2.1148.1")


def test_the_lock_file_names_no_registry():
    lock = (INFRA / "package-lock.json").read_text()
    assert "integrity" in lock
    assert "resolved" not in lock
    assert "://" not in lock
